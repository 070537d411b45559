"""The agency's page: every objective and key result of every client, worst first, sortable.

What belongs here: those tables and the forecasts' record over all clients. What does not: a client's own page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb

from okr_models.client.model import Client
from okr_models.words.numbers import Language, Speech
from pipelines.exports import standing
from pipelines.exports.csvs import Audience
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, KeyResultRow, ObjectiveRow, read_status
from pipelines.exports.reader import Reader, reader_of, told_apart
from pipelines.exports.report import evidence as below
from pipelines.exports.report import queries
from pipelines.exports.report.messages import message
from pipelines.exports.report.page import write_page
from pipelines.exports.report.results import GOOD, UNJUDGED, Badge, badge, expected_now, rank, tally

NOTHING_YET = 3
"""Where a client without any figure stands among the statuses: with those that can't be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One objective, or a client with none. ``…_order`` is what a column sorts by; empty sorts last."""

    client: str
    href: str
    label: str
    objective: str
    reason: str
    decided_by: tuple[str, ...]
    badge: Badge | None
    rank: int
    progress: str
    expected: str
    filled: float
    tick: float | None
    low: float
    high: float
    has_span: bool
    progress_order: float | None
    tally: tuple[tuple[Badge, int], ...]
    need_help: float | None
    coverage: str
    coverage_order: float | None
    as_of: str
    as_of_order: str
    failures: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One key result among all clients'."""

    client: str
    href: str
    label: str
    title: str
    cures: tuple[str, ...]
    badge: Badge
    rank: int
    now: str
    target: str
    way: str
    way_order: float | None
    expected: str
    expected_order: float | None
    probability: str
    probability_full: str
    probability_order: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """How one client's forecasts turned out."""

    client: str
    count: int
    said: str
    came: str
    brier: str
    brier_order: float
    inside: str


def render_agency(
    con: duckdb.DuckDBPyConnection,
    clients: Sequence[Client | Reader],
    folder: Path,
    *,
    language: Language | None = None,
    as_of: date | None = None,
    restated: bool = False,
    link: str = "../{client}/report.html",
    audience: Audience | None = None,
    held: Mapping[str, str] | None = None,
    unwritten: Collection[str] = (),
) -> Path:
    """Write ``folder/report.html`` over all clients, in ``language`` or the one most of them have.

    ``link``: where each client's own page is, seen from ``folder``. ``audience="board"`` names no key result.
    ``held``: clients whose figures or files are those of an earlier night, each with the reason; of those ``unwritten``
    it is the files alone.
    """
    readers = told_apart([reader_of(client) if isinstance(client, Client) else client for client in clients])
    speech = Speech(language or language_of_most(readers))
    statuses = [(reader, read_status(con, reader.client, as_of=as_of, restated=restated)) for reader in readers]
    with_results = audience != "board"
    nights = [status.as_of for _, status in statuses if status.as_of]
    newest = max(nights, default=None)
    rows: list[AgencyRow] = []
    lines: list[ResultLine] = []
    for reader, status in statuses:
        page = _Page(reader=reader, speech=speech, href=link.format(client=quote(reader.client, safe="")))
        streams = below.failed_streams(queries.sources_of(con, reader.client, as_of=as_of))
        said = [message("failed_short", speech, streams=streams)] if streams else []
        if held and reader.client in held:
            what = "files_held_back" if reader.client in unwritten else "held_back"
            said.append(message(what, speech, reason=plain(held[reader.client], limit=200)))
        elif status.as_of and status.as_of != newest:
            said.append(message("stale", speech, day=speech.day(status.as_of)))
        failures = ". ".join(said)
        rows += [
            _row(page, objective, status, failures=failures, with_results=with_results)
            for objective in status.objectives or (None,)
        ]
        if with_results:
            lines += [_line(page, result) for result in status.key_results]
    judged = [row for row in rows if row.badge is not None]
    worry = sum(row.badge.status not in GOOD | UNJUDGED for row in judged if row.badge)
    values: dict[str, object] = {
        "rows": sorted(
            rows, key=lambda row: (row.rank, row.progress_order or 0.0, row.client.casefold(), row.objective)
        ),
        "lines": sorted(lines, key=lambda line: (line.rank, line.way_order or 0.0, line.client.casefold(), line.title)),
        "with_results": with_results,
        "tally": tally([result for _, status in statuses for result in status.key_results], speech),
        "client_count": len(readers),
        "as_of": speech.long_day(newest) if newest else "",
        "headline": _headline(worry, len(judged), speech),
        "scores": below.scores(queries.scores_of(con, None, as_of=as_of), speech),
        "owner_scores": below.owner_scores(queries.owner_scores_of(con, None, as_of=as_of), speech),
        "record": _record(con, readers, speech, as_of=as_of),
    }
    return write_page(folder / "report.html", "agency.html.j2", speech=speech, values=values)


