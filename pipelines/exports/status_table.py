"""Progress as a table for a terminal: readable at 80 columns, without colour, in the client's language.

What belongs here: laying rows out as text. What does not: reading them (``published.py``) and their words
(``words.py``).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okr_models.words.numbers import Language, Speech
from pipelines.exports.plain import is_said, plain
from pipelines.exports.published import ClientStatus, FailedLoad, KeyResultRow, LoadUnderWay, ObjectiveRow
from pipelines.exports.words import WORST_FIRST, status_icon, status_word

NARROWEST, WIDEST = 60, 120
BAR_CELLS = 10
STYLES = {
    "achieved": "bold green",
    "on_track": "green",
    "at_risk": "yellow",
    "off_track": "red",
    "out_of_reach": "bold red",
    "too_early": "dim",
    "cannot_be_judged": "dim",
}
TEXT: dict[Language, dict[str, str]] = {
    "sv": {
        "as_of": "Läget {day}",
        "nothing": "Inget är beräknat än. Kör okr run; okr doctor säger vad som saknas.",
        "now": "Nu / mål",
        "progress": "Väg",
        "status": "Status",
        "key_result": "Nyckelresultat",
        "objective": "Mål",
        "data_through": "data t.o.m. {day}",
        "no_data": "ingen siffra än",
        "estimated": "delvis skattat",
        "range": "{low} till {high}",
        "weakest": "svagast: {title}",
        "coverage": "{share} av vikten kan bedömas",
        "failed": "Senaste läsningen misslyckades",
        "loading": "{source}: {loaded} av {whole} dagar inlästa",
        "night_left": "klart om ungefär en natt",
        "nights_left": "klart om ungefär {count} nätter",
        "since": "{source}/{stream} ({error}, {day})",
        "probability": "sannolikhet {share}",
    },
    "en": {
        "as_of": "As of {day}",
        "nothing": "Nothing is computed yet. Run okr run; okr doctor tells what is missing.",
        "now": "Now / target",
        "progress": "Way",
        "status": "Status",
        "key_result": "Key result",
        "objective": "Objective",
        "data_through": "data through {day}",
        "no_data": "no figure yet",
        "estimated": "partly estimated",
        "range": "{low} to {high}",
        "weakest": "weakest: {title}",
        "coverage": "{share} of the weight can be judged",
        "failed": "Last read failed",
        "loading": "{source}: {loaded} of {whole} days loaded",
        "night_left": "done in about one night",
        "nights_left": "done in about {count} nights",
        "since": "{source}/{stream} ({error}, {day})",
        "probability": "probability {share}",
    },
}


def status_table(
    statuses: Sequence[ClientStatus],
    *,
    names: Mapping[str, str] | None = None,
    speeches: Mapping[str, Speech] | None = None,
    audience: Literal["board", "team"] = "team",
    width: int = 80,
    colour: bool = False,
) -> str:
    """The status of one or more clients as text no wider than ``width``; plain ASCII escapes only with ``colour``.

    ``names`` and ``speeches`` by client slug, from the client files; without them the slug and Swedish.
    """
    columns = max(NARROWEST, min(width, WIDEST))
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for index, status in enumerate(statuses):
        if index:
            console.print()
        speech = (speeches or {}).get(status.client, Speech("sv"))
        for part in _ClientLines(status, name=(names or {}).get(status.client, status.client), speech=speech).of(
            audience, columns
        ):
            console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n" if statuses else ""


class _ClientLines:
    """One client's lines."""

    def __init__(self, status: ClientStatus, *, name: str, speech: Speech) -> None:
        self.status, self.name, self.speech, self.text = status, name, speech, TEXT[speech.language]

    def of(self, audience: str, columns: int) -> list[RenderableType]:
        as_of = self.text["as_of"].format(day=self.speech.day(self.status.as_of)) if self.status.as_of else ""
        lines: list[RenderableType] = [Text.assemble((plain(self.name), "bold"), "  ", (as_of, "dim"))]
        if not self.status.objectives:
            lines.append(Text(self.text["nothing"]))
        elif audience == "board":
            lines += self._board(columns)
        else:
            for objective in self.status.objectives:
                lines += self._team(objective, columns)
        if self.status.failed_loads:
            lines.append(Text(f"{self.text['failed']}: {self._failures()}", "yellow"))
        lines += [Text(self._loading(load), "dim") for load in self.status.loading]
        return lines

    def _board(self, columns: int) -> list[RenderableType]:
        lines: list[RenderableType] = [self._grid(columns, (self.text["objective"], "", self.text["progress"]), "dim")]
        for row in sorted(self.status.objectives, key=lambda r: (_rank(r.status), r.objective_id)):
            lines.append(self._objective_line(row, columns))
            lines.append(Padding(Text(self._objective_note(row, names_weakest=False), "dim"), (0, 0, 0, 2)))
        return lines

    def _team(self, objective: ObjectiveRow, columns: int) -> list[RenderableType]:
        lines: list[RenderableType] = [Text(""), self._objective_line(objective, columns)]
        lines.append(Padding(Text(self._objective_note(objective), "dim"), (0, 0, 0, 2)))
        header = (self.text["key_result"], self.text["now"], self.text["progress"])
        lines.append(self._grid(columns, header, "dim", indent=2))
        for row in self.status.of(objective.objective_id):
            figures = self.speech.pair(row.current, row.target, row.unit)
            cells = (plain(row.title), " / ".join(figures), self.speech.percent(row.raw_progress))
            lines.append(self._grid(columns, cells, "", row.status, indent=2))
            lines.append(Padding(Text(self._key_result_note(row), "dim"), (0, 0, 0, 4)))
        return lines

    def _grid(
        self, columns: int, cells: tuple[str, str, str], style: str, status: str | None = None, *, indent: int = 0
    ) -> RenderableType:
        """Fixed columns, so that lines of several grids stand under each other."""
        grid = Table.grid(padding=(0, 1))
        now, way, word = 20, 7, 20
        named = columns - now - way - word - 3
        grid.add_column(width=named, overflow="fold")
        grid.add_column(width=now, justify="right", overflow="fold")
        grid.add_column(width=way, justify="right")
        grid.add_column(width=word, no_wrap=True)
        shown = Text(self.text["status"], "dim") if status is None else self._status(status)
        title, figures, progress = cells
        # a long title has its own line, whole, so that it can be read and searched for
        above = indent + cell_len(title) > named
        name = Padding(Text("" if above else title, style), (0, 0, 0, indent))
        grid.add_row(name, Text(figures, style), Text(progress, style), shown)
        return Group(Padding(Text(title, style), (0, 0, 0, indent)), grid) if above else grid

    def _objective_line(self, row: ObjectiveRow, columns: int) -> RenderableType:
        filled = round((row.progress or 0.0) * BAR_CELLS)
        bar = "█" * filled + "░" * (BAR_CELLS - filled) if row.progress is not None else ""
        return self._grid(columns, (plain(row.title), bar, self.speech.percent(row.progress)), "bold", row.status)

    def _objective_note(self, row: ObjectiveRow, *, names_weakest: bool = True) -> str:
        parts = []
        low, high = self.speech.percent(row.progress_low), self.speech.percent(row.progress_high)
        if row.progress_low is not None and low != high:
            parts.append(self.text["range"].format(low=low, high=high))
        if row.coverage is not None and row.coverage < 1:
            parts.append(self.text["coverage"].format(share=self.speech.percent(row.coverage)))
        titles = {result.key_result_id: result.title for result in self.status.of(row.objective_id)}
        if names_weakest and row.weakest_key_result and row.status not in {"achieved", "too_early"}:
            weakest = plain(titles.get(row.weakest_key_result, row.weakest_key_result), limit=60)
            parts.append(self.text["weakest"].format(title=weakest))
        parts += [plain(part, limit=60) for part in (row.team, row.owner) if part]
        return " · ".join(parts)

    def _key_result_note(self, row: KeyResultRow) -> str:
        through = self.text["data_through"].format(day=self.speech.short_day(row.data_through))
        parts = [through if row.data_through else self.text["no_data"]]
        if row.probability is not None and 0 < row.probability < 1:
            chance = self.text["probability"].format(share=self.speech.percent(row.probability))
            parts[:0] = [] if is_said(chance, row.explanation) else [chance]
        if row.is_estimated:
            parts.append(self.text["estimated"])
        parts += [plain(note, limit=300) for note in row.notes if not is_said(note, row.explanation)]
        facts = " · ".join(parts)
        return f"{plain(row.explanation, limit=300)} ({facts})" if row.explanation else facts

    def _status(self, status: str) -> Text:
        return Text(f"{status_icon(status)} {status_word(status, self.speech)}", STYLES.get(status, ""))

    def _loading(self, load: LoadUnderWay) -> str:
        said = self.text["loading"].format(source=plain(load.title), loaded=load.loaded_days, whole=load.all_days)
        if load.nights is None:
            return said
        left = self.text["night_left" if load.nights == 1 else "nights_left"].format(count=load.nights)
        return f"{said}, {left}"

    def _failures(self) -> str:
        def one(load: FailedLoad) -> str:
            when = self.speech.short_day(load.day)
            return self.text["since"].format(
                source=plain(load.source), stream=plain(load.stream), error=load.error_class or "?", day=when
            )

        return ", ".join(one(load) for load in self.status.failed_loads)


def _rank(status: str) -> int:
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0
