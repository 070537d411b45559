"""A night is one day: the partition of yesterday, Europe/Stockholm. A materialised day means "that night ran".

What belongs here: the partitions and what a selection of them means. What does not: which days of which source are
loaded (``ops.loads``) or due (``ingest/planning.py``).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from okr_models.periods import Window

NIGHT_ZONE = "Europe/Stockholm"
FIRST_NIGHT = date(2000, 1, 1)
"""Before any source's first day: what a client's data can begin with is said by its file and its sources' own reach,
and Dagster's calendar must not begin later."""
LONGEST_RERUN_DAYS = 1_100
EVERY_MORNING = dg.FreshnessPolicy.cron(
    deadline_cron="0 7 * * *", lower_bound_delta=timedelta(hours=3), timezone=NIGHT_ZONE
)
"""The night starts at five; what is not made by seven is late."""

nights = dg.DailyPartitionsDefinition(start_date=FIRST_NIGHT.isoformat(), timezone=NIGHT_ZONE)


class BadRange(ValueError):
    """Days that can't be read again."""

    def __init__(self, *, start: date, end: date, why: str) -> None:
        super().__init__(f"can't read {start} to {end} again: {why}")


def yesterday(now: datetime) -> date:
    """The day whose night it is at ``now``."""
    return now.astimezone(ZoneInfo(NIGHT_ZONE)).date() - timedelta(days=1)


def checked_rerun(start: date, end: date, *, now: datetime) -> Window:
    """The days of an explicit rerun, clipped to those that are over. Raises ``BadRange`` on nonsense."""
    if end < start:
        raise BadRange(start=start, end=end, why="the range ends before it starts")
    if start < FIRST_NIGHT:
        raise BadRange(start=start, end=end, why=f"no source has days before {FIRST_NIGHT}")
    if start > yesterday(now):
        raise BadRange(start=start, end=end, why=f"none of it is over yet; yesterday was {yesterday(now)}")
    window = Window(start, min(end, yesterday(now)))
    if window.days > LONGEST_RERUN_DAYS:
        raise BadRange(start=start, end=end, why=f"{window.days} days are more than {LONGEST_RERUN_DAYS} at once")
    return window


def rerun_of(context: dg.AssetExecutionContext, *, now: datetime) -> Window | None:
    """The days that a run was asked to read again; None for an ordinary night.

    An ordinary night has yesterday's partition, or none at all (a run launched without one).
    """
    if context.has_partition_key_range:
        chosen = context.partition_key_range
        start, end = date.fromisoformat(chosen.start), date.fromisoformat(chosen.end)
    elif context.has_partition_key:
        start = end = date.fromisoformat(context.partition_key)
    else:
        return None
    return None if start == end == yesterday(now) else checked_rerun(start, end, now=now)
