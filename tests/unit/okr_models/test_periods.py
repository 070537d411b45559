"""Which day an instant is of, and which day's end a snapshot stands for, where clocks change.

Under test: ``okr_models.periods`` on the day of 23 hours and the day of 25 hours in Stockholm.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from okr_models.periods import local_date, snapshot_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("taken_at", "on_the_clock", "day"),
    [
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "2026-03-29T00:00", date(2026, 3, 28)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29T01:59", date(2026, 3, 28)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29T03:00", date(2026, 3, 28)),
        (datetime(2026, 3, 29, 9, 59, tzinfo=UTC), "2026-03-29T11:59", date(2026, 3, 28)),
        (datetime(2026, 3, 29, 10, 0, tzinfo=UTC), "2026-03-29T12:00", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "2026-03-29T23:59", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "2026-03-30T00:00", date(2026, 3, 29)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30", date(2026, 10, 24)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:30", date(2026, 10, 24)),
        (datetime(2026, 10, 25, 10, 59, tzinfo=UTC), "2026-10-25T11:59", date(2026, 10, 24)),
        (datetime(2026, 10, 25, 11, 0, tzinfo=UTC), "2026-10-25T12:00", date(2026, 10, 25)),
    ],
)
def test_a_snapshot_before_noon_on_the_clock_stands_for_the_day_before(
    taken_at: datetime, on_the_clock: str, day: date
) -> None:
    assert taken_at.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M") == on_the_clock
    assert local_date(taken_at, STOCKHOLM) == date.fromisoformat(on_the_clock[:10])
    assert snapshot_day(taken_at, STOCKHOLM) == day
