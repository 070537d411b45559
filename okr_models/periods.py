"""Calendar values: inclusive day windows, months, and which day a snapshot stands for.

What belongs here: arithmetic on dates that every room needs. What does not: any reading of the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
NOON = 12


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Days from ``start`` to ``end``, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a window cannot end ({self.end}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """Number of days, at least 1."""
        return (self.end - self.start).days + 1

    def __iter__(self) -> Iterator[date]:
        day = self.start
        while day <= self.end:
            yield day
            day += ONE_DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def intersect(self, other: Window) -> Window | None:
        """The days in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start <= end else None

    def slices(self, days: int) -> Iterator[Window]:
        """Cut into consecutive windows of at most ``days`` days, oldest first."""
        start = self.start
        while start <= self.end:
            end = min(start + timedelta(days=days - 1), self.end)
            yield Window(start, end)
            start = end + ONE_DAY

    def months(self) -> tuple[date, ...]:
        """The first day of every calendar month that the window touches."""
        first, months = month_start(self.start), []
        while first <= self.end:
            months.append(first)
            first = add_months(first, 1)
        return tuple(months)


def window_from_instants(start: datetime, end_excluded: datetime) -> Window:
    """Dagster's time window (end excluded) as the inclusive dates that APIs take."""
    last = (end_excluded - timedelta(microseconds=1)).date()
    return Window(start.date(), last)


def month_start(day: date) -> date:
    """The first day of the month of ``day``."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """The last day of the month of ``day``."""
    return add_months(month_start(day), 1) - ONE_DAY


def add_months(first: date, months: int) -> date:
    """``first`` (a first of a month) moved by whole months."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_window(day: date) -> Window:
    """The whole month of ``day``."""
    return Window(month_start(day), month_end(day))


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an aware instant in ``zone``."""
    return instant.astimezone(zone).date()


def snapshot_day(taken_at: datetime, zone: ZoneInfo) -> date:
    """The day a snapshot stands for: taken before noon in the source's zone, it is the day before's end."""
    local = taken_at.astimezone(zone)
    return local.date() - ONE_DAY if local.hour < NOON else local.date()
