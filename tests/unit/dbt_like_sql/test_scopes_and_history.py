"""MEASURES.md's scopes and csv: platforms and all of them, history where the source covers too little, own KPIs.

Under test: the SQL models from source months and csv rows to the marts; every story is a client of one database.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from connectors.core.doubt import Doubt
from tests.unit.sql_story import Story, at, build, days, days_of, month_of, value_of

JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (7, 8, 9, 10, 11))
SEPTEMBER_DAYS, OCTOBER_DAYS = days(SEPTEMBER, date(2026, 9, 30)), days(OCTOBER, date(2026, 10, 31))


def liked(story: Story, source: str, on: list[date], likes: int) -> Story:
    """The platform's own daily figures."""
    return story.daily(source, "interactions_daily", on, platform="linkedin", likes=likes, comments=0, shares=0)


def pages(client: str) -> Story:
    """Two LinkedIn pages and a Facebook page."""
    story = Story(client).source("brand", "linkedin").source("jobs", "linkedin").source("facebook", "facebook")
    return story.source("files", "csv")


def stories() -> list[Story]:
    adds_up = pages("adds_up")
    liked(liked(adds_up, "brand", SEPTEMBER_DAYS, 1), "jobs", SEPTEMBER_DAYS, 2)
    platform_history = liked(pages("platform_history"), "brand", SEPTEMBER_DAYS, 1)
    platform_history.csv("files", "interactions", {SEPTEMBER: 500}, scope="platform=linkedin")
    platform_history.csv("files", "interactions", {SEPTEMBER: 70}, scope="platform=facebook")
    all_history = liked(pages("all_history"), "brand", SEPTEMBER_DAYS, 1)
    all_history.csv("files", "interactions", {SEPTEMBER: 999, OCTOBER: 888})

    covered = Story("covered").source("linkedin", "linkedin").source("files", "csv")
    liked(covered, "linkedin", [*SEPTEMBER_DAYS[:27], *OCTOBER_DAYS[:27]], 1)
    covered.csv("files", "interactions", {AUGUST: 40, SEPTEMBER: 400, OCTOBER: 50}, scope="source=linkedin")

    by_day = Story("by_day").source("linkedin", "linkedin").source("files", "csv")
    for count, month in ((28, AUGUST), (24, SEPTEMBER), (17, OCTOBER)):
        some = dict.fromkeys(days(month, date(2026, month.month, count)), 2.0)
        by_day.csv("files", "interactions", some, scope="source=linkedin", grain="day")
    liked(by_day, "linkedin", OCTOBER_DAYS[:3], 1).loaded("linkedin", "interactions_daily", NOVEMBER, NOVEMBER)

    visitors = Story("visitors").source("web", "ga4").source("files", "csv")
    visitors.csv("files", "unique_visitors", dict.fromkeys(SEPTEMBER_DAYS, 5.0), grain="day")
    visitors.csv("files", "unique_visitors", {OCTOBER: 900})

    tiktok = liked(Story("tiktok").source("linkedin", "linkedin"), "linkedin", SEPTEMBER_DAYS, 1)
    tiktok.source("files", "csv").csv("files", "interactions", {SEPTEMBER: 77}, scope="platform=tiktok")

    by_hand = Story("by_hand").source("linkedin", "linkedin").source("files", "csv")
    by_hand.csv("files", "followers", {JULY: 100, AUGUST: 130, SEPTEMBER: 120}, scope="source=linkedin")
    for day, followers in ((date(2026, 11, 1), 200), (date(2026, 11, 20), 210)):
        by_hand.reading("linkedin", "follower_snapshots", at(day), [{"platform": "linkedin", "followers": followers}])

    opened = Story("opened").source("linkedin", "linkedin").source("new", "mastodon", opened=date(2026, 12, 1))
    liked(opened, "linkedin", SEPTEMBER_DAYS, 1)

    own = Story("own").source("crm", "csv").source("other", "csv")
    for kpi, kind in (("orders", "flow"), ("staff", "stock"), ("nps", "ratio"), ("rate", "ratio")):
        own.kpi(kpi, kind, own_source="crm")
    own.csv("crm", "orders", {date(2026, 9, 3): 5, date(2026, 9, 20): 7}, grain="day")
    own.csv("crm", "orders", {OCTOBER: 30})
    own.csv("crm", "orders", {date(2026, 10, 3): 1}, grain="day")
    own.csv("crm", "staff", {date(2026, 9, 3): 5, date(2026, 9, 20): 7}, grain="day")
    own.csv("crm", "nps", {date(2026, 9, 3): 40, date(2026, 9, 20): 50}, grain="day")
    own.csv("other", "nps", {OCTOBER: 1})
    own.raw(
        "crm",
        "own_metrics",
        [
            {"kpi": "rate", "scope": "all", "grain": "day", "period_start": day, "value": None} | parts
            for day, parts in (
                (date(2026, 9, 3), {"numerator": 1, "denominator": 10}),
                (date(2026, 9, 4), {"numerator": 9, "denominator": 30}),
            )
        ],
    )

    founded = Story("founded").source("crm", "csv", opened=date(2026, 9, 2))
    for kpi, kind in (("orders", "flow"), ("staff", "stock"), ("nps", "ratio")):
        founded.kpi(kpi, kind, own_source="crm").csv("crm", kpi, {OCTOBER: 30})

    # a file's id that a social source has now, and a social and a blog source's id that files have
    retyped = liked(Story("retyped").source("shop", "linkedin"), "shop", SEPTEMBER_DAYS, 1)
    retyped.csv("shop", "interactions", {AUGUST: 40}, scope="source=shop")
    retyped.source("social", "csv").source("blog", "csv").source("web", "ga4")
    post = {"post_id": "1", "url": "https://acme.se/1", "published_at": at(date(2026, 9, 9), 12)}
    retyped.raw("social", "social_posts", [post | {"platform": "mastodon", "text": "Hej"}])
    retyped.raw("blog", "blog_posts", [post | {"title": "Hej", "published_on": date(2026, 9, 9)}])

    return [
        founded,
        retyped,
        adds_up,
        platform_history,
        all_history,
        covered,
        by_day,
        visitors,
        tiktok,
        by_hand,
        opened,
        own,
        search_of_two_sites(),
    ]


