"""Calls counted by credential: never above a vendor's limit in any span, and nearly all of it used.

Time is simulated: shards that ask, calls that take their time, and a sandbox that counts what arrives.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from connectors.core.budget import (
    LONGEST_CALL_SECONDS,
    LONGEST_SHARED_WAIT_SECONDS,
    Answer,
    BudgetSpent,
    Claim,
    Counter,
    Limit,
    ProcessBudget,
    credential_of,
    granted,
)
from connectors.ga4 import client as ga4
from connectors.hubspot import source as hubspot
from connectors.mailchimp import source as mailchimp
from connectors.plausible import source as plausible
from connectors.search_console import source as search_console
from connectors.sheet import source as sheet
from connectors.youtube import api as youtube
from tests.fake_vendor import Naps

TOKEN = credential_of("https://vendor.example", ["token"])


@dataclass
class CountingSandbox:
    """A vendor that knows when each call arrived."""

    limit: Limit
    arrived: list[float] = field(default_factory=list)

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
    longest = min(limit.seconds / 50, 5 * limit.seconds / limit.calls)
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
        takes = longest * chance.random()
        sandbox.arrived.append(now + takes * chance.random())
        ends[shard] = (answer.ticket, now + takes)
        heapq.heappush(events, (now + takes, "done", shard))
    return sandbox


DECLARED = {
    "GA4's key events": ga4.AN_ADMIN_USER,
    "HubSpot": Limit(hubspot.SEARCHES_A_SECOND, 1.0),
    "Plausible": plausible.A_KEY,
    "Search Console": search_console.A_USER,
    "Sheets": sheet.A_USER,
    "YouTube": youtube.A_PROJECT,
}


@pytest.mark.parametrize("limit", [*DECLARED.values(), Limit(300, 300.0), Limit(50, 1.0), Limit(7, 10.0)], ids=str)
def test_twenty_shards_with_one_credential_never_pass_its_limit_and_use_nine_tenths_of_it(limit: Limit) -> None:
    spans = 30 if limit.calls <= 300 else 4
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


def test_the_users_of_a_project_pass_neither_their_own_limit_nor_the_projects() -> None:
    counter, seconds = Counter(), 1_200
    project = CountingSandbox(sheet.A_PROJECT)
    users = [CountingSandbox(sheet.A_USER) for _ in range(8)]
    for second in range(seconds):
        for number, user in enumerate(users):
            claims = (Claim(f"user {number}", user.limit), Claim("project", project.limit))
            while (ticket := counter.ask(TOKEN, None, claims, now=second).ticket) is not None:
                counter.done(TOKEN, ticket, throttled_seconds=None, now=second)
                user.arrived.append(second)
                project.arrived.append(second)
    assert max(user.most_in_any_span() for user in users) <= sheet.A_USER.calls
    assert project.most_in_any_span() == project.limit.calls
    assert len(project.arrived) >= 0.9 * project.limit.calls * seconds / project.limit.seconds


def test_a_call_that_one_of_its_counters_refuses_counts_with_none() -> None:
    counter, many, few = Counter(), Claim("project", Limit(2, 60.0)), Claim("user", Limit(1, 60.0))
    assert counter.ask(TOKEN, None, (many, few), now=0.0).ticket is not None
    assert counter.ask(TOKEN, None, (many, few), now=1.0).because == few.limit
    assert counter.ask(TOKEN, None, (many,), now=1.0).ticket is not None
    assert counter.ask(TOKEN, None, (many,), now=1.0).because == many.limit


def test_of_what_a_vendor_allows_at_once_all_is_used_and_never_more() -> None:
    counter, limit, chance = Counter(), mailchimp.AN_ACCOUNT, random.Random(1)
    going, busy, now = [], 0.0, 0.0
    asking = 0.0
    while now < 60:
        now = min([asking, *(end for end, _ in going[:1])])
        while going and going[0][0] <= now:
            counter.done(TOKEN, heapq.heappop(going)[1], throttled_seconds=None, now=now)
        answer = counter.ask(TOKEN, limit, now=now)
        if answer.ticket is None:
            asking = now + answer.wait_seconds
            continue
        takes = chance.uniform(0.1, 2)
        busy += takes
        heapq.heappush(going, (now + takes, answer.ticket))
        assert len(going) <= limit.calls
    assert busy >= 0.9 * limit.calls * 60
    assert str(limit) == "10 calls at once"
    assert limit.share(4) == Limit(2, 0.0)
    assert limit.share(20) == Limit(1, 0.0)


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


def test_a_quota_of_hours_that_is_the_credentials_own_holds_up_all_with_it() -> None:
    counter = Counter()
    ticket = counter.ask(TOKEN, None, now=0.0).ticket
    assert ticket is not None
    counter.done(TOKEN, ticket, throttled_seconds=3_600.0, is_credentials=True, now=0.0)
    assert counter.ask(TOKEN, None, now=1.0) == Answer(None, 3_599.0)
    assert counter.ask(credential_of("https://vendor.example", ["other"]), None, now=1.0).ticket is not None


def test_a_used_up_quota_is_not_waited_for_longer_than_its_caller_would() -> None:
    budget, limit, naps = ProcessBudget(monotonic=lambda: 0.0), Limit(1, 3_600.0), Naps()
    with granted(budget, TOKEN, limit, sleep=naps):
        pass
    asked = granted(budget, TOKEN, limit, sleep=naps, patience_seconds=60.0)
    with pytest.raises(BudgetSpent, match="1 call an hour is all it has") as raised, asked:
        pass
    assert (raised.value.wait_seconds, naps.taken) == (3_600.0, [])


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
