"""The budget of a whole cluster: one Ray actor counts the calls that all shards make with a credential (extra ``ray``).

What belongs here: the actor, and what a process asks it. What does not: the counting (``connectors/core/budget.py``).
With the actor gone, each process keeps to its share of a limit by itself: never more in all, perhaps less. Of a quota
of hours that is nothing, since what the actor had allowed of it is not known.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from connectors.core.budget import Answer, Claim, Counter, Limit, ProcessBudget

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0


class Treasurer:
    """The actor: counts by its own clock, one question at a time."""

    def __init__(self) -> None:
        self._counter = Counter()

    def ask(self, credential: str, limit: Limit | None, others: tuple[Claim, ...]) -> Answer:
        return self._counter.ask(credential, limit, others, now=time.monotonic())

    def done(self, credential: str, ticket: int, throttled_seconds: float | None, is_credentials: bool) -> None:
        self._counter.done(
            credential,
            ticket,
            throttled_seconds=throttled_seconds,
            is_credentials=is_credentials,
            now=time.monotonic(),
        )


def treasurer(ray: Any) -> Any:
    """A new actor for one run. It needs no processor of its own, so that no shard waits for it."""
    return ray.remote(num_cpus=0, max_restarts=0)(Treasurer).remote()


class SharedBudget:
    """What a process asks: the actor, and by itself once that is gone. ``sharers``: how many processes ask it."""

    def __init__(self, ray: Any, actor: Any, *, sharers: int) -> None:
        self._ray, self._actor, self._sharers = ray, actor, max(1, sharers)
        self._own = ProcessBudget()
        self._is_alone = False
        self._alone_since = 0.0

    def ask(self, credential: str, limit: Limit | None, others: tuple[Claim, ...] = ()) -> Answer:
        if not self._is_alone:
            try:
                asked = self._actor.ask.remote(credential, limit, others)
                answer: Answer = self._ray.get(asked, timeout=PATIENCE_SECONDS)
                return answer
            except Exception as error:  # noqa: BLE001 - a night goes on without it, more slowly
                self._alone(error)
        # what the actor allowed last may be in the same span
        limits = [*([limit] if limit else []), *(claim.limit for claim in others)]
        longest = max(limits, key=lambda each: each.seconds, default=None)
        wait = self._alone_since + longest.seconds - time.monotonic() if longest else 0.0
        if wait > 0:
            return Answer(None, wait, longest)
        shares = tuple(Claim(claim.holder, claim.limit.share(self._sharers)) for claim in others)
        answer = self._own.ask(credential, limit.share(self._sharers) if limit else None, shares)
        # told from the actor's tickets, whose calls may still be going on
        return answer if answer.ticket is None else Answer(-answer.ticket)

    def done(
        self, credential: str, ticket: int, *, throttled_seconds: float | None, is_credentials: bool = False
    ) -> None:
        if ticket < 0:
            self._own.done(credential, -ticket, throttled_seconds=throttled_seconds, is_credentials=is_credentials)
        elif not self._is_alone:
            told = self._actor.done.remote(credential, ticket, throttled_seconds, is_credentials)
            try:
                # waited for: what is told late, others do not know yet
                self._ray.get(told, timeout=PATIENCE_SECONDS)
            except Exception as error:  # noqa: BLE001 - as above
                self._alone(error)

    def _alone(self, error: Exception) -> None:
        self._is_alone, self._alone_since = True, time.monotonic()
        log.warning("the cluster's budget is gone (%s); this shard keeps to its share of each limit", error)
