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

from okr_models.words.numbers import Language
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, FailedLoad, LoadUnderWay, ObjectiveRow
from pipelines.exports.reader import Reader
from pipelines.exports.standing import Standing, reason_of, standing_of
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
        "no_objectives": "Klientfilen har inga mål än: nyckeltalen samlas in, men inga framsteg finns att visa.",
        "nothing_then": "Till och med den dagen var inget beräknat.",
        "now": "Nu / mål",
        "progress": "Framsteg",
        "status": "Status",
        "key_result": "Nyckelresultat",
        "objective": "Mål",
        "data_through": "data t.o.m. {day}",
        "no_data": "ingen siffra än",
        "estimated": "delvis uppskattat",
        "expected": "borde vara {share} nu",
        "range": "spann {span}",
        "deciding": "avgörande: {title}",
        "worst": "sämst: {title}",
        "stretch": "sträckmål",
        "cure": "åtgärd: {what}",
        "coverage": "{share} av vikten kan bedömas",
        "failed": "Senaste läsningen misslyckades",
        "loading": "{source}: {loaded} av {whole} dagar inlästa",
        "night_left": "klart om ungefär en natt",
        "nights_left": "klart om ungefär {count} nätter",
        "since": "{source}/{stream} ({error}, {day})",
    },
    "en": {
        "as_of": "As of {day}",
        "nothing": "Nothing is computed yet. Run okr run; okr doctor tells what is missing.",
        "no_objectives": "The client file has no objectives yet: KPIs are gathered, and there is no progress to show.",
        "nothing_then": "Nothing was computed up to that day.",
        "now": "Now / target",
        "progress": "Progress",
        "status": "Status",
        "key_result": "Key result",
        "objective": "Objective",
        "data_through": "data through {day}",
        "no_data": "no figure yet",
        "estimated": "partly estimated",
        "expected": "should be {share} by now",
        "range": "span {span}",
        "deciding": "decides: {title}",
        "worst": "worst: {title}",
        "stretch": "stretch",
        "cure": "to do: {what}",
        "coverage": "{share} of the weight can be judged",
        "failed": "Last read failed",
        "loading": "{source}: {loaded} of {whole} days loaded",
        "night_left": "done in about one night",
        "nights_left": "done in about {count} nights",
        "since": "{source}/{stream} ({error}, {day})",
    },
}


