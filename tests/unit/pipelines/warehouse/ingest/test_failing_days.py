"""Days that a vendor always answers with an error keep out no others for good; an outage of a night is no such day.

Really under test: ``planning.windows_to_read`` over the ledger of nights on which ``read_source`` stops at an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.core.protocol import Stream
from connectors.core.raw_tables import WEB_DAILY
from okr_models.periods import ONE_DAY, Window
from pipelines.warehouse.ingest.ledger import Load
from tests.unit.pipelines.warehouse.ingest.test_planning import DAILY, MONTHLY, NIGHT, load, plan

START = date(2026, 1, 1)
BROKEN = date(2026, 8, 12)


def nights(stream: Stream, fails: Callable[[Window, date], bool], *, count: int, first: date = NIGHT) -> list[Load]:
    """The ledger after so many nights, each of which ends at its first error."""
    loads: list[Load] = []
    for night in (first + timedelta(days=n) for n in range(count)):
        for window in plan(stream, night, loads, start=START):
            if fails(window, night):
                loads.append(replace(load(window, night, status="failed"), error_class="unavailable"))
                break
            loads.append(load(window, night))
    return loads


def never_read(loads: list[Load], *, until: date) -> list[date]:
    read = {day for row in loads if row.status == "loaded" for day in row.window}
    return [day for day in Window(START, until) if day not in read]


def test_a_day_of_the_past_that_always_fails_is_in_the_end_the_only_one_that_is_not_there():
    loads = nights(DAILY, lambda window, _: BROKEN in window, count=20)
    assert never_read(loads, until=NIGHT) == [BROKEN]


def test_days_that_always_fail_keep_out_no_new_ones_from_the_third_night_on():
    broken = Window(NIGHT - ONE_DAY, NIGHT)
    loads = nights(DAILY, lambda window, _: window.intersect(broken) is not None, count=3)
    assert never_read(loads, until=NIGHT)
    loads = nights(DAILY, lambda window, _: window.intersect(broken) is not None, count=20)
    assert never_read(loads, until=NIGHT + timedelta(days=18)) == list(broken)


def test_a_month_that_always_fails_keeps_out_no_other():
    loads = nights(MONTHLY, lambda window, _: BROKEN in window, count=10)
    assert [day for day in never_read(loads, until=NIGHT) if day.month != BROKEN.month] == []


def test_a_stream_asked_for_all_of_its_history_at_once_is_not_cut():
    whole = Stream(table=WEB_DAILY, delivery="window", settle_days=3, slice_days=3660)
    loads = nights(whole, lambda _, night: night < NIGHT + timedelta(days=3), count=3)
    windows = plan(whole, NIGHT + timedelta(days=3), loads, start=START)
    fresh, oldest, since = windows
    assert fresh == Window(NIGHT + ONE_DAY, NIGHT + 2 * ONE_DAY)
    assert (oldest, since) == (Window(START, NIGHT - ONE_DAY), Window(NIGHT, NIGHT)), "as they were asked last"


@pytest.mark.parametrize("error_class", ["auth", "quota", "permission", "unavailable"])
def test_an_outage_of_a_night_and_what_is_of_the_account_change_no_window(error_class: str):
    count = 1 if error_class == "unavailable" else 9
    loads = [
        replace(load(Window(START, night - ONE_DAY), night, status="failed"), error_class=error_class)
        for night in (NIGHT + timedelta(days=n) for n in range(count))
    ]
    tonight = NIGHT + timedelta(days=count)
    assert plan(DAILY, tonight, loads, start=START) == plan(DAILY, tonight, [], start=START)


def test_a_budget_lets_the_newest_days_through_though_they_failed_before():
    stream = replace(DAILY, slice_days=10, reads_per_night=3)
    loads = nights(stream, lambda *_: True, count=4)
    windows = plan(stream, NIGHT + timedelta(days=4), loads, start=START)
    assert NIGHT + timedelta(days=3) in windows[0]
    assert min(window.start for window in windows) > NIGHT - timedelta(days=40), "the budget is the newest windows'"


@pytest.mark.parametrize("budget", [None, 2])
def test_a_day_that_always_fails_takes_no_read_from_the_history_behind_it(budget: int | None):
    stream = replace(DAILY, slice_days=60, reads_per_night=budget)
    loads = nights(stream, lambda window, _: BROKEN in window, count=30)
    assert never_read(loads, until=NIGHT) == [BROKEN]
    last = max(row.started_at for row in loads)
    assert [row.status for row in loads if row.started_at == last][-1] == "failed", "it is asked and named each night"


def test_of_a_month_that_always_fails_all_days_beside_it_are_read_in_the_end():
    broken = Window(BROKEN - 29 * ONE_DAY, BROKEN)
    loads = nights(DAILY, lambda window, _: window.intersect(broken) is not None, count=80)
    assert never_read(loads, until=NIGHT) == list(broken)
