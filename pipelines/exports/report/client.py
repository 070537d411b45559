"""A client's ``report.html``: what is read, in which order it is shown.

What belongs here: putting the page together. What does not: its words and figures (``results.py``, ``evidence.py``).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from okr_models.client import Client
from pipelines.exports.csvs import Audience
from pipelines.exports.people import Reader, reader_of
from pipelines.exports.plain import plain
from pipelines.exports.published import read_status
from pipelines.exports.report import evidence as below
from pipelines.exports.report import reading, results
from pipelines.exports.report.page import write_page
from pipelines.exports.words import day

SOCIAL_DAYS = 90
COMPACT_FROM, PLAIN_FROM, OBJECTIVE_TAKES = 7, 13, 2
"""With so many key results (a third objective counts as two) print draws them smaller, and at last without charts."""


def render_client(
    con: duckdb.DuckDBPyConnection,
    client: Client | Reader,
    folder: Path,
    *,
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
) -> Path:
    """Write ``folder/report.html`` and return its path; ``audience="board"`` leaves the key results out."""
    reader = reader_of(client) if isinstance(client, Client) else client
    status = read_status(con, reader.client, as_of=as_of, restated=restated)
    night = status.as_of
    months = reading.months_of(con, reader.client, as_of=as_of)
    sources = reading.sources_of(con, reader.client, as_of=as_of)
    with_results = audience != "board"
    items = reading.items_of(con, reader.client, as_of=as_of, restated=restated, zone=reader.timezone)
    seen = results.Evidence(months=months, items=items, sources=sources, as_of=night or date.min)
    objectives = results.objectives(status, reader, seen, with_results=with_results)
    tried, ideas = below.initiatives(reading.initiatives_of(con, reader.client, as_of=as_of), reader)
    values: dict[str, object] = {
        "name": plain(reader.name),
        "as_of": day(night, reader.language, style="d MMMM y") if night else "",
        "headline": results.headline(status, reader.language),
        "failures": below.failures(sources, reader.language),
        "objectives": objectives,
        "with_results": with_results,
        "has_fan": any(result.has_fan for objective in objectives for result in objective.results),
        "pairs": sum(len(objective.results) for objective in objectives) in {1, 2, 4},
        "density": _density(len(objectives), sum(len(objective.results) for objective in objectives)),
        "kpis": below.kpis(months, reader),
        "tried": tried,
        "ideas": ideas,
        "scores": below.scores(reading.scores_of(con, reader.client, as_of=as_of), reader.language),
        "methods": below.methods(sorted({kpi for kpi, _ in months}), reader),
        "source_lines": below.source_lines(sources, reader.language),
        "posts": None,
        "social": (),
        "social_count": 0,
    }
    if with_results:
        posts = reading.blog_posts_of(con, reader.client, as_of=as_of, zone=reader.timezone)
        values["posts"] = below.blog_posts(items, posts, reader)
        if night:
            since = night - timedelta(days=SOCIAL_DAYS)
            social = reading.social_posts_of(con, reader.client, since=since, until=night, zone=reader.timezone)
            values["social"] = below.social_posts(social, reader.language)
            values["social_count"] = len(social)
    return write_page(folder / "report.html", "client.html.j2", language=reader.language, values=values)


def _density(objectives: int, results: int) -> str:
    taken = results + OBJECTIVE_TAKES * max(0, objectives - 2)
    if taken >= PLAIN_FROM:
        return "plain"
    return "compact" if taken >= COMPACT_FROM else "roomy"
