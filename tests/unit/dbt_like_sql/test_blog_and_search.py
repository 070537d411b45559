"""MEASURES.md's figures of blog posts and search: addresses merged, each post's own 90 days, weighted positions.

Under test: the SQL models from pages, posts and ledger to the marts; every story is a client of one database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.unit.sql_story import Story, at, build, days, month_of, value_of

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
YESTERDAY = date(2026, 11, 19)
HISTORY = date(2026, 1, 1)


def site(client: str, *, start_on: date = HISTORY, **settings: Any) -> Story:
    """A site whose pages were observed every day from ``start_on`` on."""
    story = Story(client, start_on=start_on).source("web", "ga4", **settings)
    story.loaded("web", "web_pages_daily", start_on, YESTERDAY)
    return story.web("web", days(start_on, YESTERDAY))


def views(
    story: Story, day: date, path: str, count: int, *, host: str = "www.site.se", seconds: float | None = None
) -> Story:
    row = {"day": day, "host": host, "path": path, "page_views": count, "engagement_seconds": seconds}
    return story.raw("web", "web_pages_daily", [row])


def blog(story: Story, posts: dict[str, date], *, link: str = "https://www.site.se/blogg/{}/") -> Story:
    """A list of posts, published at noon UTC of their day."""
    story.source("blog", "wordpress")
    rows = [
        {
            "post_id": slug,
            "url": link.format(slug),
            "title": slug,
            "published_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            "published_on": day,
        }
        for slug, day in posts.items()
    ]
    return story.raw("blog", "blog_posts", rows).loaded("blog", "blog_posts", YESTERDAY, YESTERDAY)


def searched(story: Story, day: date, page: str, *, clicks: int, impressions: int, position: float) -> Story:
    row = {"day": day, "clicks": clicks, "impressions": impressions, "position_sum": position * impressions}
    return story.raw("search", "search_pages_daily", [{"page": page, **row}])


def addresses() -> Story:
    story = blog(site("addresses"), {"räksmörgås": date(2026, 9, 10), "Other": date(2026, 9, 10)})
    day = date(2026, 9, 12)
    for path in (
        "/blogg/räksmörgås",
        "/blogg/räksmörgås/",
        "/blogg/r%C3%A4ksm%C3%B6rg%C3%A5s/?utm_source=mail",
        "/blogg/r%c3%a4ksm%c3%b6rg%c3%a5s/#kommentarer",
        "/blogg/ra\u0308ksmo\u0308rga\u030as/",
        "/blogg/räksmörgås//",
        "https://site.se/blogg/räksmörgås/",
    ):
        views(story, day, path, 1, seconds=30)
    views(story, day, "/blogg/räksmörgås/", 10, host="SITE.se:443", seconds=300)
    views(story, day, "/blogg/räksmörgås/", 100, host="", seconds=3000)
    for path in ("/blogg/räksmörgås/sida", "/blogg", "/Blogg/räksmörgås/", "/blogg/%E4", "/blogg/100%"):
        views(story, day, path, 1000)
    views(story, day, "/blogg/other/", 1000)
    return views(story, day, "/blogg/räksmörgås/", 1000, host="shop.site.se")


def ninety_days() -> Story:
    first, last = date(2026, 3, 1), date(2026, 3, 1) + timedelta(days=89)
    story = blog(site("ninety"), {"mature": first, "young": date(2026, 11, 1), "long_ago": date(2025, 6, 1)})
    for day, count in ((first - timedelta(days=1), 1000), (first, 1), (last, 10), (last + timedelta(days=1), 100)):
        views(story, day, "/blogg/mature/", count)
    views(story, date(2026, 11, 2), "/blogg/young/", 5)
    return views(story, date(2026, 11, 2), "/blogg/long_ago/", 7)


def holed() -> Story:
    """A post whose first 90 days were observed but for 10."""
    story = Story("holed", start_on=HISTORY).source("web", "ga4")
    story.loaded("web", "web_pages_daily", HISTORY, date(2026, 4, 30))
    story.loaded("web", "web_pages_daily", date(2026, 5, 11), YESTERDAY)
    blog(story, {"p": date(2026, 3, 1)})
    views(story, HISTORY, "/", 1)
    return views(story, date(2026, 3, 2), "/blogg/p/", 600)


def by_path(client: str) -> Story:
    """No list of posts: the pages under /blogg are posts, published when first viewed."""
    story = site(client, blog_path="/blogg/")
    for day, path in (
        (date(2026, 1, 5), "/blogg/from-before/"),
        (date(2026, 3, 31), "/blogg/day-89"),
        (date(2026, 4, 1), "/blogg/day-90"),
        (date(2026, 9, 5), "/blogg/new/"),
        (date(2026, 9, 6), "/blogg/new/?ref=x"),
        (date(2026, 9, 6), "/blogg/"),
        (date(2026, 9, 6), "/blogg/page/2/"),
        (date(2026, 9, 6), "/bloggare/"),
        (date(2026, 9, 6), "/om-oss/"),
    ):
        views(story, day, path, 3)
    return views(story, date(2026, 10, 6), "/blogg/elsewhere/", 3, host="mirror.example")


def search() -> Story:
    story = blog(site("search"), {"new": date(2026, 8, 1), "edge": date(2026, 4, 4), "old": date(2026, 4, 3)})
    story.source("search", "search_console", zone="America/Los_Angeles")
    story.loaded("search", "search_daily", HISTORY, date(2026, 11, 17))
    story.loaded("search", "search_pages_daily", HISTORY, date(2026, 11, 17))
    story.raw(
        "search",
        "search_daily",
        [
            {"day": date(2026, 9, 1), "clicks": 1, "impressions": 900, "position_sum": 900 * 2.0},
            {"day": date(2026, 9, 2), "clicks": 2, "impressions": 100, "position_sum": 100 * 12.0},
        ],
    )
    searched(story, date(2026, 9, 1), "https://site.se/blogg/new", clicks=3, impressions=10, position=4.0)
    searched(story, date(2026, 9, 1), "http://www.site.se/blogg/new/#stycke", clicks=1, impressions=30, position=8.0)
    searched(story, date(2026, 9, 30), "https://www.site.se/blogg/edge/", clicks=0, impressions=10, position=20.0)
    searched(story, date(2026, 9, 30), "https://www.site.se/blogg/old/", clicks=0, impressions=1000, position=99.0)
    # deleted in October
    for slug, published in (("gone", date(2026, 8, 1)), ("old_gone", date(2026, 4, 3))):
        url, seen = f"https://www.site.se/blogg/{slug}/", (at(date(2026, 9, 1)), at(date(2026, 10, 9)))
        story.known("blog", slug, url, published, first_seen=seen[0], last_seen=seen[1])
        searched(story, date(2026, 9, 30), url, clicks=0, impressions=50, position=2.0)
        searched(story, date(2026, 10, 12), url, clicks=0, impressions=50, position=3.0)
    return searched(story, date(2026, 9, 30), "https://www.site.se/", clicks=0, impressions=1000, position=1.0)


def months() -> Story:
    story = blog(site("months"), {"a": date(2026, 8, 31), "b": date(2026, 9, 30), "c": date(2026, 10, 1)})
    views(story, date(2026, 9, 10), "/blogg/a/", 30, seconds=600)
    return views(story, date(2026, 9, 30), "/blogg/b/", 10, seconds=200)


def share(client: str, observed: int) -> Story:
    """So many of September's days with the pages read, a third of the views on each side of the month."""
    story = Story(client, start_on=SEPTEMBER).source("web", "ga4")
    story.loaded("web", "web_pages_daily", SEPTEMBER, SEPTEMBER + timedelta(days=observed - 1))
    story.loaded("web", "web_pages_daily", OCTOBER, OCTOBER)
    story.web("web", days(SEPTEMBER, YESTERDAY))
    blog(story, {"a": date(2026, 8, 1)})
    return views(story, SEPTEMBER, "/blogg/a/", 30, seconds=60)


