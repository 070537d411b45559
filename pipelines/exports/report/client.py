"""A client's ``report.html``: what is read, in which order it is shown.

What belongs here: putting the page together. What does not: its words and figures (``results.py``, ``evidence.py``).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from okr_models.client.model import Client
from pipelines.exports.checkins import with_checkins
from pipelines.exports.csvs import Audience
from pipelines.exports.plain import plain
from pipelines.exports.published import read_status
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report import evidence as below
from pipelines.exports.report import reading, results
from pipelines.exports.report.kpi_cards import kpi_section
from pipelines.exports.report.page import write_page
from pipelines.exports.report.paper import paper_of, posts_printed
from pipelines.exports.report.posts import posts_view, social_posts

SOCIAL_DAYS = 90


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
    status = with_checkins(con, status, reader.speech, as_of=as_of)
    night = status.as_of
    months = reading.months_of(con, reader.client, as_of=as_of)
    sources = reading.sources_of(con, reader.client, as_of=as_of)
    with_results = audience != "board"
    items = reading.items_of(con, reader.client, as_of=as_of, restated=restated, zone=reader.timezone)
    seen = results.Evidence(months=months, items=items, sources=sources, as_of=night or date.min)
    objectives = results.objectives(status, reader, seen, with_results=with_results)
    tried, ideas = below.initiatives(reading.initiatives_of(con, reader.client, as_of=as_of), reader)
    kpis = kpi_section(months, reader)
    methods = below.methods({kpi for kpi, _ in months}, reader)
    posts = None
    if with_results:
        read = reading.blog_posts_of(con, reader.client, as_of=as_of, zone=reader.timezone)
        posts = posts_view(items, read, status.key_results, reader)
    groups = (len(posts.groups) if posts else 0) if with_results else None
    paper = paper_of(objectives, kpis, tried, ideas, methods=len(methods), groups=groups)
    values: dict[str, object] = {
        "name": plain(reader.name),
        "as_of": reader.speech.long_day(night) if night else "",
        "headline": results.headline(status, reader),
        "failures": below.failures(sources, reader),
        "objectives": objectives,
        "with_results": with_results,
        "has_fan": any(result.has_fan for objective in objectives for result in objective.results),
        "paper": paper,
        "printed": posts_printed(paper.density, groups or 0),
        "tally": results.tally(status.key_results, reader.speech),
        "kpis": kpis,
        "tried": tried,
        "ideas": ideas,
        "scores": below.scores(reading.scores_of(con, reader.client, as_of=as_of), reader.speech),
        "methods": methods,
        "source_lines": below.source_lines(sources, reader),
        "posts": posts,
        "social": (),
        "social_count": 0,
    }
    if with_results and night:
        since = night - timedelta(days=SOCIAL_DAYS)
        social = reading.social_posts_of(con, reader.client, since=since, until=night, zone=reader.timezone)
        values["social"] = social_posts(social, reader.speech)
        values["social_count"] = len(social)
    return write_page(folder / "report.html", "client.html.j2", speech=reader.speech, values=values)
