"""The virtual now of one sandbox: set by tests and commands, shared by all request threads.

What belongs here: holding and moving the now. What does not: the machine's clock, which the world never reads.
"""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def five_in_stockholm(day: date) -> datetime:
    """The instant at which a night runs: 05:00 Europe/Stockholm of ``day``."""
    return datetime.combine(day, time(5), STOCKHOLM).astimezone(UTC)


class VirtualClock:
    """A now that stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self._lock = threading.Lock()
        self._now = self._checked(now)

    @staticmethod
    def _checked(now: datetime) -> datetime:
        if now.tzinfo is None:
            raise ValueError(f"the sandbox's now needs a zone: {now!r}")
        return now.astimezone(UTC)

    @property
    def now(self) -> datetime:
        """The virtual instant, in UTC."""
        with self._lock:
            return self._now

    def set(self, now: datetime) -> None:
        """Move to another instant, forwards or backwards."""
        checked = self._checked(now)
        with self._lock:
            self._now = checked
