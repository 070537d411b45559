"""What changed of a key result between two nights, and which part of it is whose.

What belongs here: the shape, parts that add up to the change, and the order in which a reader wants changes. What does
not: reading the nights (``pipelines/exports/since.py``), words (``pipelines/exports/since_words.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

BETTER_LAST = ("out_of_reach", "off_track", "at_risk", "on_track", "achieved")
NOTHING = 1e-9
"""Relative: a difference of sums below it is the arithmetic's own."""
OTHER = "other"
"""The part that no scope accounts for: restated days, platforms that are on one side only."""
SAME_TARGET = 0.005
WORTH_TELLING = 0.01
"""Of the way: a smaller step is no news."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one scope adds to a change, in the figure's unit."""

    scope: str
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One key result then and now. ``then`` of a figure is None where there was none.

    ``parts`` add up to ``current - current_then``. ``met`` and ``missed``: titles of items decided since.
    """

    objective_id: str
    key_result_id: str
    title: str
    unit: str | None
    since: date
    as_of: date
    status_then: str | None
    status: str
    current_then: float | None
    current: float | None
    target_then: float | None
    target: float | None
    progress_then: float | None
    progress: float | None
    progress_week_ago: float | None = None
    progress_month_ago: float | None = None
    progress_quarter_ago: float | None = None
    baseline_then: float | None = None
    baseline: float | None = None
    parts: tuple[Part, ...] = ()
    met: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    @property
    def flipped(self) -> bool:
        """Its status is another one; one that was not there then has none to flip from."""
        return self.status_then is not None and self.status_then != self.status

    @property
    def is_better(self) -> bool | None:
        """Of a flip between two judged statuses, whether it went up; None otherwise."""
        if not self.flipped or self.status_then not in BETTER_LAST or self.status not in BETTER_LAST:
            return None
        return BETTER_LAST.index(self.status) > BETTER_LAST.index(self.status_then)

    @property
    def step(self) -> float:
        """How far progress moved, of the way; 0 where it is not known on both nights."""
        if self.progress is None or self.progress_then is None:
            return 0.0
        return self.progress - self.progress_then

    @property
    def has_other_target(self) -> bool:
        """Another target, not the same growth over a baseline that was restated, or has a month more behind it."""
        if self.target_then is None or self.target is None or _is_same(self.target_then, self.target):
            return False
        if not self.baseline_then or not self.baseline:
            return True
        return not _is_same(self.target_then / self.baseline_then, self.target / self.baseline)

    @property
    def is_past_the_target(self) -> bool:
        """All of it was done on both nights: how much further it went is no news."""
        return min(self.progress or 0.0, self.progress_then or 0.0) >= 1.0

    @property
    def is_news(self) -> bool:
        """Worth a line."""
        return (
            self.flipped
            or bool(self.met or self.missed)
            or (abs(self.step) >= WORTH_TELLING and not self.is_past_the_target)
            or self.has_other_target
            or self.status_then is None
        )


def _is_same(then: float, now: float) -> bool:
    return abs(now - then) <= SAME_TARGET * max(abs(then), abs(now))


def parts_of(
    then: Mapping[str, float], now: Mapping[str, float], *, change: float, most: int | None = None
) -> tuple[Part, ...]:
    """What each scope that is known on both nights adds to ``change``, largest first, and the rest as ``OTHER``.

    They add up to ``change``. Without a scope on both nights there are none. ``most``: smaller ones go into the rest.
    """
    found = [Part(scope, now[scope] - then[scope]) for scope in sorted(now) if scope in then]
    found = [part for part in found if math.isfinite(part.change)]
    if not found or not math.isfinite(change):
        return ()
    found.sort(key=lambda part: (-abs(part.change), part.scope))
    shown = found[:most]
    rest = change - math.fsum(part.change for part in shown)
    size = max(abs(change), *(abs(part.change) for part in found))
    shown = [part for part in shown if abs(part.change) > NOTHING * size]
    return (*shown, *([Part(OTHER, rest)] if abs(rest) > NOTHING * size else []))


def in_order(changes: Sequence[Changed]) -> tuple[Changed, ...]:
    """Those that are news: flips to worse, other flips, items decided, then the longest steps."""

    def place(each: Changed) -> tuple[int, float]:
        if each.flipped:
            return (0 if each.is_better is False else 1, -abs(each.step))
        return (2 if each.met or each.missed else 3, -abs(each.step))

    return tuple(sorted((each for each in changes if each.is_news), key=place))
