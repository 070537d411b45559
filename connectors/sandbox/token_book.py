"""Opaque tokens that one sandbox has granted, and refresh tokens that it still takes, by the virtual clock.

What belongs here: which token stands, until when, and its renewal. What does not: HTTP and any vendor's words
(``linkedin/oauth.py``, ``meta/oauth.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from connectors.sandbox.world.streams import token

State = Literal["valid", "expired", "revoked", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One token. ``expires_at`` None: never."""

    value: str
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    is_revoked: bool = False


@dataclass(slots=True, kw_only=True)
class TokenBook:
    """Tokens by vendor. The one that ``first`` names stands until a test ends it. Safe to use from many threads."""

    seed: int
    first: Callable[[str], str]
    _issued: dict[tuple[str, str], Issued] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, vendor: str, value: str) -> Issued | None:
        """What is known of a token."""
        with self._lock:
            return self._find(vendor, value)

    def state(self, vendor: str, value: str, *, now: datetime) -> State:
        """Whether a token is taken at ``now``, and why not."""
        found = self.find(vendor, value)
        if found is None:
            return "invalid"
        if found.is_revoked:
            return "revoked"
        return "expired" if found.expires_at is not None and found.expires_at <= now else "valid"

    def grant(self, vendor: str, *, now: datetime, lives: timedelta | None, prefix: str = "") -> Issued:
        """A new token beside the old ones."""
        with self._lock:
            value = f"{prefix}sandbox-{vendor}-{token(self.seed, 'granted', vendor, len(self._issued))}"
            issued = Issued(value=value, issued_at=now, expires_at=now + lives if lives is not None else None)
            self._issued[vendor, value] = issued
            return issued

    def end(self, vendor: str, value: str, *, at: datetime | None = None) -> None:
        """Let a token expire ``at`` an instant; without one it is revoked."""
        with self._lock:
            found = self._find(vendor, value)
            if found is None:
                raise KeyError(vendor)
            self._issued[vendor, value] = replace(found, expires_at=at) if at else replace(found, is_revoked=True)

    def refresh_token(self, vendor: str) -> str:
        """The refresh token that is taken now."""
        with self._lock:
            return self._refresh.setdefault(vendor, f"sandbox-{vendor}-refresh-{token(self.seed, 'refresh', vendor)}")

    def rotate(self, vendor: str) -> str:
        """Another refresh token in place of the one taken so far."""
        old = self.refresh_token(vendor)
        with self._lock:
            self._refresh[vendor] = f"sandbox-{vendor}-refresh-{token(self.seed, 'refresh', vendor, old)}"
            return self._refresh[vendor]

    def _find(self, vendor: str, value: str) -> Issued | None:
        found = self._issued.get((vendor, value))
        return found or (Issued(value=value) if value == self.first(vendor) else None)