def two_files() -> Story:
    """History of one site in two files: September's halves, two answers for a day of October, and one for August."""
    story = Story("two_files").source("web", "ga4").source("first", "csv").source("second", "csv")
    story.csv("first", "sessions", dict.fromkeys(SEPTEMBER_DAYS[:20], 100.0), grain="day")
    story.csv("second", "sessions", dict.fromkeys(SEPTEMBER_DAYS[18:], 100.0), grain="day")
    october = days(OCTOBER, date(2026, 10, 31))
    story.csv("first", "sessions", dict.fromkeys(october, 1.0), grain="day")
    story.csv("second", "sessions", {date(2026, 10, 5): 2.0}, grain="day")
    story.csv("first", "sessions", {AUGUST: 70}).csv("second", "sessions", {AUGUST: 70})
    return story


def search_of_two_sites() -> Story:
    story = Story("two_sites")
    for source, impressions, position in (("se", 900, 2.0), ("no", 100, 12.0)):
        story.source(source, "search_console").loaded(source, "search_daily", SEPTEMBER, date(2026, 9, 30))
        row = {"clicks": 1, "impressions": impressions, "position_sum": impressions * position}
        story.raw(source, "search_daily", [{"day": SEPTEMBER, **row}])
    return story


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_two_accounts_on_one_platform_add_up(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "adds_up", "interactions", SEPTEMBER, scope="source=jobs") == 60
    assert value_of(con, "adds_up", "interactions", SEPTEMBER, scope="platform=linkedin") == 90
    assert set(days_of(con, "adds_up", "interactions", scope="platform=linkedin").values()) == {3}


