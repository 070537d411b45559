"""Sleeps that take no time, for nights in which nobody is to wait, and a budget whose clock goes on by each of them.

A budget that counts by the machine's clock while sleeps take no time is asked again and again until the time has passed
all the same: what should be saved is burnt. No test lives here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from connectors.core.budget import Budget, ProcessBudget


class Ahead:
    """The machine's clock, ahead of it by all that was slept."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._slept, self._lock = monotonic, 0.0, threading.Lock()

    def __call__(self) -> float:
        return self._monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._slept += seconds


_lock = threading.Lock()


def asleep_no_time(budget: Budget | None) -> Callable[[float], None]:
    """A sleep for all sources that share ``budget``, which from now on counts by a clock that it moves."""
    if not isinstance(budget, ProcessBudget):
        return lambda _: None
    with _lock:
        counting: Any = budget
        if not isinstance(counting._monotonic, Ahead):
            counting._monotonic = Ahead(counting._monotonic)
        clock: Ahead = counting._monotonic
    return clock.sleep
