"""Placebo starts: the same estimate on days when nothing began, which tells noise from effect.

What belongs here: where placebo starts lie, what they say, and the smallest effect that would have been seen among
them. What does not: the real start's verdict (``verdicts.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from okr_models.initiatives.effects import Effect, NoEffect, effect_of
from okr_models.periods import Window

NEEDED = 20
MOST = 40
BEFORE_TO_AFTER = 3
LONGEST_BEFORE = 365
"""Days before a start that are used where more exist: older days say little, and every fit pays for them."""

POWER = 0.8
TOP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Placebos:
    """What placebo starts said, oldest first; those without an estimate are left out."""

    effects: tuple[Effect, ...]
    why_none: str | None = None
    """Where too few have one though there are starts enough: why the last of the others has none."""

    @property
    def enough(self) -> bool:
        return len(self.effects) >= NEEDED

    @property
    def false_alarms(self) -> float:
        """Share whose 95 % interval excludes 0 although nothing began."""
        return float(np.mean([effect.excludes_zero() for effect in self.effects]))

    def share_beyond(self, effect: float, *, upward: bool) -> float:
        """Share of placebos at least as far out as ``effect``."""
        said = np.array([placebo.effect for placebo in self.effects])
        return float(np.mean(said >= effect if upward else said <= effect))

    def detectable(self, *, upward: bool = True) -> float | None:
        """The effect that 80 % of placebo starts would have shown, had it been there; None where none would do.

        An effect e multiplies what came by 1+e. It shows where the 95 % interval then lies beyond 0 and the estimate
        beyond nine in ten placebos. Negative where downward is good.
        """
        if not self.enough:
            return None
        said = [placebo.effect for placebo in self.effects]
        edge = float(np.quantile(said, 1 - TOP_SHARE if upward else TOP_SHARE))
        needed = [_needed(placebo, edge=edge, upward=upward) for placebo in self.effects]
        found = float(np.quantile(needed, POWER if upward else 1 - POWER, method="higher" if upward else "lower"))
        return found if np.isfinite(found) else None


def placebo_starts(*, first: date, last: date, after_days: int) -> tuple[date, ...]:
    """Up to 40 starts, evenly spaced, each with three times ``after_days`` before it and all its days by ``last``."""
    earliest = first + timedelta(days=BEFORE_TO_AFTER * after_days)
    latest = last - timedelta(days=after_days - 1)
    room = (latest - earliest).days + 1
    if room < 1:
        return ()
    steps = np.unique(np.linspace(0, room - 1, min(room, MOST)).round().astype(int))
    return tuple(earliest + timedelta(days=int(step)) for step in steps)


def windows_of(start: date, *, first: date, after_days: int) -> tuple[Window, Window]:
    """The days before and after a start: as many before as there are, at most a year or three times the days after."""
    reach = max(BEFORE_TO_AFTER * after_days, LONGEST_BEFORE)
    before_start = max(first, start - timedelta(days=reach))
    return (
        Window(before_start, start - timedelta(days=1)),
        Window(start, start + timedelta(days=after_days - 1)),
    )


def run_placebos(
    series: pd.Series, controls: Sequence[pd.Series], *, first: date, last: date, after_days: int
) -> Placebos:
    """Estimate at every placebo start between ``first`` and ``last``, the last day before anything real began."""
    found: list[Effect] = []
    why: str | None = None
    starts = placebo_starts(first=first, last=last, after_days=after_days)
    for start in starts:
        before, after = windows_of(start, first=first, after_days=after_days)
        effect = effect_of(series, list(controls), before=before, after=after)
        if isinstance(effect, NoEffect):
            why = effect.reason
        else:
            found.append(effect)
    return Placebos(tuple(found), why if len(found) < NEEDED <= len(starts) else None)


def _needed(placebo: Effect, *, edge: float, upward: bool) -> float:
    """The effect at which this placebo start would have shown it."""
    reached = 1 + placebo.effect
    if upward:
        bound = 1 + placebo.low
        return max(1 / bound - 1, (1 + edge) / reached - 1, 0.0) if bound > 0 and reached > 0 else float("inf")
    if placebo.high is None:
        return float("-inf")
    bound = 1 + placebo.high
    return min(1 / bound - 1, (1 + edge) / reached - 1, 0.0) if bound > 0 and reached > 0 else float("-inf")
