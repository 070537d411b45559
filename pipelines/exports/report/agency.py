"""The agency's page: every objective of every client, worst first, sortable.

What belongs here: that one table and the forecasts' record over all clients. What does not: a client's own page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb

from okr_models.client import Client
from pipelines.exports.people import Reader, reader_of
from pipelines.exports.plain import plain
from pipelines.exports.published import ClientStatus, ObjectiveRow, read_status
from pipelines.exports.report import evidence as below
from pipelines.exports.report import reading
from pipelines.exports.report.messages import message
from pipelines.exports.report.page import write_page
from pipelines.exports.report.results import GOOD, UNJUDGED, Badge, badge, rank
from pipelines.exports.words import day, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One objective, or a client with none. ``order`` values are what the columns sort by."""

    client: str
    href: str
    label: str
    objective: str
    badge: Badge | None
    rank: int
    progress: str
    filled: float
    coverage: str
    coverage_order: float
    as_of: str
    as_of_order: str
    failures: str


def render_agency(
    con: duckdb.DuckDBPyConnection,
    clients: Sequence[Client | Reader],
    folder: Path,
    *,
    language: str | None = None,
    as_of: date | None = None,
    restated: bool = False,
    link: str = "../{client}/report.html",
) -> Path:
    """Write ``folder/report.html`` over all clients, in ``language`` or the one most of them have.

    ``link``: where each client's own page is, seen from ``folder``.
    """
    readers = [reader_of(client) if isinstance(client, Client) else client for client in clients]
    chosen = language or ("en" if sum(r.language == "en" for r in readers) * 2 > len(readers) else "sv")
    statuses = [(reader, read_status(con, reader.client, as_of=as_of, restated=restated)) for reader in readers]
    rows = [
        row
        for reader, status in statuses
        for row in _rows(con, reader, status, language=chosen, link=link, as_of=as_of)
    ]
    nights = [status.as_of for _, status in statuses if status.as_of]
    judged = [row for row in rows if row.badge is not None]
    worry = sum(row.badge.status not in GOOD | UNJUDGED for row in judged if row.badge)
    values: dict[str, object] = {
        "rows": sorted(rows, key=lambda row: (row.rank, row.filled, row.client.casefold(), row.objective)),
        "as_of": day(max(nights), chosen, style="d MMMM y") if nights else "",
        "headline": message("agency_headline", chosen, worry=worry, all=len(judged))
        if judged
        else message("headline_none", chosen),
        "scores": below.scores(reading.scores_of(con, None, as_of=as_of), chosen),
    }
    return write_page(folder / "report.html", "agency.html.j2", language=chosen, values=values)


def _rows(
    con: duckdb.DuckDBPyConnection,
    reader: Reader,
    status: ClientStatus,
    *,
    language: str,
    link: str,
    as_of: date | None,
) -> list[AgencyRow]:
    streams = below.failed_streams(reading.sources_of(con, reader.client, as_of=as_of))
    failures = message("failed_short", language, streams=streams) if streams else ""
    if not status.objectives:
        return [_row(reader, None, language=language, link=link, failures=failures)]
    return [_row(reader, objective, language=language, link=link, failures=failures) for objective in status.objectives]


def _row(reader: Reader, objective: ObjectiveRow | None, *, language: str, link: str, failures: str) -> AgencyRow:
    name = plain(reader.name, limit=60)
    return AgencyRow(
        client=name,
        href=link.format(client=quote(reader.client)),
        label=message("open_report", language, name=name),
        objective=plain(objective.title, limit=110) if objective else message("no_objectives", language),
        badge=badge(objective.status, language) if objective else None,
        rank=rank(objective.status) if objective else 3,
        progress=percent(objective.progress, language) if objective else "",
        filled=round(100 * min(1.0, max(0.0, objective.progress or 0.0)), 1) if objective else -1.0,
        coverage=percent(objective.coverage, language) if objective else "",
        coverage_order=objective.coverage or 0.0 if objective else -1.0,
        as_of=day(objective.as_of, language) if objective else "",
        as_of_order=objective.as_of.isoformat() if objective else "",
        failures=failures,
    )
