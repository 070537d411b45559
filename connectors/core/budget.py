"""How often a vendor may be asked, counted by credential and not by process (API.md, rule 8).

A vendor counts the calls of an app, a project or a token, whoever makes them. Each call therefore asks a ``Budget``
first and tells it when it ended and whether the vendor throttled it; who throttles one, slows all that share the
credential. What belongs here: the counting, and the budget of one process. What does not: a budget of many machines
(``pipelines/shards/ray_budget.py``), and what a vendor's limits are (its ``source.py``).

A call that may be made is counted from then until so long after its end as the limit's span: the vendor saw it at some
moment in between, so that in no span, wherever it begins, does the vendor see more than the limit.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_SHARED_WAIT_SECONDS = 60.0
"""A throttle for longer is no pace but a quota that is used up, perhaps one account's: others ask for themselves."""
LONGEST_CALL_SECONDS = 900.0
"""A call that has not ended by then was made by a process that is gone; it is counted as ended."""
_LOOK_AGAIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` in any ``seconds``."""

    calls: int
    seconds: float

    def share(self, of: int) -> Limit:
        """What each of so many may use without a word to the others: never more in all."""
        if self.calls >= of:
            return Limit(self.calls // of, self.seconds)
        return Limit(1, self.seconds * of / self.calls)


@dataclass(frozen=True, slots=True)
class Answer:
    """``ticket``: the call may be made; None: ask again after ``wait_seconds``."""

    ticket: int | None
    wait_seconds: float = 0.0


class Budget(Protocol):
    """Asked before each call and told after it. Safe to use from many threads."""

    def ask(self, credential: str, limit: Limit | None) -> Answer:
        """Whether a call with this credential (a fingerprint) may be made now; without a limit, unless throttled."""

    def done(self, credential: str, ticket: int, *, throttled_seconds: float | None) -> None:
        """A call ended; ``throttled_seconds``: the vendor refused it and wants nobody to ask for so long."""


@dataclass(slots=True)
class _Account:
    open: dict[int, float] = field(default_factory=dict)
    """Calls that are being made, and since when."""
    ended: deque[float] = field(default_factory=deque)
    closed_until: float = float("-inf")


class Counter:
    """The counting itself, at instants it is handed; not safe for threads."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._tickets = itertools.count(1)

    def ask(self, credential: str, limit: Limit | None, *, now: float) -> Answer:
        account = self._accounts.setdefault(credential, _Account())
        if now < account.closed_until:
            return Answer(None, account.closed_until - now)
        if limit is not None:
            self._forget(account, limit, now=now)
            if len(account.open) + len(account.ended) >= limit.calls:
                first = account.ended[0] + limit.seconds - now if account.ended else _LOOK_AGAIN_SECONDS
                return Answer(None, max(first, 0.001))
        ticket = next(self._tickets)
        if limit is not None:
            account.open[ticket] = now
        return Answer(ticket)

    def done(self, credential: str, ticket: int, *, throttled_seconds: float | None, now: float) -> None:
        account = self._accounts.setdefault(credential, _Account())
        if account.open.pop(ticket, None) is not None:
            account.ended.append(now)
        if throttled_seconds is not None and throttled_seconds <= LONGEST_SHARED_WAIT_SECONDS:
            account.closed_until = max(account.closed_until, now + throttled_seconds)

    @staticmethod
    def _forget(account: _Account, limit: Limit, *, now: float) -> None:
        for ticket, began in list(account.open.items()):
            if now - began > LONGEST_CALL_SECONDS:
                del account.open[ticket]
                account.ended.append(now)
        while account.ended and account.ended[0] + limit.seconds <= now:
            account.ended.popleft()


class ProcessBudget:
    """The budget of one process: all its sources share it."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counter, self._lock, self._monotonic = Counter(), threading.Lock(), monotonic

    def ask(self, credential: str, limit: Limit | None) -> Answer:
        with self._lock:
            return self._counter.ask(credential, limit, now=self._monotonic())

    def done(self, credential: str, ticket: int, *, throttled_seconds: float | None) -> None:
        with self._lock:
            self._counter.done(credential, ticket, throttled_seconds=throttled_seconds, now=self._monotonic())


class Call:
    """One call that may be made. ``throttled``: what the vendor answered, to be told when it ends."""

    def __init__(self) -> None:
        self.throttled: float | None = None


@contextmanager
def granted(budget: Budget, credential: str, limit: Limit | None, *, sleep: Callable[[float], None]) -> Iterator[Call]:
    """Wait until a call may be made, and tell the budget how it ended."""
    while (answer := budget.ask(credential, limit)).ticket is None:
        sleep(answer.wait_seconds)
    call = Call()
    try:
        yield call
    finally:
        budget.done(credential, answer.ticket, throttled_seconds=call.throttled)


def credential_of(origin: str, secrets: Iterable[str]) -> str:
    """A name for a credential at a vendor, from which it can't be found again; without secrets, the vendor's."""
    return hashlib.sha256("\0".join([origin, *sorted(secrets)]).encode()).hexdigest()[:32]


_SHARED: list[Budget] = []


def of_run() -> Budget:
    """The budget of what this process does next: one of its own, unless its calls are counted with others'."""
    return _SHARED[0] if _SHARED else ProcessBudget()


def use(budget: Budget) -> None:
    """Count this process's calls together with those of others from now on."""
    _SHARED[:] = [budget]
