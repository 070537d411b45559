"""How often a vendor may be asked, counted by credential and not by process (API.md, rule 8).

A vendor counts the calls of an app, a project or a token, whoever makes them. Each call therefore asks a ``Budget``
first and tells it when it ended and whether the vendor throttled it; who throttles one, slows all that share the
credential. What belongs here: the counting, and the budget of one process. What does not: a budget of many machines
(``pipelines/shards/ray_budget.py``), and what a vendor's limits are (its ``source.py``). What is counted by account is
minded by each source: a credential may read many accounts, and each of them has a quota of its own.

A call that may be made is counted from then until so long after its end as the limit's span: the vendor saw it at some
moment in between, so that in no span, wherever it begins, does the vendor see more than the limit.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_SHARED_WAIT_SECONDS = 60.0
"""A throttle for longer is no pace but a quota that is used up, perhaps one account's: others ask for themselves."""
LONGEST_CALL_SECONDS = 900.0
"""A call that has not ended by then was made by a process that is gone; it is counted as ended."""
_LOOK_AGAIN_SECONDS = 0.05


_SPANS = {0.0: "at once", 1.0: "a second", 60.0: "a minute", 3_600.0: "an hour", 86_400.0: "a day"}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``calls`` in any ``seconds``; with no seconds, so many at once."""

    calls: int
    seconds: float

    def __str__(self) -> str:
        span = _SPANS.get(self.seconds, f"in {self.seconds:g} s")
        return f"{self.calls:,} call{'s' if self.calls > 1 else ''} {span}"

    def share(self, of: int) -> Limit:
        """What each of so many may use without a word to the others: never more in all, but that one call at once is
        the least that anybody can make."""
        if self.calls >= of:
            return Limit(self.calls // of, self.seconds)
        return Limit(1, self.seconds * of / self.calls)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who else a vendor counts the same call by: a user, a project, an address (``holder``: a fingerprint)."""

    holder: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Answer:
    """``ticket``: the call may be made; None: ask again after ``wait_seconds``. ``because``: of which limit, if any."""

    ticket: int | None
    wait_seconds: float = 0.0
    because: Limit | None = None


class BudgetSpent(Exception):
    """No call may be made for longer than its caller waits: a quota of hours is used up."""

    def __init__(self, *, wait_seconds: float, because: Limit | None) -> None:
        self.wait_seconds, self.because = wait_seconds, because
        what = f"{because} is all it has" if because else "the vendor refused another call with it"
        super().__init__(f"the credential is used up: {what}")


class Budget(Protocol):
    """Asked before each call and told after it. Safe to use from many threads."""

    def ask(self, credential: str, limit: Limit | None, others: tuple[Claim, ...] = ()) -> Answer:
        """Whether a call with this credential (a fingerprint) may be made now; without a limit, unless throttled.

        It counts with all of ``others`` or, where one of them is full, with none.
        """

    def done(
        self, credential: str, ticket: int, *, throttled_seconds: float | None, is_credentials: bool = False
    ) -> None:
        """A call ended; ``throttled_seconds``: the vendor refused it and wants nobody to ask for so long.

        ``is_credentials``: the vendor said that it counts by credential, so that this holds however long it is.
        """


@dataclass(slots=True)
class _Account:
    open: dict[int, float] = field(default_factory=dict)
    """Calls that are being made, and since when."""
    ended: deque[float] = field(default_factory=deque)
    closed_until: float = float("-inf")

    def wait(self, limit: Limit, *, now: float) -> float:
        """How long until a place is free; 0: there is one."""
        for ticket, began in list(self.open.items()):
            if now - began > LONGEST_CALL_SECONDS:
                del self.open[ticket]
                self.ended.append(now)
        while self.ended and self.ended[0] + limit.seconds <= now:
            self.ended.popleft()
        if len(self.open) + len(self.ended) < limit.calls:
            return 0.0
        return max(self.ended[0] + limit.seconds - now if self.ended else _LOOK_AGAIN_SECONDS, 0.001)


class Counter:
    """The counting itself, at instants it is handed; not safe for threads."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = defaultdict(_Account)
        self._holders: dict[int, tuple[str, ...]] = {}
        self._tickets = itertools.count(1)

    def ask(self, credential: str, limit: Limit | None, others: tuple[Claim, ...] = (), *, now: float) -> Answer:
        closed = self._accounts[credential].closed_until
        if now < closed:
            return Answer(None, closed - now)
        claims = ((Claim(credential, limit),) if limit is not None else ()) + others
        waits = [(self._accounts[claim.holder].wait(claim.limit, now=now), claim.limit) for claim in claims]
        longest, because = max(waits, key=lambda wait: wait[0], default=(0.0, None))
        if longest:
            return Answer(None, longest, because)
        ticket = next(self._tickets)
        for claim in claims:
            self._accounts[claim.holder].open[ticket] = now
        if claims:
            self._holders[ticket] = tuple(claim.holder for claim in claims)
        return Answer(ticket)

    def done(
        self,
        credential: str,
        ticket: int,
        *,
        throttled_seconds: float | None,
        is_credentials: bool = False,
        now: float,
    ) -> None:
        for holder in self._holders.pop(ticket, ()):
            if self._accounts[holder].open.pop(ticket, None) is not None:
                self._accounts[holder].ended.append(now)
        if throttled_seconds is not None and (is_credentials or throttled_seconds <= LONGEST_SHARED_WAIT_SECONDS):
            account = self._accounts[credential]
            account.closed_until = max(account.closed_until, now + throttled_seconds)


class ProcessBudget:
    """The budget of one process: all its sources share it."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._counter, self._lock, self._monotonic = Counter(), threading.Lock(), monotonic

    def ask(self, credential: str, limit: Limit | None, others: tuple[Claim, ...] = ()) -> Answer:
        with self._lock:
            return self._counter.ask(credential, limit, others, now=self._monotonic())

    def done(
        self, credential: str, ticket: int, *, throttled_seconds: float | None, is_credentials: bool = False
    ) -> None:
        with self._lock:
            self._counter.done(
                credential,
                ticket,
                throttled_seconds=throttled_seconds,
                is_credentials=is_credentials,
                now=self._monotonic(),
            )


class Call:
    """One call that may be made. ``throttled``: what the vendor answered, to be told when it ends."""

    def __init__(self) -> None:
        self.throttled: float | None = None
        self.is_credentials = False


@contextmanager
def granted(
    budget: Budget,
    credential: str,
    limit: Limit | None,
    *,
    sleep: Callable[[float], None],
    others: tuple[Claim, ...] = (),
    patience_seconds: float = float("inf"),
) -> Iterator[Call]:
    """Wait until a call may be made, and tell the budget how it ended.

    Raises ``BudgetSpent`` rather than wait for longer than ``patience_seconds`` at once.
    """
    while (answer := budget.ask(credential, limit, others)).ticket is None:
        if answer.wait_seconds > patience_seconds:
            raise BudgetSpent(wait_seconds=answer.wait_seconds, because=answer.because)
        sleep(answer.wait_seconds)
    call = Call()
    try:
        yield call
    finally:
        budget.done(credential, answer.ticket, throttled_seconds=call.throttled, is_credentials=call.is_credentials)


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
