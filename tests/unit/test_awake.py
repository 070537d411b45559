"""Nights in which nobody sleeps: who must wait for a vendor's pace has waited, and nobody asks a second time for it."""

from __future__ import annotations

from connectors.core.budget import Limit, ProcessBudget, granted
from tests.awake import asleep_no_time


def test_waits_for_a_throttle_and_for_a_pace_are_over_at_once_and_each_is_waited_once() -> None:
    budget, limit, asked = ProcessBudget(monotonic=lambda: 0.0), Limit(1, 60.0), list[float]()
    sleeps = [asleep_no_time(budget), asleep_no_time(budget)]
    assert sleeps[0] == sleeps[1], "one clock a budget"

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        sleeps[0](seconds)

    with granted(budget, "token", limit, sleep=sleep) as call:
        call.throttled = 45.0
    with granted(budget, "token", limit, sleep=sleep):
        pass
    assert asked == [45.0, 15.0]
    asleep_no_time(None)(1.0)
