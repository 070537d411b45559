"""What the night reads, worked out from the ledger alone: no day is left out, whatever nights the machine was off.

Really under test: ``planning.windows_to_read`` and its siblings, as pure functions over ledger rows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.core.doubt import Doubt, qualified
from connectors.core.protocol import Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, WEB_DAILY, WEB_MONTHLY
from connectors.threads.source import INTERACTIONS
from okr_models.periods import ONE_DAY, Window, month_end, month_start
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.planning import (
    Asked,
    listing_is_due,
    missed_snapshots,
    newest_day,
    oldest_day,
    snapshot_is_due,
    windows_to_read,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PACIFIC = ZoneInfo("America/Los_Angeles")
DAILY = Stream(table=WEB_DAILY, delivery="window", settle_days=3, slice_days=90)
MONTHLY = Stream(table=WEB_MONTHLY, delivery="window", grain="month", slice_days=366)
NIGHT = date(2026, 11, 20)


def load(window: Window, on: date, *, status: str = "loaded", at: datetime | None = None) -> Load:
    instant = at or fixed_clock(on).now()
    return Load(
        client="acme",
        source="web",
        stream="web_daily",
        window=window,
        rows=1,
        status=status,
        attempts=1,
        started_at=instant,
        finished_at=instant,
        run_id="r",
    )


def plan(
    stream: Stream,
    night: date,
    loads: list[Load],
    *,
    start: date,
    zone: ZoneInfo = STOCKHOLM,
    reread: Window | None = None,
    opened: date | None = None,
) -> tuple[Window, ...]:
    asked = Asked(start=start, opened=opened)
    return windows_to_read(stream, asked=asked, loads=loads, now=fixed_clock(night).now(), zone=zone, reread=reread)


def live(stream: Stream, nights: list[date], *, start: date, zone: ZoneInfo = STOCKHOLM) -> list[Load]:
    """The ledger after running each of ``nights``, every read succeeding."""
    loads: list[Load] = []
    for night in nights:
        loads += [load(window, night) for window in plan(stream, night, loads, start=start, zone=zone)]
    return loads


def last_read(loads: list[Load]) -> dict[date, date]:
    read: dict[date, date] = {}
    for row in loads:
        for day in row.window:
            read[day] = row.started_at.astimezone(STOCKHOLM).date()
    return read


def test_a_new_client_gets_its_whole_history_newest_days_first():
    windows = plan(DAILY, NIGHT, [], start=date(2026, 1, 1))
    assert windows[0].end == date(2026, 11, 19)
    assert windows[-1].start == date(2026, 1, 1)
    assert all(later.start - ONE_DAY == earlier.end for later, earlier in pairwise(windows))
    assert all(window.days <= 90 for window in windows)


def test_an_ordinary_night_reads_yesterday_and_the_unsettled_days():
    loads = [load(Window(date(2026, 1, 1), date(2026, 11, 18)), date(2026, 11, 19))]
    # 15 November settles on the 19th, when it was last read
    assert plan(DAILY, NIGHT, loads, start=date(2026, 1, 1)) == (Window(date(2026, 11, 16), date(2026, 11, 19)),)


def test_a_second_run_on_the_same_day_has_nothing_to_read():
    loads = live(DAILY, [NIGHT], start=date(2026, 1, 1))
    assert plan(DAILY, NIGHT, loads, start=date(2026, 1, 1)) == ()


def test_a_failed_read_leaves_its_days_due():
    window = Window(date(2026, 11, 1), date(2026, 11, 19))
    assert plan(DAILY, NIGHT, [load(window, NIGHT, status="failed")], start=window.start) == (window,)


def not_made(window: Window, on: date) -> Load:
    doubt = Doubt(code="report_not_made", days=Window(date(2026, 10, 1), date(2026, 10, 31)))
    return replace(load(window, on), quality=qualified({}, [doubt], stream="web_monthly", covers=window))


def test_a_month_of_which_there_was_no_report_yet_is_asked_for_again_until_there_is_one():
    months = Window(date(2026, 9, 1), date(2026, 11, 19))
    october = Window(date(2026, 10, 1), date(2026, 10, 31))
    loads = [not_made(months, date(2026, 11, 20))]
    assert plan(MONTHLY, date(2026, 11, 20), loads, start=months.start) == (october,)
    loads.append(load(october, date(2026, 11, 20)))
    assert plan(MONTHLY, date(2026, 11, 20), loads, start=months.start) == ()


def test_days_that_the_source_no_longer_has_are_never_asked_again():
    stream = replace(DAILY, history_days=30)
    assert plan(stream, NIGHT, [], start=date(2024, 1, 1)) == (Window(date(2026, 10, 21), date(2026, 11, 19)),)


def test_days_before_the_vendor_counted_for_anybody_are_never_due():
    """Threads has nothing before April 2024: a client read from January would have had a failed source each night."""
    stream = replace(INTERACTIONS, reads_per_night=None)
    assert plan(stream, NIGHT, [], start=date(2024, 1, 1))[-1].start == date(2024, 4, 13)
    assert plan(stream, NIGHT, [], start=date(2024, 1, 1), reread=Window(date(2024, 1, 1), date(2024, 4, 12))) == ()


def test_skipped_days_are_not_due_unless_they_are_asked_for():
    whole = Window(date(2026, 11, 1), date(2026, 11, 19))
    gone = load(Window(date(2026, 11, 1), date(2026, 11, 5)), NIGHT, status="skipped")
    assert plan(DAILY, NIGHT, [gone], start=whole.start) == (Window(date(2026, 11, 6), date(2026, 11, 19)),)
    assert plan(DAILY, NIGHT, [gone], start=whole.start, reread=whole) == (whole,)


def test_an_earlier_start_in_the_file_brings_the_older_days_in():
    loads = live(DAILY, [NIGHT], start=date(2026, 6, 1))
    assert plan(DAILY, NIGHT, loads, start=date(2026, 5, 1)) == (Window(date(2026, 5, 1), date(2026, 5, 31)),)


def test_nothing_is_asked_from_before_the_account_opened():
    assert plan(DAILY, NIGHT, [], start=date(2024, 1, 1), opened=date(2026, 11, 10))[-1].start == date(2026, 11, 10)


def test_an_account_that_opens_tomorrow_has_nothing_to_read():
    assert plan(DAILY, NIGHT, [], start=date(2026, 11, 20)) == ()


def test_the_newest_day_is_the_sources_own_yesterday_less_its_lag():
    # 05:00 in Stockholm on the 20th is still the evening of the 19th in Los Angeles
    now = fixed_clock(NIGHT).now()
    assert newest_day(DAILY, now=now, zone=STOCKHOLM) == date(2026, 11, 19)
    assert newest_day(DAILY, now=now, zone=PACIFIC) == date(2026, 11, 18)
    assert newest_day(replace(DAILY, lag_days=2), now=now, zone=PACIFIC) == date(2026, 11, 16)


def test_once_a_week_the_last_days_are_read_again():
    stream = replace(DAILY, weekly_reread_days=30)
    start = date(2026, 1, 1)
    sunday, monday = date(2026, 11, 15), date(2026, 11, 16)
    loads = live(stream, [sunday], start=start)
    assert plan(stream, monday, loads, start=start)[-1].start == date(2026, 10, 17)
    loads += live(stream, [], start=start) + [load(w, monday) for w in plan(stream, monday, loads, start=start)]
    assert plan(stream, monday + ONE_DAY, loads, start=start)[-1].start >= date(2026, 11, 13)


def test_a_weekly_reading_that_the_machine_slept_through_is_caught_up():
    stream = replace(DAILY, weekly_reread_days=30)
    start = date(2026, 1, 1)
    loads = live(stream, [date(2026, 11, 15)], start=start)
    wednesday = date(2026, 11, 18)
    assert plan(stream, wednesday, loads, start=start)[-1].start == date(2026, 10, 17)


def test_a_range_asked_for_is_clipped_to_what_exists():
    asked = Window(date(2025, 1, 1), date(2027, 1, 1))
    windows = plan(DAILY, NIGHT, live(DAILY, [NIGHT], start=date(2026, 10, 1)), start=date(2026, 10, 1), reread=asked)
    assert windows == (Window(date(2026, 10, 1), date(2026, 11, 19)),)
    beyond = Window(date(2027, 1, 1), date(2027, 2, 1))
    assert plan(DAILY, NIGHT, [], start=date(2026, 10, 1), reread=beyond) == ()


def test_the_budget_of_a_night_lets_the_newest_days_through_and_is_one_for_the_whole_day():
    stream = replace(DAILY, slice_days=1, reads_per_night=5)
    windows = plan(stream, NIGHT, [], start=date(2026, 1, 1))
    assert [w.start for w in windows] == [date(2026, 11, 19) - timedelta(days=n) for n in range(5)]
    loads = [load(window, NIGHT) for window in windows]
    assert plan(stream, NIGHT, loads, start=date(2026, 1, 1)) == ()
    tomorrow = plan(stream, NIGHT + ONE_DAY, loads, start=date(2026, 1, 1))
    assert tomorrow[0].start == NIGHT
    assert len(tomorrow) == 5


def test_a_month_is_asked_whole_and_the_running_one_as_far_as_it_has_come():
    windows = plan(MONTHLY, NIGHT, [], start=date(2026, 9, 10))
    assert windows == (Window(date(2026, 9, 1), date(2026, 11, 19)),)


def test_a_month_that_the_source_has_only_a_part_of_is_not_asked():
    stream = replace(MONTHLY, history_days=60)
    assert oldest_day(stream, asked=Asked(), now=fixed_clock(NIGHT).now(), zone=STOCKHOLM) == date(2026, 10, 1)


def test_an_ended_month_is_asked_until_it_closes_and_once_more_when_it_is_final():
    start = date(2026, 10, 1)
    read_october_on = []
    loads: list[Load] = []
    for number in range(45):
        night = date(2026, 10, 25) + timedelta(days=number)
        for window in plan(MONTHLY, night, loads, start=start):
            loads.append(load(window, night))
            if date(2026, 10, 31) in window:
                read_october_on.append(night)
    first_days = [date(2026, 11, day) for day in (1, 2, 3, 4, 5)]
    assert read_october_on == [*first_days, date(2026, 11, 15)]


def test_an_ended_month_that_was_only_read_while_it_ran_is_due():
    loads = [load(Window(date(2026, 10, 1), date(2026, 10, 20)), date(2026, 10, 21))]
    windows = plan(MONTHLY, date(2026, 11, 30), loads, start=date(2026, 10, 1))
    assert any(date(2026, 10, 31) in window for window in windows)


days_off = st.lists(st.booleans(), min_size=1, max_size=30)
streams = st.builds(
    lambda settle, lag, weekly, slices, history: replace(
        DAILY, settle_days=settle, lag_days=lag, weekly_reread_days=weekly, slice_days=slices, history_days=history
    ),
    st.integers(0, 10),
    st.integers(0, 3),
    st.sampled_from([0, 7, 30]),
    st.integers(1, 60),
    st.sampled_from([None, 40, 365]),
)


@settings(max_examples=60, deadline=None)
@given(streams, days_off, st.integers(0, 80), st.sampled_from([STOCKHOLM, PACIFIC, ZoneInfo("UTC")]))
def test_no_day_is_ever_left_out_whatever_nights_the_machine_was_off(stream, was_on, before, zone):
    first = date(2026, 3, 20)
    start = first - timedelta(days=before)
    nights = [first + timedelta(days=n) for n, on in enumerate(was_on) if on] + [first + timedelta(days=len(was_on))]
    loads = live(stream, nights, start=start, zone=zone)
    now = fixed_clock(nights[-1]).now()
    today = now.astimezone(zone).date()
    newest = newest_day(stream, now=now, zone=zone)
    oldest = oldest_day(stream, asked=Asked(start=start), now=now, zone=zone)
    read: dict[date, date] = {}
    for row in loads:
        for day in row.window:
            read[day] = row.started_at.astimezone(zone).date()
    day = oldest
    while day <= newest:
        # seen at all, and since it settled, or as late as today if it has not
        assert read[day] >= min(today, day + timedelta(days=1 + stream.settle_days))
        day += ONE_DAY


@settings(max_examples=40, deadline=None)
@given(streams, days_off, st.integers(0, 200))
def test_windows_of_one_night_never_overlap_and_stay_within_reach(stream, was_on, before):
    first = date(2026, 3, 20)
    start = first - timedelta(days=before)
    loads: list[Load] = []
    for number, on in enumerate(was_on):
        if not on:
            continue
        night = first + timedelta(days=number)
        windows = plan(stream, night, loads, start=start)
        reach = Window(start, max(start, newest_day(stream, now=fixed_clock(night).now(), zone=STOCKHOLM)))
        days = [day for window in windows for day in window]
        assert len(days) == len(set(days))
        assert all(day in reach for day in days)
        assert all(window.days <= stream.slice_days for window in windows)
        assert [w.start for w in windows] == sorted((w.start for w in windows), reverse=True)
        loads += [load(window, night) for window in windows]


@settings(max_examples=30, deadline=None)
@given(st.integers(6, 20), st.integers(0, 120))
def test_a_long_history_arrives_over_several_nights_within_the_budget(budget, before):
    stream = replace(DAILY, slice_days=1, settle_days=3, reads_per_night=budget)
    first = date(2026, 3, 20)
    start = first - timedelta(days=before)
    loads: list[Load] = []
    # four unsettled days a night take four reads; what is left of the budget fills the history
    for number in range(1 + before // (budget - 5)):
        night = first + timedelta(days=number)
        windows = plan(stream, night, loads, start=start)
        assert len(windows) <= budget
        loads += [load(window, night) for window in windows]
    read = last_read(loads)
    assert not before or all(day in read for day in Window(start, first - ONE_DAY))


@settings(max_examples=40, deadline=None)
@given(days_off, st.integers(0, 300))
def test_every_ended_month_is_read_after_it_has_ended(was_on, before):
    first = date(2026, 2, 20)
    start = first - timedelta(days=before)
    nights = [first + timedelta(days=n) for n, on in enumerate(was_on) if on] + [first + timedelta(days=len(was_on))]
    loads = live(MONTHLY, nights, start=start)
    read = last_read(loads)
    today = nights[-1]
    for month in Window(start, today - ONE_DAY).months():
        end = month_end(month)
        if end >= today:
            assert read[today - ONE_DAY] == today
            continue
        final = end + timedelta(days=15)
        assert read[end] >= (final if today >= final else min(today, end + timedelta(days=5)))
        assert all(row.window.start == month_start(row.window.start) for row in loads)


def test_a_list_is_read_once_a_day():
    now = fixed_clock(NIGHT).now()
    day = Window(NIGHT - ONE_DAY, NIGHT - ONE_DAY)
    assert listing_is_due(loads=[load(day, NIGHT - ONE_DAY)], now=now, zone=STOCKHOLM)
    assert listing_is_due(loads=[load(day, NIGHT, status="failed")], now=now, zone=STOCKHOLM)
    assert not listing_is_due(loads=[load(day, NIGHT)], now=now, zone=STOCKHOLM)


@pytest.mark.parametrize(
    ("taken", "now", "due"),
    [
        ("2026-11-20T04:00", "2026-11-20T04:00", False),  # the same run again
        ("2026-11-20T04:00", "2026-11-20T09:00", False),  # an hour before noon: the same day, and young
        ("2026-11-20T04:00", "2026-11-20T13:00", True),  # the afternoon stands for the 20th itself
        ("2026-11-19T13:00", "2026-11-20T04:00", True),  # nearer the end of the 19th than yesterday's
        ("2026-11-19T04:00", "2026-11-20T04:00", True),
    ],
)
def test_a_counter_is_read_unless_a_young_reading_stands_for_the_same_day(taken, now, due):
    taken_at = datetime.fromisoformat(taken).replace(tzinfo=UTC)
    local = taken_at.astimezone(STOCKHOLM)
    stands_for = local.date() - (ONE_DAY if local.hour < 12 else timedelta(0))
    row = load(Window(stands_for, stands_for), NIGHT, at=taken_at)
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert snapshot_is_due(loads=[row], now=at, zone=STOCKHOLM) is due


def test_days_between_two_readings_are_named_once():
    assert FOLLOWER_SNAPSHOTS.append_only
    first = load(Window(date(2026, 11, 10), date(2026, 11, 10)), date(2026, 11, 11))
    gaps = missed_snapshots(loads=[first], taken_for=date(2026, 11, 14))
    assert gaps == (Window(date(2026, 11, 11), date(2026, 11, 13)),)
    noted = [first, load(gaps[0], date(2026, 11, 15), status="skipped")]
    assert missed_snapshots(loads=noted, taken_for=date(2026, 11, 14)) == ()


def test_before_the_first_reading_nothing_was_missed():
    assert missed_snapshots(loads=[], taken_for=date(2026, 11, 14)) == ()


def test_a_day_whose_reading_failed_was_missed():
    first = load(Window(date(2026, 11, 10), date(2026, 11, 10)), date(2026, 11, 11))
    failed = load(Window(date(2026, 11, 11), date(2026, 11, 11)), date(2026, 11, 12), status="failed")
    assert missed_snapshots(loads=[first, failed], taken_for=date(2026, 11, 12)) == (
        Window(date(2026, 11, 11), date(2026, 11, 11)),
    )
