"""How long to wait before asking again: exponential backoff with jitter, and what ``Retry-After`` says.

What belongs here: arithmetic on waits. What does not: which errors deserve one (``http.py`` and each source).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds of one call. A wait longer than ``longest_wait_seconds``, or that makes the call's waits
    together longer than ``longest_waits_seconds``, is not waited for: a later run asks again.
    """

    attempts: int = 4
    first_wait_seconds: float = 1.0
    backoff_cap_seconds: float = 20.0
    longest_wait_seconds: float = 60.0
    longest_waits_seconds: float = 180.0

    def allows(self, wait: float, *, waited: float) -> bool:
        """Whether to wait so long once more."""
        return wait <= self.longest_wait_seconds and waited + wait <= self.longest_waits_seconds

    def backoff(self, failures: int, *, jitter: random.Random) -> float:
        """Wait after the ``failures``-th failure (from 1): doubled each time, half of it random."""
        full: float = min(self.first_wait_seconds * 2.0 ** min(failures - 1, 16), self.backoff_cap_seconds)
        return full / 2 + jitter.random() * full / 2


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, as a number or an HTTP date; None where it is absent or nonsense.

    A date is compared with the same reply's ``Date``, so that the two clocks need not agree; ``now`` only without it.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    asked = _http_date(text)
    if asked is None:
        return None
    return max(0.0, (asked - (_http_date(headers.get("Date", "")) or now)).total_seconds())


def until_reset(text: str, headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds until the instant that a quota begins anew, as Unix seconds or in ISO 8601; None where it is nonsense.

    Compared with the reply's own ``Date`` like ``retry_after``, and never less than a second: the reset lies ahead.
    """
    text = text.strip()
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(1.0, (moment - (_http_date(headers.get("Date", "")) or now)).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