def language_of_most(readers: Sequence[Reader]) -> Language:
    """The language that most clients have; Swedish where they are as many."""
    return "en" if sum(reader.speech.language == "en" for reader in readers) * 2 > len(readers) else "sv"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A client as a link."""

    reader: Reader
    speech: Speech
    href: str

    @property
    def name(self) -> str:
        return plain(self.reader.name, limit=60)

    @property
    def label(self) -> str:
        return message("open_report", self.speech, name=self.name)


def _headline(worry: int, judged: int, speech: Speech) -> str:
    if not judged:
        return message("headline_none", speech)
    if not worry:
        return message("agency_fine", speech)
    return message("agency_headline_1" if worry == 1 else "agency_headline", speech, worry=worry, all=judged)


def _row(
    page: _Page, objective: ObjectiveRow | None, status: ClientStatus, *, failures: str, with_results: bool
) -> AgencyRow:
    speech = page.speech
    if objective is None:
        nothing = message("none_set" if page.reader.judges_nothing(status) else "no_objectives", speech)
        return AgencyRow(
            client=page.name, href=page.href, label=page.label, objective=nothing,
            reason="", decided_by=(), badge=None, rank=NOTHING_YET, progress="", expected="", filled=0.0, tick=None,
            low=0.0, high=0.0, has_span=False, progress_order=None, tally=(), need_help=None, coverage="",
            coverage_order=None, as_of="", as_of_order="", failures=failures,
        )  # fmt: skip
    results = status.of(objective.objective_id)
    low, high = objective.progress_low, objective.progress_high
    reason = standing.reason_of(objective, results, page.reader, speech=speech)
    return AgencyRow(
        client=page.name,
        href=page.href,
        label=page.label,
        objective=plain(objective.title, limit=110),
        reason=reason[:1].upper() + reason[1:],
        decided_by=_decided_by(page, objective, results) if with_results else (),
        badge=badge(objective.status, speech),
        rank=rank(objective.status),
        progress=speech.percent(objective.progress),
        expected=expected_now(objective, speech),
        filled=_clip(objective.progress),
        tick=None if objective.expected_progress is None else _clip(objective.expected_progress),
        low=_clip(low),
        high=_clip(high),
        has_span=low is not None and high is not None and high - low > 0.005,
        progress_order=objective.progress,
        tally=tally(results, speech) if with_results else (),
        need_help=sum(result.status not in GOOD | UNJUDGED for result in results) / len(results) if results else None,
        coverage=speech.percent(objective.coverage),
        coverage_order=objective.coverage,
        as_of=speech.day(objective.as_of),
        as_of_order=objective.as_of.isoformat(),
        failures=failures,
    )


def _decided_by(page: _Page, objective: ObjectiveRow, results: Sequence[KeyResultRow]) -> tuple[str, ...]:
    """The key result that decides the status, and the worst one where it is another; nothing where none needs help."""
    if objective.status in GOOD | UNJUDGED:
        return ()
    keys = {"deciding_short": objective.deciding_key_result, "worst_short": objective.weakest_key_result}
    if objective.weakest_key_result == objective.deciding_key_result:
        del keys["worst_short"]
    by_id = {result.key_result_id: result for result in results}
    return tuple(
        message(key, page.speech, title=plain(_title(page, by_id[found]), limit=80))
        for key, found in keys.items()
        if found in by_id
    )


def _title(page: _Page, result: KeyResultRow) -> str:
    return standing.standing_of(result, page.reader, speech=page.speech).title()


def _line(page: _Page, result: KeyResultRow) -> ResultLine:
    speech = page.speech
    said = standing.standing_of(result, page.reader, speech=speech)
    now, target = said.figures()
    is_stretch = result.ambition == "stretch" and result.probability_full is not None and said.chance()
    return ResultLine(
        client=page.name,
        href=page.href,
        label=page.label,
        title=plain(said.title(), limit=110),
        cures=tuple(message("cure_short", speech, what=what) for what in said.cures()),
        badge=badge(result.status, speech, ambition=result.ambition),
        rank=rank(result.status),
        now=now,
        target=target,
        way=speech.percent(result.raw_progress, beside=said.due),
        way_order=result.raw_progress,
        expected=speech.percent(said.due),
        expected_order=said.due,
        probability=speech.percent(result.probability),
        probability_full=message("whole", speech, share=speech.percent(result.probability_full)) if is_stretch else "",
        probability_order=result.probability,
    )


def _record(
    con: duckdb.DuckDBPyConnection, readers: Sequence[Reader], speech: Speech, *, as_of: date | None
) -> tuple[RecordLine, ...]:
    """The record of each client that has one, the least sure first."""
    lines = []
    scored = queries.scored_clients(con, as_of=as_of)
    for reader in readers:
        found = queries.scores_of(con, reader.client, as_of=as_of) if reader.client in scored else None
        if found is None:
            continue
        lines.append(
            RecordLine(
                client=plain(reader.name, limit=60),
                count=found.count,
                said=speech.percent(found.said),
                came=speech.percent(found.came),
                brier=speech.fixed(found.brier, 2),
                brier_order=found.brier,
                inside=speech.percent(found.inside),
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.brier_order, line.client.casefold())))


def _clip(share: float | None) -> float:
    return round(100 * min(1.0, max(0.0, share or 0.0)), 1)
