"""How much of Meta's call budget is used, as every reply's headers say, and how long to hold back for it.

What belongs here: ``X-App-Usage`` and ``X-Business-Use-Case-Usage``. What does not: what an error's code means
(``errors.py``) or the calls themselves (``graph.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.core.shape import Json

SLOW_FROM_PCT = 75.0
STOP_FROM_PCT = 95.0
LONGEST_SLOWDOWN_SECONDS = 10.0
ROLLING_WINDOW_SECONDS = 3600.0
"""Where Meta does not say when access comes back: its windows roll over an hour."""
LIMITS = (
    "A budget of calls in rolling windows, which grows with how many people use the page or account; Meta says in each"
    f" reply how much of it is used. From {SLOW_FROM_PCT:.0f} % on calls are slowed down, at {STOP_FROM_PCT:.0f} % they"
    " stop: the next night goes on."
)
"""For the docs."""

_PERCENTAGES = ("call_count", "total_time", "total_cputime")
_MINUTES = "estimated_time_to_regain_access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The fullest of all budgets that a reply reports, and the longest wait that it names."""

    percent: float = 0.0
    regain_seconds: float = 0.0


def read_usage(headers: Mapping[str, str]) -> Usage | None:
    """Usage from a reply's headers; None where it reports none that can be read."""
    entries = list(_entries(headers))
    if not entries:
        return None
    return Usage(
        percent=max(_number(entry, name) for entry in entries for name in _PERCENTAGES),
        regain_seconds=60 * max(_number(entry, _MINUTES) for entry in entries),
    )


def _entries(headers: Mapping[str, str]) -> Iterator[dict[str, Json]]:
    app = _parsed(headers.get("X-App-Usage", ""))
    if isinstance(app, dict):
        yield app
    business = _parsed(headers.get("X-Business-Use-Case-Usage", ""))
    for listed in business.values() if isinstance(business, dict) else ():
        yield from (entry for entry in listed if isinstance(entry, dict)) if isinstance(listed, list) else ()


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _number(entry: Mapping[str, Json], name: str) -> float:
    value = entry.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


class Pace:
    """The budget as the last reply told it. One for each opened account."""

    def __init__(self) -> None:
        self.usage = Usage()

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from a reply, good or bad; one without these headers changes nothing."""
        self.usage = read_usage(headers) or self.usage

    @property
    def spent(self) -> bool:
        """Whether to stop calling: nearly all is used, or Meta names a wait."""
        return self.usage.percent >= STOP_FROM_PCT or self.usage.regain_seconds > 0

    @property
    def comes_back_in_seconds(self) -> float:
        """When calling makes sense again, once it is spent."""
        return self.usage.regain_seconds or ROLLING_WINDOW_SECONDS

    def slowdown_seconds(self) -> float:
        """Wait before the next call: none below 75 %, rising to ten seconds at 95 %."""
        over = (self.usage.percent - SLOW_FROM_PCT) / (STOP_FROM_PCT - SLOW_FROM_PCT)
        return LONGEST_SLOWDOWN_SECONDS * min(max(over, 0.1), 1.0) if over >= 0 else 0.0
