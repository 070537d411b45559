"""Days of the simulated horizon: where each local day begins in UTC, and how busy it is.

What belongs here: the horizon, day arithmetic in any zone (DST included), season, weekday and growth factors. What
does not: people or pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HORIZON_START = date(2023, 7, 1)
"""First day of every brand's log: the day on which its analytics were set up."""
HORIZON_END = date(2027, 12, 31)
"""Last simulated day; a virtual now after it sees no new events."""

_MARGIN = 3
"""Days beyond the horizon at both ends, so that any zone's days of any event are found."""
_FIRST = HORIZON_START - timedelta(days=_MARGIN + 200)


def epoch_day(day: date) -> int:
    """Days since 1970-01-01, as numpy's ``datetime64[D]`` counts them."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def from_epoch_day(number: int) -> date:
    """The other way."""
    return date.fromordinal(number + date(1970, 1, 1).toordinal())


@lru_cache(maxsize=32)
def _starts(zone: str) -> Ints:
    """UTC seconds at which each local day from ``_FIRST`` on begins."""
    info = ZoneInfo(zone)
    count = (HORIZON_END - _FIRST).days + 1 + 2 * _MARGIN + 90
    starts = [
        int(datetime.combine(_FIRST + timedelta(days=n), time(0), info).astimezone(UTC).timestamp())
        for n in range(count)
    ]
    return np.array(starts, dtype=np.int64)


def day_start(day: date, zone: str) -> int:
    """UTC seconds at which ``day`` begins in ``zone``."""
    return int(datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC).timestamp())


def day_starts(first: date, count: int, zone: str) -> Ints:
    """UTC seconds at which ``count`` local days from ``first`` on begin, and one more: where the last one ends."""
    offset = (first - _FIRST).days
    return _starts(zone)[offset : offset + count + 1]


def local_days(seconds: Ints, zone: str) -> Ints:
    """Epoch day, in ``zone``, of each UTC instant."""
    starts = _starts(zone)
    found = np.searchsorted(starts, seconds, side="right") - 1
    days: Ints = found.astype(np.int64) + epoch_day(_FIRST)
    return days


def busyness(
    first: date, count: int, *, weekday: tuple[float, ...], season: tuple[float, ...], growth: Mapping[int, float]
) -> Floats:
    """A factor a day around 1: weekday (Monday first) x season (twelve months, interpolated) x growth by year.

    ``growth`` is the growth over each calendar year, compounded day by day from the horizon's start.
    """
    days = [first + timedelta(days=n) for n in range(count)]
    weekdays = np.array([weekday[day.weekday()] for day in days])
    mid = np.array([(day.month - 1) + (day.day - 15) / 30.5 for day in days])
    months = np.interp(mid, np.arange(-1, 13), np.array([season[-1], *season, season[0]]))
    daily = np.array([np.log1p(growth.get(day.year, 0.0)) / 365.25 for day in days])
    level = np.exp(np.cumsum(daily) - float(np.sum(daily[: max((HORIZON_START - first).days, 0)])))
    factor: Floats = weekdays * months * level
    return factor
