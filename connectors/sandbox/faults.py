"""Faults that tests and demos set per brand and vendor, so that every way in which a source fails can be seen.

What belongs here: the kinds of faults, and the book that says which apply to a call. What does not: how a vendor
words one (each vendor module), and applying the generic ones (``guard.py``).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

ANY = "*"
"""Stands for every brand, or for a call that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthReject:
    """The credentials are refused, in the vendor's shape for that reason."""

    reason: Literal["empty", "invalid", "expired", "revoked"] = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Calls after the first ``after`` are throttled. ``kind``: what is used up, where a vendor tells them apart."""

    after: int = 0
    kind: Literal["concurrent", "hour", "day"] = "day"
    retry_after_seconds: int | None = None
    """Sent as ``Retry-After`` by the vendors that send one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionReject:
    """The API version in use is no longer served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Each answer takes this long."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """This HTTP status instead of an answer, in the vendor's shape."""

    code: int = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedJson:
    """The body stops in the middle, with status 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyDay:
    """Nothing happened, or nothing was recorded, on this day."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDrift:
    """While a list is paged through, its newest item moves to the front: every later page shifts by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRow:
    """A page begins with the row that ended the page before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRemoved:
    """The vendor no longer knows this metric or field."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRotates:
    """A token endpoint gives another refresh token each time, and the one just used is dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnOut:
    """An answer that comes byte by byte and never ends: of its body, of a header, or 100 Continue again and again."""

    part: Literal["body", "header", "continue"] = "body"
    seconds: float = 30.0
    """Then the connection is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A refusal whose words repeat the call's address and credentials, as proxies and frameworks in debug mode do."""


Fault = (
    AuthReject
    | RateLimit
    | VersionReject
    | Latency
    | Status
    | TruncatedJson
    | EmptyDay
    | PageDrift
    | DuplicateRow
    | MetricRemoved
    | TokenRotates
    | DrawnOut
    | Echo
)


@dataclass(slots=True)
class _Entry:
    fault: Fault
    calls: int | None
    """How many calls it still hits; None: all."""
    seen: int = 0

    def hits(self) -> bool:
        """Count one call, and say whether the fault applies to it."""
        self.seen += 1
        if isinstance(self.fault, RateLimit) and self.seen <= self.fault.after:
            return False
        if self.calls is None:
            return True
        self.calls -= 1
        return self.calls >= 0


@dataclass(frozen=True, slots=True)
class Active:
    """The faults that apply to one call."""

    faults: tuple[Fault, ...] = ()

    def has(self, kind: type[Fault]) -> bool:
        """Whether one of this kind applies."""
        return any(isinstance(fault, kind) for fault in self.faults)

    def empty_days(self) -> frozenset[date]:
        """Days to report nothing for."""
        return frozenset(fault.day for fault in self.faults if isinstance(fault, EmptyDay))

    def removed(self) -> frozenset[str]:
        """Names the vendor no longer knows."""
        return frozenset(fault.name for fault in self.faults if isinstance(fault, MetricRemoved))


@dataclass(slots=True)
class FaultBook:
    """Which faults are set, by brand and vendor. Safe to change while requests run."""

    _entries: dict[tuple[str, str], list[_Entry]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, *, vendor: str, fault: Fault, brand: str = ANY, calls: int | None = None) -> None:
        """From now on ``fault`` hits the next ``calls`` calls (None: all) of a vendor for a brand."""
        with self._lock:
            self._entries.setdefault((brand, vendor), []).append(_Entry(fault, calls))

    def clear(self, *, vendor: str | None = None, brand: str | None = None) -> None:
        """Heal: all faults, or those of one vendor or brand."""
        with self._lock:
            for key in [k for k in self._entries if brand in {None, k[0]} and vendor in {None, k[1]}]:
                del self._entries[key]

    def take(self, *, vendor: str, brand: str | None) -> Active:
        """Count one call and say which faults hit it."""
        with self._lock:
            keys = {(brand or ANY, vendor), (ANY, vendor)}
            entries = [entry for key in sorted(keys) for entry in self._entries.get(key, [])]
            return Active(tuple(entry.fault for entry in entries if entry.hits()))