def untimed() -> Story:
    story = blog(site("untimed"), {"a": date(2026, 8, 31)})
    return views(story, date(2026, 9, 10), "/blogg/a/", 30)


def stories() -> list[Story]:
    plain_links = blog(
        site("plain_links"), {"7": date(2026, 9, 1), "8": date(2026, 9, 1)}, link="https://site.se/?p={}"
    )
    views(plain_links, date(2026, 9, 2), "/", 500)
    unlisted = site("unlisted").source("blog", "wordpress")
    no_web = blog(Story("no_web"), {"a": date(2026, 9, 1)})
    return [
        addresses(),
        ninety_days(),
        holed(),
        by_path("by_path"),
        blog(by_path("both"), {"listed": date(2026, 9, 9)}),
        search(),
        months(),
        *(share(f"share_{observed}", observed) for observed in (27, 26, 17)),
        untimed(),
        views(plain_links, date(2026, 9, 2), "/?p=7", 500),
        unlisted,
        no_web,
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def post(con: duckdb.DuckDBPyConnection, client: str, post_id: str) -> dict[str, Any]:
    cursor = con.execute("select * from marts.blog_posts where client = ? and post_id = ?", [client, post_id])
    names = [column[0] for column in cursor.description or ()]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


def test_every_address_of_a_post_is_one_post(con: duckdb.DuckDBPyConnection) -> None:
    row = post(con, "addresses", "räksmörgås")
    assert (row["page_views"], row["engagement_seconds"]) == (117, 3510)
    assert row["path"] == "/blogg/räksmörgås"


def test_an_address_keeps_its_case_and_broken_percent_signs_break_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert post(con, "addresses", "Other")["page_views"] == 0


def test_a_post_is_judged_on_its_own_first_90_days(con: duckdb.DuckDBPyConnection) -> None:
    row = post(con, "ninety", "mature")
    assert (row["page_views"], row["page_views_90d"]) == (111, 11)
    assert post(con, "ninety", "young")["page_views_90d"] == 5


def test_first_90_days_that_were_hardly_observed_are_not_known(con: duckdb.DuckDBPyConnection) -> None:
    assert post(con, "ninety", "long_ago")["page_views_90d"] is None
    assert post(con, "ninety", "long_ago")["page_views"] == 7
    assert post(con, "holed", "p")["page_views_90d"] is None


def test_a_posts_days_are_those_observed_since_its_publication(con: duckdb.DuckDBPyConnection) -> None:
    first, last, count = con.execute(
        "select min(day), max(day), count(*) from marts.blog_post_daily where client = 'holed'"
    ).fetchall()[0]
    assert (first, last) == (date(2026, 3, 1), YESTERDAY)
    assert count == (last - first).days + 1 - 10


def test_without_a_list_a_page_is_published_when_first_viewed(con: duckdb.DuckDBPyConnection) -> None:
    row = post(con, "by_path", "/blogg/new")
    assert (row["published_on"], row["is_estimated"], row["page_views"]) == (date(2026, 9, 5), True, 6)
    assert row["published_at"] == datetime(2026, 9, 4, 22, tzinfo=UTC)
    assert row["url"] == "https://site.se/blogg/new"


def test_pages_of_the_first_90_days_of_history_have_no_publication(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select post_id, published_on from marts.blog_posts where client = 'by_path' order by post_id"
    ).fetchall()
    assert rows == [
        ("/blogg/day-89", None),
        ("/blogg/day-90", date(2026, 4, 1)),
        ("/blogg/from-before", None),
        ("/blogg/new", date(2026, 9, 5)),
    ]
    assert value_of(con, "by_path", "blog_posts", date(2026, 2, 1)) is None
    assert value_of(con, "by_path", "blog_posts", date(2026, 4, 1)) == 1
    assert month_of(con, "by_path", "blog_posts", SEPTEMBER)["is_estimated"]
    assert value_of(con, "by_path", "blog_posts", OCTOBER) == 0


def test_a_list_of_posts_goes_before_the_blog_path(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute("select source, post_id from marts.blog_posts where client = 'both'").fetchall()
    assert rows == [("blog", "listed")]


def test_views_per_post_divide_by_the_posts_live_at_the_months_end(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "months", "page_views_per_blog_post", SEPTEMBER)
    assert (row["value"], row["numerator"], row["denominator"]) == (20, 40, 2)
    running = month_of(con, "months", "page_views_per_blog_post", NOVEMBER)
    assert (running["value"], running["denominator"], running["is_closed"]) == (0, 3, False)


def test_a_month_with_no_post_live_has_nothing_to_divide_by(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "months", "page_views_per_blog_post", date(2026, 7, 1))
    assert (row["value"], row["numerator"], row["denominator"]) == (None, 0, 0)


def test_seconds_are_per_page_view_and_unknown_where_no_time_is_given(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "months", "seconds_per_blog_post", SEPTEMBER)
    assert (row["value"], row["numerator"], row["denominator"]) == (20, 800, 40)
    assert value_of(con, "untimed", "page_views_per_blog_post", SEPTEMBER) == 30
    assert value_of(con, "untimed", "seconds_per_blog_post", SEPTEMBER) is None
    assert post(con, "untimed", "a")["engagement_seconds"] is None


@pytest.mark.parametrize(("observed", "value", "is_estimated"), [(27, 30, False), (26, 30, True), (17, None, False)])
def test_views_per_post_are_never_scaled(
    con: duckdb.DuckDBPyConnection, observed: int, value: float | None, is_estimated: bool
) -> None:
    row = month_of(con, f"share_{observed}", "page_views_per_blog_post", SEPTEMBER)
    assert (row["value"], row["is_estimated"]) == (value, is_estimated)
    assert row["observed_share"] == pytest.approx(observed / 30, abs=1e-6)


def test_blog_posts_are_counted_by_their_publication_day(con: duckdb.DuckDBPyConnection) -> None:
    counted = [value_of(con, "months", "blog_posts", month) for month in (date(2026, 8, 1), SEPTEMBER, OCTOBER)]
    assert counted == [1, 1, 1]
    assert value_of(con, "unlisted", "blog_posts", SEPTEMBER) is None


def test_plain_permalinks_take_no_views_of_the_start_page(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select page_views, page_views_90d from marts.blog_posts where client = 'plain_links'"
    ).fetchall()
    assert rows == [(None, None), (None, None)]


def test_without_a_web_source_views_are_missing(con: duckdb.DuckDBPyConnection) -> None:
    assert post(con, "no_web", "a")["page_views"] is None
    assert value_of(con, "no_web", "page_views_per_blog_post", SEPTEMBER) is None
    assert value_of(con, "no_web", "blog_posts", SEPTEMBER) == 1


def test_positions_are_weighted_by_impressions(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "search", "search_position", SEPTEMBER)
    assert (row["value"], row["denominator"]) == (3, 1000)
    assert value_of(con, "search", "search_impressions", SEPTEMBER) == 1000
    empty = month_of(con, "search", "search_position", OCTOBER)
    assert (empty["value"], empty["numerator"], empty["denominator"]) == (None, 0, 0)
    assert value_of(con, "search", "search_impressions", OCTOBER) == 0


def test_new_posts_are_those_of_the_180_days_that_end_with_the_month(con: duckdb.DuckDBPyConnection) -> None:
    # 4 April is 179 days before 30 September, 3 April 180
    row = month_of(con, "search", "search_position_new_posts", SEPTEMBER)
    assert (row["numerator"], row["denominator"]) == (10 * 4 + 30 * 8 + 10 * 20 + 50 * 2, 100)
    assert row["value"] == pytest.approx(580 / 100)
    assert row["closes_on"] == date(2026, 10, 10)


def test_a_post_deleted_since_keeps_its_positions_until_then(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "search", "search_position_new_posts", OCTOBER)
    assert (row["value"], row["denominator"]) == (None, 0)


def test_search_figures_of_a_post_merge_its_addresses(con: duckdb.DuckDBPyConnection) -> None:
    row = post(con, "search", "new")
    assert (row["search_clicks"], row["search_position"]) == (4, 7)
    assert post(con, "months", "a")["search_clicks"] is None
