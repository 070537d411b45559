"""A property that was not there yet had no visitors to count: months before its first sign of life are missing, not 0.

Under test: the SQL models from raw rows and ledger to the marts, for each kind of source that says zero by leaving out.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from tests.unit.sql_story import Story, build, days, month_of, value_of

APRIL, MAY, JUNE, JULY = (date(2026, month, 1) for month in (4, 5, 6, 7))
START, END, BORN = APRIL, date(2026, 7, 31), date(2026, 6, 10)


def web(client: str, kind: str, **settings: object) -> Story:
    """Read from April on, with its first visitors on 10 June, and none on three days of July."""
    story = Story(client, start_on=START).source("web", kind, **settings)  # type: ignore[arg-type]
    for stream in ("web_daily", "web_monthly"):
        story.loaded("web", stream, START, END)
    months = [
        {"month": month, "asked_through": date(2026, month.month, 30 + (month.month in (5, 7))), "visitors": count}
        for month, count in ((APRIL, 0), (MAY, 0), (JUNE, 70), (JULY, 90))
    ]
    story.raw("web", "web_monthly", months)
    return story.web("web", days(BORN, END, without=[date(2026, 7, day) for day in (4, 5, 6)]))


def page(client: str, **settings: object) -> Story:
    """A page read from April on, whose first interaction and follower came on 10 June."""
    story = Story(client, start_on=START).source("social", "linkedin", **settings)  # type: ignore[arg-type]
    for stream in ("interactions_daily", "follower_changes_daily"):
        story.loaded("social", stream, START, END)
    common = {"platform": "linkedin", "is_final": True}
    counts = {"likes": 3, "comments": 0, "shares": 0}
    story.raw("social", "interactions_daily", [{"day": BORN, **counts, **common}, {"day": END, **counts, **common}])
    story.raw("social", "follower_changes_daily", [{"day": BORN, "change": 5, **common}])
    return story


def searched(client: str) -> Story:
    story = (
        Story(client, start_on=START).source("search", "search_console").loaded("search", "search_daily", START, END)
    )
    rows = [
        {"day": day, "clicks": 1, "impressions": 10, "position_sum": 50.0, "is_final": True} for day in days(BORN, END)
    ]
    return story.raw("search", "search_daily", rows)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    old_post = {
        "platform": "linkedin",
        "post_id": "urn:li:share:1",
        "url": None,
        "published_at": "2026-04-01T09:00:00Z",
        "text": None,
    }
    return build(
        [
            web("born", "ga4"),
            web("opened", "ga4", opened=date(2026, 5, 1)),
            page("young"),
            page("old").raw("social", "social_posts", [old_post]).loaded("social", "social_posts", END, END),
            searched("found"),
        ]
    )


@pytest.mark.parametrize("kpi", ["unique_visitors", "sessions", "page_views"])
def test_months_before_a_property_existed_are_missing_and_say_why(con: duckdb.DuckDBPyConnection, kpi: str) -> None:
    for month in (APRIL, MAY):
        row = month_of(con, "born", kpi, month)
        assert (row["value"], row["observed_share"], row["note"]) == (None, 0.0, "web: no data before 2026-06-10")
        assert row["data_through"] is None


def test_the_month_in_which_it_began_has_what_the_source_gives_for_it_and_says_what_would_make_it_count(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for kpi, value in (("sessions", 210), ("unique_visitors", 70)):
        june = month_of(con, "born", kpi, JUNE)
        assert (june["value"], june["is_estimated"]) == (value, True)
        assert june["note"] == "web: began on 2026-06-10; say opened"
    opened = month_of(con, "opened", "sessions", JUNE)
    assert (opened["value"], opened["is_estimated"], opened["note"]) == (210, False, None)


def test_a_site_of_four_days_has_the_visitors_that_the_source_counted_for_its_month() -> None:
    born = date(2026, 7, 28)
    story = Story("late", start_on=START).source("web", "ga4").loaded("web", "web_daily", START, END)
    story.loaded("web", "web_monthly", START, END).web("web", days(born, END))
    story.raw("web", "web_monthly", [{"month": JULY, "asked_through": END, "visitors": 1753}])
    kept = Story("kept", start_on=born).source("web", "ga4").loaded("web", "web_daily", born, END)
    con = build([story, kept.web("web", days(born, END))])
    assert value_of(con, "kept", "sessions", JULY) is None, "nobody asked for the days before"
    july = month_of(con, "late", "unique_visitors", JULY)
    assert (july["value"], july["is_estimated"], july["note"]) == (1753, True, "web: began on 2026-07-28; say opened")
    assert value_of(con, "late", "unique_visitors", JUNE) is None


def test_after_its_first_day_a_day_without_a_row_is_a_true_zero(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "born", "sessions", JULY)
    assert (row["value"], row["observed_share"], row["is_estimated"]) == (280, 1.0, False)


def test_a_file_that_says_when_it_opened_makes_zeros_of_the_days_before_and_after(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for kpi in ("unique_visitors", "sessions"):
        for month in (APRIL, MAY):
            row = month_of(con, "opened", kpi, month)
            assert (row["value"], row["observed_share"]) == (0, 1.0)
    assert value_of(con, "opened", "sessions", JUNE) == 210


def test_a_social_page_begins_with_the_first_thing_that_happened_on_it(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "young", "interactions", MAY)
    assert (row["value"], row["note"]) == (None, "social: no data before 2026-06-10")
    assert value_of(con, "young", "interactions", JULY) == 3
    assert [value_of(con, "old", "interactions", month) for month in (APRIL, MAY, JUNE)] == [0, 0, 3]


def test_a_site_is_searched_from_its_first_impression_on(con: duckdb.DuckDBPyConnection) -> None:
    for kpi in ("search_clicks", "search_impressions", "search_position"):
        row = month_of(con, "found", kpi, MAY)
        assert (row["value"], row["note"]) == (None, "search: no data before 2026-06-10")
    assert value_of(con, "found", "search_clicks", JULY) == 31


def feed(client: str, *, opened: date | None = None) -> Story:
    """A feed that showed its newest two posts on the first night and on another; of posts before nobody knows."""
    story = Story(client, start_on=START).source("news", "feed", opened=opened)
    for day in (JULY, END):
        story.loaded("news", "blog_posts", day, day, quality={"is_whole": False})
    return story.raw("news", "blog_posts", [post("a", BORN), post("b", date(2026, 7, 2))])


def post(name: str, day: date) -> dict[str, object]:
    published = {"published_at": f"{day}T08:00:00Z", "published_on": day, "modified_at": None}
    return {"post_id": name, "url": f"https://acme.se/{name}/", "title": name, **published}


def test_a_feed_says_nothing_of_the_months_before_the_oldest_post_that_it_ever_showed() -> None:
    whole = feed("whole").loaded("news", "blog_posts", END, END, quality={"is_whole": True})
    beside = feed("beside").source("blog", "wordpress").loaded("blog", "blog_posts", END, END)
    early = feed("early").loaded("news", "blog_posts", MAY, MAY, quality={"is_whole": False})
    con = build([feed("cut"), feed("since", opened=date(2026, 5, 1)), whole, beside, early])

    def posts(client: str) -> list[float | None]:
        return [value_of(con, client, "blog_posts", month) for month in (APRIL, MAY, JUNE, JULY)]

    assert posts("cut") == [None, None, 1, 1]
    assert posts("early") == [None, 0, 1, 1], "read in May, when it showed none"
    assert month_of(con, "cut", "blog_posts", MAY)["note"] == "news: 0 of 31 days observed"
    # the file says since when, a list that is whole says so, or another one has the same posts
    assert [posts(client) for client in ("since", "whole", "beside")] == [[0, 0, 1, 1]] * 3
