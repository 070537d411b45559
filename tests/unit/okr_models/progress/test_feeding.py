"""Which sources and streams a key result rests on: whose breaks, pauses, openings and failing reads concern it.

Really under test: ``feeding_sources`` and ``relevant_failures`` on the catalogue of KPIs, and what a judgement makes of
them. A blog is one whether a list names its posts or a web source's ``blog_path`` does.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_models.client.model import Scope
from okr_models.client.sources import SourceSettings
from okr_models.progress.components import feeding_sources
from okr_models.progress.figures import Failure
from okr_models.progress.notes_due import relevant_failures
from tests.unit.okr_figures import AS_OF, client_of, codes, evaluated, figures_of, key_result, monthly, source

BREAK = {"date": "2026-01-01", "reason": "New site"}
PAUSE = {"from": "2026-07-01", "to": "2026-07-31", "reason": "Holiday"}
SINCE = date(2026, 10, 1)


def blog(kind: str, **settings: Any) -> SourceSettings:
    """The client's blog, as each kind of source says it."""
    more = {"blog_path": "/blogg/"} if kind == "ga4" else {}
    return source(kind, "site", **more, **settings)


BLOGS = ("wordpress", "ga4")


@pytest.mark.parametrize("kind", BLOGS)
def test_a_break_of_the_blogs_source_restarts_the_baseline_of_blog_posts(kind: str) -> None:
    asked = key_result(kpi="blog_posts", target="+30%")
    rows = monthly("blog_posts", date(2025, 1, 1), [40.0] * 12 + [60.0] * 10)
    got = evaluated(asked, figures_of(months=rows), sources=(blog(kind, breaks=[BREAK]),))
    assert got.status == "cannot_be_judged", codes(got)
    assert "baseline_restarts" in codes(got)


@pytest.mark.parametrize("kind", BLOGS)
def test_a_pause_of_the_blogs_source_leaves_its_month_out(kind: str) -> None:
    asked = key_result(kpi="blog_posts", target="+30%")
    rows = monthly("blog_posts", date(2025, 1, 1), [40.0] * 12 + [60.0] * 10)
    got = evaluated(asked, figures_of(months=rows), sources=(blog(kind, paused=[PAUSE]),))
    assert "months_paused" in codes(got)


@pytest.mark.parametrize("kind", BLOGS)
def test_months_before_the_blog_opened_are_true_zeros(kind: str) -> None:
    asked = key_result(kpi="blog_posts", target={"at_least": 5})
    rows = monthly("blog_posts", date(2026, 2, 1), [6.0] * 9)
    got = evaluated(asked, figures_of(months=rows), sources=(blog(kind, opened=date(2026, 2, 1)),))
    assert got.prepared.measurement.baseline == 0.0


def failing(*streams: tuple[str, str]) -> tuple[Failure, ...]:
    return tuple(Failure(source=name, stream=stream, since=SINCE) for name, stream in streams)


@pytest.mark.parametrize(("kind", "stream"), [("wordpress", "blog_posts"), ("ga4", "web_pages_daily")])
@pytest.mark.parametrize(
    "asked",
    [
        key_result(kpi="blog_posts", target="+30%"),
        key_result(count="blog_posts", target=10),
        key_result(kpi="page_views_per_blog_post", target="+10%"),
    ],
    ids=["kpi", "count", "ratio"],
)
def test_a_failing_read_of_what_names_the_posts_concerns_what_rests_on_them(asked: Any, kind: str, stream: str) -> None:
    client = client_of(asked, sources=(blog(kind),))
    found = relevant_failures(client, asked, failing(("site", stream), ("site", "web_daily")), as_of=AS_OF)
    assert [failure.stream for failure in found] == [stream]


def test_pages_of_a_web_source_do_not_concern_posts_that_a_list_names() -> None:
    asked = key_result(kpi="blog_posts", target="+30%")
    sources = (source("wordpress", "blog"), source("ga4", "web", blog_path="/blogg/", breaks=[BREAK]))
    client = client_of(asked, sources=sources)
    assert [each.id for each in feeding_sources(client, "blog_posts", Scope())] == ["blog"]
    assert relevant_failures(client, asked, failing(("web", "web_pages_daily")), as_of=AS_OF) == ()


def test_the_view_of_posts_rests_on_every_web_source_and_on_the_list() -> None:
    asked = key_result(count="blog_posts", where={"page_views": {"at_least": 500, "within_days": 90}}, target=10)
    client = client_of(asked, sources=(source("wordpress", "blog"), source("ga4", "web")))
    failures = failing(("blog", "blog_posts"), ("web", "web_pages_daily"), ("web", "web_daily"))
    found = relevant_failures(client, asked, failures, as_of=AS_OF)
    assert [(failure.source, failure.stream) for failure in found] == [
        ("blog", "blog_posts"),
        ("web", "web_pages_daily"),
    ]


@pytest.mark.parametrize(
    ("kpi", "concerned"),
    [
        ("interactions", ["interactions_daily", "post_counters", "social_posts"]),
        ("interactions_per_post", ["post_counters", "social_posts"]),
        ("social_posts", ["social_posts"]),
        ("followers", ["follower_changes_daily", "follower_snapshots", "follower_totals_daily"]),
    ],
)
def test_a_failing_stream_concerns_what_rests_on_it_and_nothing_else(kpi: str, concerned: list[str]) -> None:
    asked = key_result(kpi=kpi, target="+10%")
    streams = ("interactions_daily", "post_counters", "social_posts", "follower_snapshots", "follower_totals_daily",
               "follower_changes_daily")  # fmt: skip
    client = client_of(asked, sources=(source("linkedin"),))
    found = relevant_failures(client, asked, failing(*(("linkedin", stream) for stream in streams)), as_of=AS_OF)
    assert [failure.stream for failure in found] == concerned


def test_a_source_scope_is_of_the_blog_and_every_web_source_still_counts() -> None:
    sources = (source("wordpress", "blog"), source("wordpress", "shop_blog"), source("ga4", "web"))
    client = client_of(key_result(kpi="page_views_per_blog_post", target="+10%"), sources=sources)
    found = feeding_sources(client, "page_views_per_blog_post", Scope(source="blog"))
    assert [each.id for each in found] == ["blog", "web"]
