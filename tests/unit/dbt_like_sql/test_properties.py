"""What must hold for the SQL models whatever the rows: clients don't touch each other, and order changes nothing.

Under test: every model at once, over histories that hypothesis draws: whose holes, figures, readings and posts differ,
in what order rows were loaded, and on which day each window was cut. A history is told by its seed, which is short.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from connectors.core.doubt import Doubt
from okr_models.periods import Window
from pipelines.warehouse.models.project import load_project
from tests.unit.business_story import add_business
from tests.unit.sql_story import Story, at, build, days

AS_OF = date(2026, 11, 20)
START = date(2026, 8, 1)
YESTERDAY = date(2026, 11, 19)
SEEDS = st.integers(0, 9_999)
Rows = dict[str, list[tuple[object, ...]]]


def few(test: Callable[..., None]) -> Callable[..., None]:
    """Each example builds every model twice."""
    return settings(max_examples=2, deadline=None)(test)


def random_story(client: str, seed: int, *, cut: date | None = None) -> Story:
    """A client with every kind of source and holes in its days. ``cut``: windows that go on past it are read in two."""
    chance = random.Random(f"{client} {seed}")
    story = Story(client, start_on=START).source("web", "ga4").source("search", "search_console")
    story.source("blog", "wordpress").source("linkedin", "linkedin", zone="UTC").source("toots", "mastodon")
    story.source("files", "csv").source("rss", "feed").host("skärgård.se", "xn--skrgrd-cuak.se").loaded(
        "web", "web_daily", START, START, doubts=[Doubt(code="sampled", days=Window(START, START))],
        seen=[{"day": str(YESTERDAY), "age": 1, "kpi": "sessions", "value": 40 + seed}],
    )  # fmt: skip

    def window(source: str, stream: str, start: date, end: date) -> None:
        if cut is not None and start <= cut < end:
            story.loaded(source, stream, start, cut).loaded(source, stream, cut + timedelta(days=1), end)
        else:
            story.loaded(source, stream, start, end)

    hole = START + timedelta(days=chance.randrange(20, 80))
    for source, streams in (
        ("web", ("web_daily", "web_pages_daily", "web_monthly")),
        ("search", ("search_daily", "search_pages_daily")),
        ("linkedin", ("interactions_daily", "follower_changes_daily")),
    ):
        for stream in streams:
            window(source, stream, START, hole)
            window(source, stream, hole + timedelta(days=chance.randrange(1, 12)), YESTERDAY)
    for day in days(START, YESTERDAY):
        visits = chance.randrange(50)
        row = {"day": day, "sessions": visits, "page_views": 3 * visits, "visitors": visits}
        story.raw("web", "web_daily", [row])
        for slug in ("a", "b"):
            page = {"day": day, "page_views": chance.randrange(9), "engagement_seconds": chance.random() * 100}
            story.raw("web", "web_pages_daily", [{"host": "www.site.se", "path": f"/blogg/{slug}/", **page}])
            found = {"day": day, "clicks": chance.randrange(3), "impressions": chance.randrange(1, 50)}
            story.raw(
                "search",
                "search_pages_daily",
                [{"page": f"https://site.se/blogg/{slug}", "position_sum": chance.random() * 500, **found}],
            )
        found = {"day": day, "clicks": chance.randrange(9), "impressions": chance.randrange(1, 90)}
        story.raw("search", "search_daily", [{"position_sum": chance.random() * 900, **found}])
        change = {"platform": "linkedin", "day": day}
        story.raw("linkedin", "follower_changes_daily", [{"change": chance.randrange(-2, 5), **change}])
        received = {"likes": chance.randrange(9), "comments": None, "shares": chance.randrange(2)}
        story.raw("linkedin", "interactions_daily", [{**change, **received}])
    for month in (8, 9, 10, 11):
        through = min(YESTERDAY, date(2026, month + 1, 1) - timedelta(days=1))
        row = {"month": date(2026, month, 1), "asked_through": through, "visitors": chance.randrange(500)}
        story.raw("web", "web_monthly", [row])
    posts = {f"t{number}": START + timedelta(days=chance.randrange(100)) for number in range(8)}
    totals = dict.fromkeys(posts, 0)
    story.reading("toots", "social_posts", at(START))
    for morning in days(START, AS_OF):
        if chance.random() < 0.25:
            continue
        rows = []
        for post, published in posts.items():
            if published < morning:
                totals[post] += chance.randrange(-1, 6)
                rows.append({"platform": "mastodon", "post_id": post, "likes": totals[post], "comments": 0})
        story.reading("toots", "post_counters", at(morning), rows)
        followers = {"platform": "mastodon", "followers": chance.randrange(900, 1000)}
        story.reading("toots", "follower_snapshots", at(morning), [followers])
    story.reading("linkedin", "follower_snapshots", at(AS_OF), [{"platform": "linkedin", "followers": 2000}])
    listed = [
        {"platform": "mastodon", "post_id": post, "published_at": datetime.combine(day, time(12), UTC)}
        for post, day in posts.items()
    ]
    story.reading("toots", "social_posts", at(AS_OF), listed[1:]).gone("toots", "went", at(START), gone_at=at(AS_OF))
    story.reading("blog", "blog_posts", at(AS_OF), [
        {"post_id": slug, "url": f"https://site.se/blogg/{slug}/", "title": slug, "published_on": date(2026, 9, day),
         "published_at": datetime(2026, 9, day, 12, tzinfo=UTC)}
        for slug, day in (("a", 1), ("b", 20))
    ])  # fmt: skip
    know_posts(story)
    history = {date(2026, month, 1): float(chance.randrange(900)) for month in (8, 9)}
    story.csv("files", "interactions", history, scope="platform=linkedin")
    # by day, in a month that the platform itself says nothing of
    by_day = {date(2026, 7, number): float(chance.randrange(90)) for number in range(1, 32)}
    story.csv("files", "interactions", by_day, scope="platform=linkedin", grain="day")
    return add_business(story, chance, window, start=START, end=YESTERDAY)


def know_posts(story: Story) -> None:
    """A post renamed once, one that a feed lists too, a web source that sees the same site, and a source that left."""
    seen = {"host": "site.se", "path": "/", "day": AS_OF - timedelta(days=9), "page_views": 5}
    story.source("twin", "ga4").raw("twin", "web_pages_daily", [seen])
    story.loaded("twin", "web_pages_daily", START, YESTERDAY)
    published = date(2026, 9, 1)
    story.known("blog", "a", "https://site.se/blogg/gammal", published, first_seen=at(START), last_seen=at(START))
    story.known("blog", "a", "https://site.se/blogg/a/", published, first_seen=at(AS_OF), last_seen=at(AS_OF))
    listed = {"post_id": "guid", "url": "https://www.site.se/blogg/b", "title": "b", "published_on": date(2026, 9, 20)}
    story.reading("rss", "blog_posts", at(AS_OF), [{**listed, "published_at": datetime(2026, 9, 20, 12, tzinfo=UTC)}])
    story.identity("left", "wordpress", first_seen=at(START))


def tables(con: duckdb.DuckDBPyConnection, *, client: str | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Every model's rows, or those of one client."""
    only = "" if client is None else f" where client = '{client}'"
    return {
        model.name: con.execute(f"select * from {model.schema}.{model.name}{only} order by all").fetchall()
        for model in load_project().models
    }


