"""Calls counted by credential: never above a vendor's limit in any span, and nearly all of it used.

Time is simulated: shards that ask, calls that take their time, and a sandbox that counts what arrives.
"""

from __future__ import annotations

import heapq
import random
from collections import deque

import pytest

from connectors.core.budget import (
    LONGEST_CALL_SECONDS,
    LONGEST_SHARED_WAIT_SECONDS,
    Answer,
    Counter,
    Limit,
    ProcessBudget,
    credential_of,
    granted,
)

TOKEN = credential_of("https://vendor.example", ["token"])


class CountingSandbox:
    """A vendor that knows when each call arrived."""

    def __init__(self, limit: Limit) -> None:
        self.limit, self.arrived = limit, []  # type: ignore[var-annotated]

    def most_in_any_span(self) -> int:
        most, span = 0, deque[float]()
        for instant in sorted(self.arrived):
            span.append(instant)
            while span[0] <= instant - self.limit.seconds:
                span.popleft()
            most = max(most, len(span))
        return most


def simulate(limit: Limit, *, shards: int, seconds: float, seed: int = 1) -> CountingSandbox:
    """``shards`` call as often as the counter lets them; a call takes up to a fiftieth of the limit's span."""
    counter, sandbox, chance = Counter(), CountingSandbox(limit), random.Random(seed)
    ends: dict[int, tuple[int, float]] = {}
    events = [(chance.random() * 0.01, "ask", shard) for shard in range(shards)]
    heapq.heapify(events)
    while events:
        now, what, shard = heapq.heappop(events)
        if now > seconds:
            break
        if what == "done":
            counter.done(TOKEN, ends.pop(shard)[0], throttled_seconds=None, now=now)
            heapq.heappush(events, (now, "ask", shard))
            continue
        answer = counter.ask(TOKEN, limit, now=now)
        if answer.ticket is None:
            heapq.heappush(events, (now + answer.wait_seconds, "ask", shard))
            continue
        takes = limit.seconds / 50 * chance.random()
        sandbox.arrived.append(now + takes * chance.random())
        ends[shard] = (answer.ticket, now + takes)
        heapq.heappush(events, (now + takes, "done", shard))
    return sandbox


@pytest.mark.parametrize("limit", [Limit(300, 300.0), Limit(50, 1.0), Limit(7, 10.0)])
def test_twenty_shards_with_one_credential_never_pass_its_limit_and_use_nine_tenths_of_it(limit: Limit) -> None:
    spans = 30
    sandbox = simulate(limit, shards=20, seconds=spans * limit.seconds)
    assert sandbox.most_in_any_span() <= limit.calls
    assert len(sandbox.arrived) >= 0.9 * spans * limit.calls


def test_each_alone_with_its_share_they_never_pass_it_either() -> None:
    limit = Limit(50, 1.0)
    shares = [simulate(limit.share(20), shards=1, seconds=10, seed=shard) for shard in range(20)]
    together = CountingSandbox(limit)
    together.arrived = [instant for each in shares for instant in each.arrived]
    assert together.most_in_any_span() <= limit.calls
    assert Limit(5, 1.0).share(20) == Limit(1, 4.0)


def test_a_throttle_of_one_holds_up_all_with_its_credential_and_nobody_else() -> None:
    counter = Counter()
    ticket = counter.ask(TOKEN, None, now=0.0).ticket
    assert ticket is not None
    counter.done(TOKEN, ticket, throttled_seconds=30.0, now=1.0)
    assert counter.ask(TOKEN, None, now=2.0) == Answer(None, 29.0)
    assert counter.ask(credential_of("https://vendor.example", ["other"]), None, now=2.0).ticket is not None
    assert counter.ask(TOKEN, None, now=31.0).ticket is not None


def test_a_quota_of_hours_holds_up_nobody_else_since_it_may_be_one_accounts() -> None:
    counter = Counter()
    ticket = counter.ask(TOKEN, None, now=0.0).ticket
    assert ticket is not None
    counter.done(TOKEN, ticket, throttled_seconds=86_400.0, now=0.0)
    assert counter.ask(TOKEN, None, now=1.0).ticket is not None
    counter.done(TOKEN, ticket, throttled_seconds=LONGEST_SHARED_WAIT_SECONDS, now=1.0)
    assert counter.ask(TOKEN, None, now=1.0) == Answer(None, LONGEST_SHARED_WAIT_SECONDS)


def test_a_call_of_a_process_that_was_killed_does_not_hold_its_place_for_ever() -> None:
    counter, limit = Counter(), Limit(1, 1.0)
    assert counter.ask(TOKEN, limit, now=0.0).ticket is not None
    assert counter.ask(TOKEN, limit, now=10.0).ticket is None
    assert counter.ask(TOKEN, limit, now=LONGEST_CALL_SECONDS + 1).ticket is None  # counted as ended just now
    assert counter.ask(TOKEN, limit, now=LONGEST_CALL_SECONDS + 3).ticket is not None


def test_a_call_that_fails_is_told_as_ended() -> None:
    now = [0.0]
    budget, limit = ProcessBudget(monotonic=lambda: now[0]), Limit(1, 10.0)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(OSError, match="cut off"), granted(budget, TOKEN, limit, sleep=sleep):
        raise OSError("cut off")
    with granted(budget, TOKEN, limit, sleep=sleep) as call:
        assert now[0] >= 10.0
        call.throttled = 5.0
    assert budget.ask(TOKEN, None).wait_seconds == 5.0


def test_a_credentials_name_gives_no_secret_away_and_is_the_same_in_every_process() -> None:
    assert credential_of("https://a", ["secret", "id"]) == credential_of("https://a", ["id", "secret"])
    assert credential_of("https://a", ["secret"]) != credential_of("https://b", ["secret"])
    assert "secret" not in credential_of("https://a", ["secret"])
