"""MEASURES.md's followers: the last observation at a month's end, measured before totals before reconstructed.

Under test: the SQL models from snapshots, totals, gains and ledger to the marts; a story is a client of one database.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pytest

from tests.unit.sql_story import Story, at, build, days, days_of, month_of, value_of

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (8, 9, 10, 11))
AS_OF = date(2026, 11, 20)


def page(client: str, kind: str = "linkedin", *, opened: date | None = None, zone: str = "UTC") -> Story:
    return Story(client).source("social", kind, opened=opened, zone=zone)


def counted(story: Story, *readings: tuple[date, int], hour: int = 5, zone: str = "Europe/Stockholm") -> Story:
    """Snapshots taken on these mornings."""
    for morning, followers in readings:
        rows = [{"platform": story.client, "followers": followers}]
        story.reading("social", "follower_snapshots", at(morning, hour, zone=zone), rows)
    return story


def gains(story: Story, start: date, end: date, *, change: int = 2, on: date = AS_OF) -> Story:
    """So many net new followers each day."""
    story.raw(
        "social",
        "follower_changes_daily",
        [{"platform": "linkedin", "day": day, "change": change} for day in days(start, end)],
    )
    return story.loaded("social", "follower_changes_daily", start, end, on=at(on))


def added_and_failed_since() -> Story:
    """A page whose history was read on the first night, and nothing on the three after it."""
    first_night = date(2026, 11, 17)
    story = gains(counted(page("failed_since"), (first_night, 1000)), AUGUST, date(2026, 11, 15), on=first_night)
    for night in days(date(2026, 11, 18), AS_OF):
        for stream in ("follower_snapshots", "follower_changes_daily"):
            story.loaded("social", stream, night, night, on=at(night), status="failed")
    return story


def long_not_given() -> Story:
    """Gains that were last given in August, and a total of November."""
    return gains(counted(page("long_not_given"), (AS_OF, 1000)), AUGUST, date(2026, 8, 31), on=date(2026, 9, 1))


def stories() -> list[Story]:
    whole = counted(page("reconstructed"), (AS_OF, 1000))
    holed = counted(page("holed"), (AS_OF, 1000))
    twice = page("twice_a_day", zone="Europe/Stockholm")
    counted(counted(twice, (date(2026, 10, 1), 100)), (date(2026, 9, 30), 90), hour=20)
    totals = page("totals", "facebook")
    totals.raw(
        "social",
        "follower_totals_daily",
        [
            {"platform": "facebook", "day": date(2026, 9, 30), "followers": 700},
            {"platform": "facebook", "day": date(2026, 10, 31), "followers": 800},
        ],
    )
    totals.loaded("social", "follower_totals_daily", SEPTEMBER, date(2026, 11, 18))
    return [
        counted(page("measured"), (date(2026, 10, 1), 100), (date(2026, 11, 1), 130), (AS_OF, 140)),
        counted(page("too_old"), (date(2026, 8, 27), 100), (date(2026, 8, 26), 99)),
        counted(page("just_young_enough"), (date(2026, 9, 27), 100)),
        counted(page("lost_some"), (date(2026, 10, 1), 100), (date(2026, 11, 1), 90)),
        counted(page("opened", opened=date(2026, 10, 10)), (date(2026, 11, 1), 50)),
        twice,
        counted(totals, (date(2026, 11, 1), 801)),
        gains(whole, AUGUST, date(2026, 11, 18)),
        gains(gains(holed, AUGUST, date(2026, 10, 9)), date(2026, 10, 11), date(2026, 11, 18)),
        added_and_failed_since(),
        long_not_given(),
        gains(counted(page("arrived"), (date(2026, 11, 11), 1000)), AUGUST, date(2026, 11, 18)),
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_a_snapshot_before_noon_on_the_first_is_the_month_befores_end(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "measured", "followers", SEPTEMBER) == 100
    october = month_of(con, "measured", "followers", OCTOBER)
    assert (october["value"], october["data_through"]) == (130, date(2026, 10, 31))
    assert value_of(con, "measured", "followers", AUGUST) is None


def test_the_running_month_has_the_newest_observation_and_is_open(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "measured", "followers", NOVEMBER)
    assert (row["value"], row["is_closed"], row["data_through"]) == (140, False, date(2026, 11, 19))


def test_an_observation_counts_for_35_days(con: duckdb.DuckDBPyConnection) -> None:
    # the day it stands for is 26 August, which is 35 days before 30 September
    assert value_of(con, "too_old", "followers", SEPTEMBER) == 100
    assert value_of(con, "too_old", "followers", OCTOBER) is None
    assert value_of(con, "just_young_enough", "followers", OCTOBER) == 100
    assert value_of(con, "just_young_enough", "followers", NOVEMBER) is None


def test_new_followers_are_the_difference_of_two_stocks_and_may_be_negative(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "measured", "new_followers", OCTOBER) == 30
    assert value_of(con, "lost_some", "new_followers", OCTOBER) == -10
    assert value_of(con, "measured", "new_followers", SEPTEMBER) is None


def test_before_the_account_opened_there_were_no_followers(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "opened", "followers", SEPTEMBER) == 0
    assert value_of(con, "opened", "new_followers", OCTOBER) == 50


def test_the_reading_nearest_the_end_of_the_day_stands_for_it(con: duckdb.DuckDBPyConnection) -> None:
    # 20:00 on the 30th is four hours before its end, 05:00 on the 1st five hours after
    assert days_of(con, "twice_a_day", "followers")[date(2026, 9, 30)] == 90


def test_measured_beats_the_platforms_totals(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "totals", "followers", SEPTEMBER) == 700
    assert value_of(con, "totals", "followers", OCTOBER) == 801


def test_totals_are_reconstructed_backwards_from_the_snapshot(con: duckdb.DuckDBPyConnection) -> None:
    # the snapshot stands for 19 November, whose gain is not given yet: 18 gains of 2 lie after 31 October
    october = month_of(con, "reconstructed", "followers", OCTOBER)
    assert (october["value"], october["is_estimated"]) == (1000 - 18 * 2, True)
    assert month_of(con, "reconstructed", "followers", date(2026, 7, 1))["value"] == 1000 - (31 + 30 + 31 + 18) * 2
    methods = con.execute(
        "select day, method from marts.kpi_daily where client = 'reconstructed' and kpi = 'followers'"
        " and scope = 'all' order by day desc limit 2"
    ).fetchall()
    assert methods == [(date(2026, 11, 19), "measured"), (date(2026, 11, 18), "reconstructed")]


def test_once_the_last_gains_have_arrived_nothing_is_estimated(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "arrived", "followers", OCTOBER)
    assert (row["value"], row["is_estimated"]) == (1000 - 10 * 2, False)


def test_nights_that_fail_take_no_reconstructed_followers_away(con: duckdb.DuckDBPyConnection) -> None:
    # the total stands for 16 November, whose gain was not given that night; it is not missing because days went by
    october = month_of(con, "failed_since", "followers", OCTOBER)
    assert (october["value"], october["is_estimated"]) == (1000 - 15 * 2, True)
    assert value_of(con, "failed_since", "followers", date(2026, 7, 1)) == 1000 - (31 + 30 + 31 + 15) * 2


def test_a_total_says_nothing_of_days_before_gains_that_were_not_given_for_long(con: duckdb.DuckDBPyConnection) -> None:
    assert set(days_of(con, "long_not_given", "followers")) == {date(2026, 11, 19)}


def test_a_hole_in_the_gains_ends_the_reconstruction(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "holed", "followers", OCTOBER) == 1000 - 18 * 2
    assert value_of(con, "holed", "followers", SEPTEMBER) is None
    assert min(days_of(con, "holed", "followers")) == date(2026, 10, 10)


def test_no_day_is_invented_between_snapshots(con: duckdb.DuckDBPyConnection) -> None:
    observed = days_of(con, "measured", "followers")
    assert set(observed) == {date(2026, 9, 30), date(2026, 10, 31), AS_OF - timedelta(days=1)}