def test_what_was_read_under_an_id_that_another_kind_of_source_has_now_has_left_the_file(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert value_of(con, "retyped", "interactions", SEPTEMBER, scope="source=shop") == 30
    assert value_of(con, "retyped", "interactions", AUGUST, scope="source=shop") is None
    for posts in ("social_posts", "blog_posts"):
        assert con.execute(f"select count(*) from marts.{posts} where client = 'retyped'").fetchall() == [(0,)]


def test_all_is_missing_while_one_open_platform_is(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "adds_up", "interactions", SEPTEMBER)
    assert row["value"] is None
    assert "facebook" in row["note"]
    assert days_of(con, "adds_up", "interactions") == {}


def test_a_platform_that_has_not_opened_yet_is_a_true_zero(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "opened", "interactions", SEPTEMBER) == 30


def test_ratios_of_several_sources_are_sums_over_sums(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "two_sites", "search_position", SEPTEMBER)
    assert (row["value"], row["numerator"], row["denominator"]) == (3, 3000, 1000)


def test_history_of_platforms_makes_up_all(con: duckdb.DuckDBPyConnection) -> None:
    platform = month_of(con, "platform_history", "interactions", SEPTEMBER, scope="platform=linkedin")
    assert (platform["value"], platform["origin"]) == (500, "history")
    everything = month_of(con, "platform_history", "interactions", SEPTEMBER)
    assert (everything["value"], everything["origin"]) == (570, "history")
    assert "history from csv" in everything["note"]
    assert value_of(con, "platform_history", "interactions", SEPTEMBER, scope="source=brand") == 30


def test_history_of_all_says_nothing_of_its_parts(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "all_history", "interactions", SEPTEMBER) == 999
    assert value_of(con, "all_history", "interactions", OCTOBER) == 888
    assert value_of(con, "all_history", "interactions", SEPTEMBER, scope="platform=facebook") is None


def test_history_counts_only_in_months_the_source_covers_too_little_of(con: duckdb.DuckDBPyConnection) -> None:
    origins = {}
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        row = month_of(con, "covered", "interactions", month, scope="source=linkedin")
        origins[month] = (row["value"], row["origin"], row["is_estimated"])
    # September has 27 of 30 days, October 27 of 31, which is less than 90 %
    assert origins == {
        AUGUST: (40, "history", False),
        SEPTEMBER: (27, "source", False),
        OCTOBER: (50, "history", False),
    }
    assert value_of(con, "covered", "interactions", OCTOBER) == 50


def test_history_by_day_is_held_to_the_same_shares(con: duckdb.DuckDBPyConnection) -> None:
    august = month_of(con, "by_day", "interactions", AUGUST)
    assert (august["value"], august["is_estimated"], august["origin"]) == (56, False, "history")
    september = month_of(con, "by_day", "interactions", SEPTEMBER)
    assert (september["value"], september["is_estimated"]) == (60, True)
    # 17 days of history are too few as well, and three days of the source
    assert value_of(con, "by_day", "interactions", OCTOBER) is None


def test_history_by_day_and_the_sources_days_are_not_mixed_in_a_month(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select origin, count(*) from marts.kpi_daily where client = 'by_day' and kpi = 'interactions'"
        " and scope = 'source=linkedin' and day >= '2026-09-01' group by origin order by origin"
    ).fetchall()
    assert rows == [("history", 24), ("source", 4)]


def test_history_of_visitors_by_day_is_never_summed(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "visitors", "unique_visitors", SEPTEMBER) is None
    assert value_of(con, "visitors", "unique_visitors", OCTOBER) == 900


def test_a_platform_known_from_csv_alone_is_a_scope_and_no_part_of_all(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "tiktok", "interactions", SEPTEMBER, scope="platform=tiktok") == 77
    assert value_of(con, "tiktok", "interactions", SEPTEMBER) == 30


def test_new_followers_compare_two_counts_by_the_same_hand(con: duckdb.DuckDBPyConnection) -> None:
    found = {
        month: month_of(con, "by_hand", "new_followers", month)
        for month in (JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER)
    }
    assert {month: row["value"] for month, row in found.items()} == {
        JULY: None,
        AUGUST: 30,
        SEPTEMBER: -10,
        OCTOBER: None,
        NOVEMBER: 10,
    }
    assert (found[AUGUST]["origin"], found[NOVEMBER]["origin"]) == ("history", "source")


def test_own_kpis_follow_their_declared_kind(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "own", "orders", SEPTEMBER) == 12
    assert value_of(con, "own", "staff", SEPTEMBER) == 7
    assert value_of(con, "own", "nps", SEPTEMBER) == 50
    rate = month_of(con, "own", "rate", SEPTEMBER)
    assert (rate["value"], rate["numerator"], rate["denominator"], rate["kind"]) == (0.25, 10, 40, "ratio")


def test_a_month_row_goes_before_day_rows_of_the_same_month(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "own", "orders", OCTOBER) == 30


def test_a_month_without_a_row_is_missing(con: duckdb.DuckDBPyConnection) -> None:
    november = month_of(con, "own", "orders", NOVEMBER)
    assert (november["value"], november["is_closed"], november["note"]) == (None, False, "no row in the csv file")


def test_months_before_a_files_source_opened_are_true_zeros_and_those_after_are_missing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for kpi, nothing in (("orders", 0.0), ("staff", 0.0), ("nps", None)):
        july, september = (month_of(con, "founded", kpi, month) for month in (JULY, SEPTEMBER))
        assert (july["value"], july["observed_share"], july["is_closed"]) == (nothing, 1.0, True)
        assert july["note"] == "crm: not yet opened"
        assert (september["value"], september["note"]) == (None, "no row in the csv file")
        assert value_of(con, "founded", kpi, OCTOBER) == 30


def test_an_own_kpi_listens_to_its_own_file_alone(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "own", "nps", OCTOBER) is None


def test_days_of_own_kpis_are_in_the_daily_table(con: duckdb.DuckDBPyConnection) -> None:
    assert days_of(con, "own", "nps") == {date(2026, 9, 3): 40, date(2026, 9, 20): 50}


def test_a_slip_of_the_pen_makes_no_calendar_of_a_thousand_years() -> None:
    story = Story("slip").source("files", "csv").source("linkedin", "linkedin")
    con = build([story.csv("files", "interactions", {date(202, 1, 1): 5, SEPTEMBER: 40})])
    assert con.execute("select min(month) from intermediate.int_months").fetchone() == (date(2001, 11, 1),)
    assert value_of(con, "slip", "interactions", SEPTEMBER) == 40


def test_days_of_one_month_in_two_files_are_merged_and_two_answers_are_none() -> None:
    con = build([two_files()])
    september = month_of(con, "two_files", "sessions", SEPTEMBER)
    assert (september["value"], september["is_estimated"], september["origin"]) == (3000.0, False, "history")
    assert value_of(con, "two_files", "sessions", AUGUST) == 70.0
    october = month_of(con, "two_files", "sessions", OCTOBER)
    assert (october["value"], october["is_estimated"]) == (None, False)
    assert "second: csv rows give different values, so none counts" in october["note"]


def test_months_of_a_database_without_time_zones_say_so() -> None:
    story = Story("zoneless").source("shop", "csv").kpi("orders", "flow", own_source="shop")
    story.raw(
        "shop",
        "own_metrics",
        [{"kpi": "orders", "scope": "all", "grain": "month", "period_start": SEPTEMBER, "value": 5}],
    )
    con = build([story.loaded("shop", "own_metrics", story.as_of, story.as_of, doubts=[Doubt(code="fixed_offset")])])
    month = month_of(con, "zoneless", "orders", SEPTEMBER)
    assert (month["value"], month["note"]) == (5, "shop: the database's days begin an hour off in half the year")