@lru_cache(maxsize=8)
def alone(seed: int) -> Rows:
    """What one client's history comes to, with nobody else there."""
    found = tables(build([random_story("one", seed)]))
    without_rows = {name for name, rows in found.items() if not rows}
    assert without_rows <= {
        "stg_config__pauses",
        "stg_raw__follower_totals_daily",
        "int_blog_path_posts",
        "stg_ops__doubts",
    }, "a property of nothing"
    return found


@few
@given(
    seed=SEEDS, others=st.lists(st.sampled_from(["aaa", "on", "one_more", "zzz"]), min_size=1, max_size=3, unique=True),
    others_seed=SEEDS, place=st.integers(0, 3),
)  # fmt: skip
@example(seed=1, others=["aaa", "on", "one_more", "zzz"], others_seed=1, place=1)
def test_adding_a_client_changes_no_other_clients_rows(
    seed: int, others: list[str], others_seed: int, place: int
) -> None:
    stories = [random_story(client, others_seed) for client in others]
    stories.insert(place, random_story("one", seed))
    assert tables(build(stories), client="one") == alone(seed)


@few
@given(seed=SEEDS, order=st.integers(0, 9_999))
@example(seed=1, order=-1)
def test_the_order_rows_were_loaded_in_changes_nothing(seed: int, order: int) -> None:
    assert tables(build([random_story("one", seed)], order=order)) == alone(seed)


@few
@given(seed=SEEDS, cut=st.dates(START, YESTERDAY - timedelta(days=1)))
@example(seed=1, cut=date(2026, 9, 30))
@example(seed=1, cut=date(2026, 10, 24))
def test_a_window_read_in_two_gives_the_same_figures(seed: int, cut: date) -> None:
    before = alone(seed)
    after = tables(build([random_story("one", seed, cut=cut)]))
    assume(after.pop("stg_ops__loads") != before["stg_ops__loads"])  # a day in every stream's hole cuts nothing
    assert after == {name: rows for name, rows in before.items() if name != "stg_ops__loads"}


def test_tables_lie_in_the_order_of_their_grain() -> None:
    con = build([random_story("one", 1)], order=-1)
    for model in load_project().models:
        columns = ", ".join(model.grain)
        stored = con.execute(f"select {columns} from {model.schema}.{model.name}").fetchall()
        assert stored == con.execute(f"select {columns} from {model.schema}.{model.name} order by {columns}").fetchall()


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build([random_story("one", 3)])


@pytest.mark.parametrize("kpi", ["interactions", "followers", "new_followers", "sessions"])
def test_all_is_the_sum_of_its_sources_where_each_has_a_value(con: duckdb.DuckDBPyConnection, kpi: str) -> None:
    months = con.execute(
        """
        select whole.value, sum(parts.value)
        from marts.kpi_monthly as whole
        inner join marts.kpi_monthly as parts
            on parts.kpi = whole.kpi and parts.month = whole.month and parts.scope like 'source=%'
            and parts.scope_name not in (select source from intermediate.int_web_twins)
        where whole.kpi = ? and whole.scope = 'all' and whole.origin = 'source'
        group by whole.month, whole.value
        having bool_and(parts.value is not null)
        """,
        [kpi],
    ).fetchall()
    assert months
    assert all(whole == pytest.approx(parts) for whole, parts in months)
