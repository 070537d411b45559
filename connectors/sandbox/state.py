"""What one sandbox server holds beside the world: faults, credentials it knows, and the calls it has answered.

What belongs here: that state. What does not: HTTP and the checking of any vendor's credentials.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from connectors.sandbox.faults import FaultBook
from connectors.sandbox.google_accounts import GoogleAccounts
from connectors.sandbox.token_book import TokenBook
from connectors.sandbox.world import World
from connectors.sandbox.world.streams import token

TOKEN_VENDORS = (
    "linkedin", "meta", "meta_app_secret", "instagram_login", "youtube", "plausible", "matomo", "wordpress", "mastodon",
    "hubspot", "hubspot_lindhs", "mailchimp", "brevo", "threads",
)  # fmt: skip
"""Vendors whose credential is one opaque string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One call that was answered."""

    vendor: str
    brand: str | None
    method: str
    path: str
    status: int


@dataclass(slots=True)
class CallLog:
    """Every answered call, so that tests can count retries."""

    _seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, seen: Seen) -> None:
        """Note one call."""
        with self._lock:
            self._seen.append(seen)

    def of(self, *, vendor: str | None = None, brand: str | None = None) -> tuple[Seen, ...]:
        """Calls so far, in order."""
        with self._lock:
            return tuple(s for s in self._seen if vendor in {None, s.vendor} and brand in {None, s.brand})

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._seen.clear()


@dataclass(slots=True)
class Usage:
    """Units of quota used, by account and day (in the quota's own zone)."""

    _used: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, quota: str, account: str, day: date, units: int) -> int:
        """Use some, and say how many are used by then."""
        with self._lock:
            self._used[quota, account, day] += units
            return self._used[quota, account, day]


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """Everything a handler may look at."""

    world: World
    faults: FaultBook
    wall_clock: Callable[[], float] = time.time
    """Machine seconds, for OAuth only: real clients sign their assertions with the real time."""
    google: GoogleAccounts = field(init=False)
    tokens: TokenBook = field(init=False)
    calls: CallLog = field(default_factory=CallLog)
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self.google = GoogleAccounts(wall_clock=self.wall_clock)
        self.tokens = TokenBook(seed=self.world.seed, first=self.token)

    def token(self, vendor: str) -> str:
        """The first valid token of a vendor; the same for the same seed."""
        if vendor not in TOKEN_VENDORS:
            raise KeyError(vendor)
        login = "IGAA" if vendor == "instagram_login" else ""
        return f"{login}sandbox-{vendor.replace('_', '-')}-{token(self.world.seed, 'token', vendor)}"
