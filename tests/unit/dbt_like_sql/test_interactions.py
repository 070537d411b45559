"""MEASURES.md's interactions by day: the platform's own figures, else differences of snapshots of each post.

Under test: the SQL models from counters, posts and ledger to the marts; every story is a client of one database.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.unit.sql_story import Story, at, build, days, days_of, month_of, value_of

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
AS_OF = date(2026, 11, 20)


def account(client: str, *, first: date = date(2026, 9, 1), as_of: date = AS_OF, **settings: Any) -> Story:
    """A Mastodon account, whose posts are listed for the first time on the morning of ``first``."""
    story = Story(client, as_of=as_of).source("social", "mastodon", **settings)
    return story.reading("social", "social_posts", at(first))


def listed(story: Story, posts: dict[str, datetime], on: date = AS_OF) -> Story:
    """The posts as listed now; the marts know of no others."""
    rows = [{"platform": "mastodon", "post_id": post, "published_at": instant} for post, instant in posts.items()]
    return story.reading("social", "social_posts", at(on), rows)


def counters(story: Story, mornings: Iterable[date], totals: dict[str, list[int | None]], *, hour: int = 5) -> Story:
    """Running totals of likes of each post, one a morning; None: not there."""
    for number, morning in enumerate(mornings):
        rows = [
            {"platform": "mastodon", "post_id": post, "likes": likes[number], "comments": 0, "shares": None}
            for post, likes in totals.items()
            if likes[number] is not None
        ]
        story.reading("social", "post_counters", at(morning, hour), rows)
    return story


def nightly(client: str, start: date, end: date) -> Story:
    """One post from before the first listing that gets 2 likes a day."""
    mornings = days(start, end)
    story = account(client, first=start)
    counters(story, mornings, {"old": [100 + 2 * number for number in range(len(mornings))]})
    return listed(story, {"old": datetime(2026, 3, 1, tzinfo=UTC)})


def gap(client: str, before: date, after: date) -> Story:
    """Nightly readings but for a gap, in which the post gets 48 likes."""
    story = account(client)
    early, late = days(date(2026, 9, 1), before), days(after, AS_OF)
    counters(story, [*early, *late], {"old": [100] * len(early) + [148] * len(late)})
    return listed(story, {"old": datetime(2026, 3, 1, tzinfo=UTC)})


def stories() -> list[Story]:
    october_mornings = days(OCTOBER, AS_OF)
    new = account("new_post", first=date(2026, 9, 30))
    published = datetime(2026, 10, 5, 14, tzinfo=UTC)
    likes: list[int | None] = [None if morning <= date(2026, 10, 5) else 7 for morning in october_mornings]
    counters(new, [date(2026, 9, 30), *october_mornings], {"new": [None, *likes]})

    deleted = account("deleted_post", first=date(2026, 9, 30))
    gone = [None if m <= date(2026, 10, 5) or m > date(2026, 10, 20) else 7 for m in october_mornings]
    counters(deleted, [date(2026, 9, 30), *october_mornings], {"deleted": [None, *gone]})

    night = account("published_at_night", first=date(2026, 9, 30))
    after_two = [None if morning < NOVEMBER else 3 for morning in october_mornings]
    counters(night, [date(2026, 9, 30), *october_mornings], {"night": [None, *after_two]})

    unliked = account("taken_back")
    mornings = days(date(2026, 10, 1), AS_OF)
    counters(unliked, mornings, {"old": [100 - min(number, 5) for number in range(len(mornings))]})

    hidden = account("hidden_likes")
    story_likes: list[int | None] = [10, 10, None, None, 16] + [16] * (len(mornings) - 5)
    for morning, count in zip(mornings, story_likes, strict=True):
        row = {"platform": "mastodon", "post_id": "p", "likes": count, "comments": 4, "shares": 0}
        hidden.reading("social", "post_counters", at(morning), [row])

    half_hidden, all_hidden = account("one_post_hides"), account("all_posts_hide")
    for number, morning in enumerate(mornings):
        row = {"platform": "mastodon", "comments": number, "shares": 0}
        secret = {**row, "post_id": "secret", "likes": None}
        half_hidden.reading(
            "social", "post_counters", at(morning), [{**row, "post_id": "open", "likes": 2 * number}, secret]
        )
        all_hidden.reading("social", "post_counters", at(morning), [secret])
    shown = {"open": datetime(2026, 10, 2, 12, tzinfo=UTC), "secret": datetime(2026, 10, 2, 12, tzinfo=UTC)}

    daylight = account("clocks_change", zone="America/Los_Angeles", first=date(2026, 10, 28))
    # snapshots at 20:00 Pacific stand for their own day; the gap holds 1 November, which has 25 hours there
    counters(daylight, [date(2026, 10, 31), date(2026, 11, 3)], {"old": [0, 73]}, hour=5)

    platform = Story("platforms_own").source("social", "linkedin", zone="UTC")
    platform.raw(
        "social",
        "interactions_daily",
        [
            {"platform": "linkedin", "day": day, "likes": 3, "comments": 1, "shares": None}
            for day in days(OCTOBER, date(2026, 10, 30))
        ],
    )
    platform.loaded("social", "interactions_daily", OCTOBER, date(2026, 10, 31))
    counters(platform, october_mornings, {"old": list(range(len(october_mornings)))})

    return [
        nightly("nightly", SEPTEMBER, AS_OF),
        nightly("started_mid_month", date(2026, 10, 15), AS_OF),
        gap("gap_inside", date(2026, 10, 10), date(2026, 10, 20)),
        gap("gap_over_month_end", date(2026, 10, 30), date(2026, 11, 3)),
        gap("one_night_missed", date(2026, 10, 31), date(2026, 11, 2)),
        listed(new, {"new": published}),
        listed(deleted, {}),
        listed(night, {"night": datetime(2026, 11, 1, 2, tzinfo=UTC)}),
        listed(unliked, {"old": datetime(2026, 3, 1, tzinfo=UTC)}),
        listed(hidden, {"p": datetime(2026, 3, 1, tzinfo=UTC)}),
        listed(half_hidden, shown),
        listed(all_hidden, {"secret": shown["secret"]}),
        daylight,
        platform,
        account("unopened", opened=date(2026, 12, 1)),
        Story("no_reading").source("social", "mastodon"),
    ]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(stories())


def test_differences_of_nightly_snapshots_are_the_days_interactions(con: duckdb.DuckDBPyConnection) -> None:
    october = month_of(con, "nightly", "interactions", OCTOBER)
    assert (october["value"], october["is_estimated"], october["observed_share"]) == (62, False, 1.0)
    assert set(days_of(con, "nightly", "interactions").values()) == {2.0}


def test_before_the_first_snapshot_there_is_nothing(con: duckdb.DuckDBPyConnection) -> None:
    # the first morning's reading stands for 14 October and is only where counting begins
    assert min(days_of(con, "started_mid_month", "interactions")) == date(2026, 10, 15)
    row = month_of(con, "started_mid_month", "interactions", OCTOBER)
    assert (row["value"], row["note"]) == (None, "social: 17 of 31 days observed")
    assert value_of(con, "no_reading", "interactions", OCTOBER) is None


def test_a_gap_inside_a_month_belongs_to_the_month_whole(con: duckdb.DuckDBPyConnection) -> None:
    row = month_of(con, "gap_inside", "interactions", OCTOBER)
    assert (row["value"], row["is_estimated"]) == (48, False)


def test_a_gap_over_a_months_end_is_split_by_elapsed_time_and_estimated(con: duckdb.DuckDBPyConnection) -> None:
    # the readings stand for 29 October and 2 November: two days on each side, clocks don't change between
    october = month_of(con, "gap_over_month_end", "interactions", OCTOBER)
    november = month_of(con, "gap_over_month_end", "interactions", NOVEMBER)
    assert (october["value"], november["value"]) == (24, 24)
    assert october["is_estimated"]
    assert november["is_estimated"]
    assert "gap at a month end" in october["note"]


def test_a_missed_night_over_the_months_end_is_more_than_36_hours(con: duckdb.DuckDBPyConnection) -> None:
    # 48 hours between readings that stand for 30 October and 1 November
    assert value_of(con, "one_night_missed", "interactions", OCTOBER) == 24
    assert value_of(con, "one_night_missed", "interactions", NOVEMBER) == 24


def test_a_split_counts_a_25_hour_day_as_such(con: duckdb.DuckDBPyConnection) -> None:
    # 05:00 in Stockholm is 21:00 the evening before in Los Angeles: readings stand for 30 October and 2 November
    split = days_of(con, "clocks_change", "interactions")
    assert split == {date(2026, 10, 31): 24, date(2026, 11, 1): 25, date(2026, 11, 2): 24}


def test_a_post_from_after_the_first_listing_starts_at_zero(con: duckdb.DuckDBPyConnection) -> None:
    assert days_of(con, "new_post", "interactions")[date(2026, 10, 5)] == 7
    assert value_of(con, "new_post", "interactions", OCTOBER) == 7


def test_a_deleted_post_keeps_what_it_received_and_leaves_the_count(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "deleted_post", "interactions", OCTOBER) == 7
    assert value_of(con, "deleted_post", "social_posts", OCTOBER) == 0
    assert value_of(con, "new_post", "social_posts", OCTOBER) == 1
    assert con.execute("select count(*) from marts.social_posts where client = 'deleted_post'").fetchone() == (0,)


def test_nothing_happens_to_a_post_before_it_is_published(con: duckdb.DuckDBPyConnection) -> None:
    received = days_of(con, "published_at_night", "interactions")
    assert (received[date(2026, 10, 31)], received[NOVEMBER]) == (0, 3)


def test_likes_taken_back_stay_negative(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "taken_back", "interactions", OCTOBER) == -5


def test_likes_that_were_hidden_in_between_go_on_from_where_they_were(con: duckdb.DuckDBPyConnection) -> None:
    october = month_of(con, "hidden_likes", "interactions", OCTOBER)
    assert (october["value"], october["is_estimated"], october["observed_share"]) == (6, False, 1.0)


def test_a_month_in_which_a_post_hides_its_likes_is_estimated_and_says_so(con: duckdb.DuckDBPyConnection) -> None:
    october = month_of(con, "one_post_hides", "interactions", OCTOBER)
    # of 1 to 31 October: two likes and a comment a day for the one, a comment a day for the other
    assert (october["value"], october["is_estimated"]) == (31 * 4, True)
    assert "without counts that the platform hides" in october["note"]
    rows = con.execute(
        "select post_id, likes, comments, interactions, interactions_28d from marts.social_posts"
        " where client = 'one_post_hides' order by post_id"
    ).fetchall()
    assert rows == [("open", 100, 50, 150, 87), ("secret", None, 50, None, None)]
    ratio = month_of(con, "one_post_hides", "interactions_per_post", OCTOBER)
    assert (ratio["value"], ratio["observed_share"]) == (None, 0.5)


def test_where_all_posts_hide_their_likes_a_month_has_no_value_and_never_the_comments_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    october = month_of(con, "all_posts_hide", "interactions", OCTOBER)
    assert (october["value"], october["observed_share"]) == (None, 0.0)
    assert days_of(con, "all_posts_hide", "interactions") == {}


def test_the_platforms_own_daily_figures_go_before_differences(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "platforms_own", "interactions", OCTOBER) == 30 * 4
    assert days_of(con, "platforms_own", "interactions")[date(2026, 10, 31)] == 0


def test_before_opening_there_were_no_interactions(con: duckdb.DuckDBPyConnection) -> None:
    assert value_of(con, "unopened", "interactions", OCTOBER) == 0


def test_each_day_of_a_gap_is_estimated_though_its_month_is_not(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select is_estimated, count(*), sum(interactions) from marts.social_post_daily"
        " where client = 'gap_inside' and day between '2026-10-10' and '2026-10-19' group by all"
    ).fetchall()
    assert rows == [(True, 10, pytest.approx(48))]


@pytest.fixture(scope="module")
def posts() -> duckdb.DuckDBPyConnection:
    """Posts of October in three ages, read every morning or late."""
    mature, young = datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 11, 10, 12, tzinfo=UTC)
    mornings = days(date(2026, 10, 2), AS_OF)
    growing: list[int | None] = [min(number, 40) + 1 for number in range(len(mornings))]
    fresh: list[int | None] = [None if morning <= young.date() else 9 for morning in mornings]

    ages = account("ages", first=date(2026, 9, 30))
    counters(ages, mornings, {"mature": growing, "quiet": [2] * len(mornings), "young": fresh})
    listed(ages, {"mature": mature, "quiet": mature, "young": young})

    late = account("late", first=date(2026, 11, 10))
    counters(late, days(date(2026, 11, 10), AS_OF), {"old": [500] * 11, "recent": [30] * 11})
    listed(late, {"old": datetime(2026, 10, 1, tzinfo=UTC), "recent": datetime(2026, 10, 20, tzinfo=UTC)})

    missed = account("missed", first=date(2026, 9, 30))
    counters(missed, [date(2026, 10, 26), date(2026, 11, 1)], {"p": [20, 32]})
    listed(missed, {"p": mature})

    near_midnight = account("midnight", zone="UTC")
    listed(near_midnight, {"p": datetime(2026, 9, 30, 22, 30, tzinfo=UTC)})
    return build([ages, late, missed, near_midnight])


def test_interactions_per_post_rest_on_the_first_28_days_of_matured_posts(posts: duckdb.DuckDBPyConnection) -> None:
    # the reading of day 27 after publication is that of 29 October's morning: 27 days of growth and 1
    rows = posts.execute(
        "select post_id, interactions, interactions_28d, is_maturing from marts.social_posts"
        " where client = 'ages' order by post_id"
    ).fetchall()
    assert rows == [("mature", 41, 28, False), ("quiet", 2, 2, False), ("young", 9, 9, True)]
    october = month_of(posts, "ages", "interactions_per_post", OCTOBER)
    assert (october["value"], october["numerator"], october["denominator"]) == (15, 30, 2)
    assert (october["median"], october["observed_share"]) == (15, 1.0)


def test_posts_still_maturing_are_left_out_and_said_so(posts: duckdb.DuckDBPyConnection) -> None:
    november = month_of(posts, "ages", "interactions_per_post", NOVEMBER)
    assert (november["value"], november["denominator"]) == (None, 0)
    assert "1 posts younger than 28 days left out" in november["note"]


def test_a_post_older_than_28_days_at_its_first_reading_is_not_known(posts: duckdb.DuckDBPyConnection) -> None:
    rows = posts.execute(
        "select post_id, interactions_28d from marts.social_posts where client = 'late' order by post_id"
    ).fetchall()
    assert rows == [("old", None), ("recent", 30)]
    october = month_of(posts, "late", "interactions_per_post", OCTOBER)
    assert (october["value"], october["observed_share"]) == (None, 0.5)


def test_between_two_readings_the_28th_day_is_by_elapsed_days(posts: duckdb.DuckDBPyConnection) -> None:
    # readings stand for 25 and 31 October; the 28th day is 28 October
    row = posts.execute("select interactions_28d from marts.social_posts where client = 'missed'").fetchone()
    assert row == (26,)
    october = month_of(posts, "missed", "interactions_per_post", OCTOBER)
    assert (october["value"], october["is_estimated"]) == (26, True)
    assert "split by elapsed days" in october["note"]
    assert not month_of(posts, "ages", "interactions_per_post", OCTOBER)["is_estimated"]


def test_social_posts_are_counted_in_the_clients_zone(posts: duckdb.DuckDBPyConnection) -> None:
    # 22:30 UTC on 30 September is 00:30 on 1 October in Stockholm
    assert value_of(posts, "midnight", "social_posts", SEPTEMBER) == 0
    assert value_of(posts, "midnight", "social_posts", OCTOBER) == 1


def test_a_post_that_was_not_there_at_the_last_reading_adds_nothing_twice() -> None:
    story = account("back_again", first=date(2026, 9, 30))
    mornings = [date(2026, 9, 30) + timedelta(days=number) for number in range(6)]
    counters(story, mornings, {"p": [None, 5, None, None, 9, 9]})
    con = build([listed(story, {"p": datetime(2026, 9, 30, 14, tzinfo=UTC)})])
    assert sum(days_of(con, "back_again", "interactions").values()) == pytest.approx(9)
