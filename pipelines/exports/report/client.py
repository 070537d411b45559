"""A client's ``report.html``: what is read, in which order it is shown.

What belongs here: putting the page together. What does not: its words and figures (``results.py``, ``evidence.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from okr_models.client.model import Client
from okr_models.words.numbers import Speech
from pipelines.exports import since_words
from pipelines.exports.checkins import with_checkins
from pipelines.exports.csvs import Audience
from pipelines.exports.plain import plain
from pipelines.exports.published import read_status
from pipelines.exports.reader import Reader, reader_of
from pipelines.exports.report import evidence as below
from pipelines.exports.report import queries, results
from pipelines.exports.report.channels import growth_by_channel
from pipelines.exports.report.kpi_cards import kpi_section
from pipelines.exports.report.mark import Mark, mark_of
from pipelines.exports.report.messages import message
from pipelines.exports.report.page import write_page
from pipelines.exports.report.paper import paper_of
from pipelines.exports.report.posts import posts_view, social_posts
from pipelines.exports.since import Since, changes_since, progress_by_night

SOCIAL_DAYS = 90
NEWEST = "../report.html"


def archive(months: Sequence[str], speech: Speech, *, is_kept: bool) -> tuple[tuple[str, str], ...]:
    """Links to the reports that are kept, newest first: a word and an address; in one of them also to the newest."""
    above = "../" if is_kept else ""
    links = [(speech.month(date.fromisoformat(f"{month}-01")), f"{above}{month}/report.html") for month in months]
    newest = [(message("newest_report", speech), NEWEST)] if is_kept else []
    return (*newest, *reversed(links))


def render_client(
    con: duckdb.DuckDBPyConnection,
    client: Client | Reader,
    folder: Path,
    *,
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
    months: Sequence[str] = (),
    is_kept: bool = False,
    root: Path | None = None,
    changed: Since | None = None,
) -> Path:
    """Write ``folder/report.html`` and return its path; ``audience="board"`` leaves the key results out.

    ``months``: those whose reports are kept, as ``2026-10``, to link to. ``is_kept``: this is one of them.
    ``root``: the home folder, where the logo lies. ``changed``: what changed, where it was read already.
    """
    reader = reader_of(client) if isinstance(client, Client) else client
    status = read_status(con, reader.client, as_of=as_of, restated=restated)
    status = with_checkins(con, status, reader.speech, as_of=as_of)
    night = status.as_of
    by_month = queries.months_of(con, reader.client, as_of=as_of)
    sources = queries.sources_of(con, reader.client, as_of=as_of)
    with_results = audience != "board"
    items = queries.items_of(con, reader.client, as_of=as_of, restated=restated, zone=reader.timezone)
    seen = results.Evidence(months=by_month, items=items, sources=sources, as_of=night or date.min)
    changed = changed or changes_since(con, status)
    extras = results.Extras(
        checkins=status.said,
        ago={(each.objective_id, each.key_result_id): since_words.ago(each, reader.speech) for each in changed.changes},
        nights=progress_by_night(con, reader.client, as_of=night) if night and with_results else {},
    )
    objectives = results.objectives(status, reader, seen, with_results=with_results, extras=extras)
    tried, ideas = below.initiatives(queries.initiatives_of(con, reader.client, as_of=as_of), reader)
    kpis = kpi_section(by_month, reader)
    methods = below.methods({kpi for kpi, _ in by_month}, reader)
    posts = None
    if with_results:
        read = queries.blog_posts_of(con, reader.client, as_of=as_of, zone=reader.timezone)
        posts = posts_view(items, read, status.key_results, reader)
    groups = (len(posts.groups) if posts else 0) if with_results else None
    news = since_words.block(changed, reader, with_results=with_results)
    lengths = [len(line.title) + len(line.said) for line in news.lines] or [len(news.rest)] if news else []
    growth = growth_by_channel(by_month, reader)
    channels = max((len(figure.rows) for figure in growth), default=0)
    paper = paper_of(objectives, kpis, tried, ideas, methods=methods, groups=groups, changes=lengths, channels=channels)
    values: dict[str, object] = {
        "name": plain(reader.name),
        "as_of": reader.speech.long_day(night) if night else "",
        "headline": results.headline(status, reader),
        "nothing": "" if reader.judges_nothing(status) else message("nothing", reader.speech),
        "failures": below.failures(sources, reader),
        "since": news,
        "mark": mark_of(reader.file, root) if reader.file is not None and root is not None else Mark(),
        "archive": archive(months, reader.speech, is_kept=is_kept),
        "objectives": objectives,
        "with_results": with_results,
        "has_fan": any(result.has_fan for objective in objectives for result in objective.results),
        "paper": paper,
        "tally": results.tally(status.key_results, reader.speech),
        "kpis": kpis,
        "growth": growth,
        "tried": tried,
        "ideas": ideas,
        "scores": below.scores(queries.scores_of(con, reader.client, as_of=as_of), reader.speech),
        "owner_scores": below.owner_scores(queries.owner_scores_of(con, reader.client, as_of=as_of), reader.speech),
        "methods": methods,
        "source_lines": below.source_lines(sources, reader),
        "posts": posts,
        "social": (),
        "social_count": 0,
    }
    if with_results and night:
        since = night - timedelta(days=SOCIAL_DAYS)
        social = queries.social_posts_of(con, reader.client, since=since, until=night, zone=reader.timezone)
        values["social"] = social_posts(social, reader.speech)
        values["social_count"] = len(social)
    return write_page(folder / "report.html", "client.html.j2", speech=reader.speech, values=values)
