"""The one clock. Nothing else in the program asks the machine for the time; everybody else is handed ``now``.

What belongs here: where the time comes from. What does not: arithmetic on dates (``okr_models/periods.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from okr_models.client.fields import FIRST_YEAR, LAST_YEAR

TODAY_VARIABLE = "OKR_TODAY"
FIXED_ZONE = ZoneInfo("Europe/Stockholm")
FIXED_TIME = time(5, 0)


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""


class BadToday(ValueError):
    """``OKR_TODAY`` is set to something that is no date, or none of a time in which a client file can stand."""

    def __init__(self, *, value: str, problem: str = "is not a date") -> None:
        super().__init__(f"{TODAY_VARIABLE}={value!r} {problem}; write it as 2026-11-20, or unset it")


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Always the same instant."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


def fixed_clock(day: date) -> FixedClock:
    """05:00 Europe/Stockholm of ``day``, when the night runs."""
    return FixedClock(datetime.combine(day, FIXED_TIME, FIXED_ZONE).astimezone(UTC))


def clock_from(environ: Mapping[str, str]) -> Clock:
    """The clock that ``OKR_TODAY`` asks for, else the machine's. Raises ``BadToday``."""
    value = environ.get(TODAY_VARIABLE, "").strip()
    if not value:
        return SystemClock()
    try:
        day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day, no instant
    except ValueError as error:
        raise BadToday(value=value) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadToday(value=value, problem=f"lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return fixed_clock(day)