def status_table(
    statuses: Sequence[ClientStatus],
    *,
    readers: Mapping[str, Reader] | None = None,
    audience: Literal["board", "team"] = "team",
    width: int = 80,
    colour: bool = False,
) -> str:
    """The status of one or more clients as text no wider than ``width``; plain ASCII escapes only with ``colour``.

    ``readers`` by client slug, from the client files; a client without one is called by its slug, in Swedish.
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
        reader = (readers or {}).get(status.client) or Reader(client=status.client, name=status.client)
        for part in _ClientLines(status, reader).of(audience, columns):
            console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n" if statuses else ""


class _ClientLines:
    """One client's lines."""

    def __init__(self, status: ClientStatus, reader: Reader) -> None:
        self.status, self.reader = status, reader
        self.speech, self.text = reader.speech, TEXT[reader.speech.language]

    def of(self, audience: str, columns: int) -> list[RenderableType]:
        as_of = self.text["as_of"].format(day=self.speech.day(self.status.as_of)) if self.status.as_of else ""
        lines: list[RenderableType] = [Text.assemble((plain(self.reader.name), "bold"), "  ", (as_of, "dim"))]
        if not self.status.objectives:
            nothing = "nothing_then" if self.status.is_past else "nothing"
            lines.append(Text(self.text["no_objectives" if self.reader.judges_nothing(self.status) else nothing]))
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
            lines += self._objective_notes(row, names_results=False)
        return lines

    def _team(self, objective: ObjectiveRow, columns: int) -> list[RenderableType]:
        lines: list[RenderableType] = [Text(""), self._objective_line(objective, columns)]
        lines += self._objective_notes(objective)
        header = (self.text["key_result"], self.text["now"], self.text["progress"])
        lines.append(self._grid(columns, header, "dim", indent=2))
        for row in self.status.of(objective.objective_id):
            said = standing_of(row, self.reader)
            progress = self.speech.percent(row.raw_progress, beside=said.due)
            cells = (said.title(), " / ".join(said.figures()), progress)
            lines.append(self._grid(columns, cells, "", row.status, indent=2, stretch=row.ambition == "stretch"))
            lines += [Padding(Text(note, "dim"), (0, 0, 0, 4)) for note in self._key_result_notes(said) if note]
        return lines

    def _grid(
        self,
        columns: int,
        cells: tuple[str, str, str],
        style: str,
        status: str | None = None,
        *,
        indent: int = 0,
        stretch: bool = False,
    ) -> RenderableType:
        """Fixed columns, so that lines of several grids stand under each other."""
        grid = Table.grid(padding=(0, 1))
        now, way, word = 20, 8, 20
        named = columns - now - way - word - 3
        grid.add_column(width=named, overflow="fold")
        grid.add_column(width=now, justify="right", overflow="fold")
        grid.add_column(width=way, justify="right")
        grid.add_column(width=word, no_wrap=True)
        shown = Text(self.text["status"], "dim") if status is None else self._status(status)
        if stretch:
            shown.append(f"\n  {self.text['stretch']}", "dim")
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

    def _objective_notes(self, row: ObjectiveRow, *, names_results: bool = True) -> list[RenderableType]:
        """Why it stands there and where it is likely to end; what decides, what is worst, whose it is."""
        results = self.status.of(row.objective_id)
        reason = reason_of(row, results, self.reader, speech=self.speech)
        lines = [f"{reason[:1].upper()}{reason[1:]}." if reason else "", self._objective_facts(row)]
        if names_results and row.status not in {"achieved", "too_early"}:
            lines.insert(1, self._decided_by(row))
        return [Padding(Text(line, "dim"), (0, 0, 0, 2)) for line in lines if line]

    def _decided_by(self, row: ObjectiveRow) -> str:
        titles = {
            result.key_result_id: plain(standing_of(result, self.reader).title(), limit=60)
            for result in self.status.of(row.objective_id)
        }
        keys = [("deciding", row.deciding_key_result)]
        if row.weakest_key_result != row.deciding_key_result:
            keys.append(("worst", row.weakest_key_result))
        return " · ".join(self.text[word].format(title=titles.get(key, key)) for word, key in keys if key)

    def _objective_facts(self, row: ObjectiveRow) -> str:
        parts, speech = [], self.speech
        is_fine = row.status in {"on_track", "achieved"} and (row.progress or 0.0) < (row.expected_progress or 0.0)
        if row.progress is not None and row.expected_progress is not None and not is_fine:
            parts.append(self.text["expected"].format(share=speech.percents(row.progress, row.expected_progress)[1]))
        low, high = row.progress_low, row.progress_high
        if low is not None and high is not None and speech.percent(low) != speech.percent(high):
            parts.append(self.text["range"].format(span=speech.range(low, high, "share")))
        if row.coverage is not None and row.coverage < 1 and row.status != "cannot_be_judged":
            parts.append(self.text["coverage"].format(share=speech.percent(row.coverage)))
        parts += [plain(part, limit=60) for part in (row.team, row.owner) if part]
        return " · ".join(parts)

    def _key_result_notes(self, said: Standing) -> list[str]:
        """What the figure is made of, the forecast, why it stands there, and what is to be known of the data."""
        row = said.row
        through = self.text["data_through"].format(day=self.speech.short_day(row.data_through))
        facts = [through if row.data_through else self.text["no_data"]]
        if row.is_estimated:
            facts.append(self.text["estimated"])
        facts += [plain(note, limit=300) for note in said.notes()]
        facts += [self.text["cure"].format(what=what) for what in said.cures()]
        why = f"{plain(row.explanation, limit=400)} " if row.explanation else ""
        people = self.status.said.get((row.objective_id, row.key_result_id), "")
        return [said.basis(), said.outlook(), f"{why}({' · '.join(facts)})", people]

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
