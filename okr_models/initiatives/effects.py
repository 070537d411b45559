"""The effect of an initiative as a share of what would have been: estimate, interval, probability.

What belongs here: from days before and after a start to an ``Effect``, with controls or without. What does not: many
starts (``placebo.py``), the verdict (``verdicts.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import pandas as pd

from okr_models.forecast.path_values import Floats
from okr_models.forecast.structural import WEEKLY, FitFailed, fit
from okr_models.initiatives.regression import NotEnoughDays, time_based_regression
from okr_models.periods import Window

PATHS = 2000
SEED = 20260101
LOW, HIGH = 0.025, 0.975
ROUNDING = 1e-9
"""A share below it is the arithmetic's own: a figure that never moves has no effect, and no harm either."""
NOT_POSITIVE = "what would have been is not above zero, so no share of it exists"
TOO_FEW_DAYS = "too few days have a value"
TOO_FEW_SHARED = "too few days have a value of its figure and of each control"


@dataclass(frozen=True, slots=True)
class NoEffect:
    """No estimate, and why. A value: it becomes a ``cannot_be_judged`` with this reason."""

    reason: str


class Total(Protocol):
    """What would have been, summed over the days after the start."""

    def quantile(self, share: float) -> float: ...

    def below(self, total: float) -> float: ...


@dataclass(frozen=True, slots=True)
class SampledTotal:
    """The total of each simulated path, in ascending order."""

    totals: Floats

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.totals, share))

    def below(self, total: float) -> float:
        return float(np.searchsorted(self.totals, total, side="right")) / len(self.totals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Shares: .15 is 15 % above what would have been. ``high`` is None where it has no upper end.

    ``response`` is the same in the KPI's unit, summed over ``days`` days.
    """

    effect: float
    low: float
    high: float | None
    response: float
    days: int
    actual: float
    expected: Total

    def probability_beyond(self, worthwhile: float) -> float:
        """Probability that the effect is at least ``worthwhile``, or at most where that is negative.

        Of a figure that hardly ever moves, an effect of just that much is one, whatever the last digit says.
        """
        line = self.actual / (1 + worthwhile)
        if worthwhile >= 0:
            return self.expected.below(line * (1 + ROUNDING))
        return 1 - self.expected.below(line * (1 - ROUNDING))

    def times(self, factor: float) -> Effect:
        """Had ``factor`` times as much come as did."""
        return replace(
            self,
            effect=(1 + self.effect) * factor - 1,
            low=(1 + self.low) * factor - 1,
            high=None if self.high is None else (1 + self.high) * factor - 1,
            response=self.response + self.actual * (factor - 1),
            actual=self.actual * factor,
        )

    def excludes_zero(self) -> bool:
        """The 95 % interval lies on one side of 0."""
        return self.low > 0 or (self.high is not None and self.high < 0)


def effect_of(
    series: pd.Series, controls: list[pd.Series], *, before: Window, after: Window, seed: int = SEED
) -> Effect | NoEffect:
    """The effect over ``after``, judged by ``before``. Series are indexed by date; a day left out is missing."""
    days = _days(series, Window(before.start, after.end))
    gap = (after.start - before.start).days
    if controls:
        return _with_controls(days, controls, span=Window(before.start, after.end), gap=gap)
    return _alone(days, gap=gap, seed=seed)


def by_day(series: pd.Series) -> pd.Series:
    """``series`` with plain dates as its index, in order; a day that stands twice is refused."""
    index = pd.Index([stamp.date() if isinstance(stamp, pd.Timestamp) else stamp for stamp in series.index])
    if index.has_duplicates:
        raise ValueError("a day stands twice in a daily series")
    return pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan), index=index).sort_index()


def _days(series: pd.Series, span: Window) -> Floats:
    wanted = [span.start + timedelta(days=step) for step in range(span.days)]
    return np.asarray(series.reindex(wanted).to_numpy(dtype=np.float64), dtype=np.float64)


def _with_controls(days: Floats, controls: list[pd.Series], *, span: Window, gap: int) -> Effect | NoEffect:
    table = np.column_stack([_days(control, span) for control in controls])
    try:
        total = time_based_regression(
            treated_before=days[:gap],
            controls_before=table[:gap],
            treated_after=days[gap:],
            controls_after=table[gap:],
        )
    except NotEnoughDays:
        return NoEffect(TOO_FEW_SHARED)
    return _effect(total.actual, total, days=total.days)


def _alone(days: Floats, *, gap: int, seed: int) -> Effect | NoEffect:
    past, came = days[:gap], days[gap:]
    seen = ~np.isnan(came)
    if int(np.sum(~np.isnan(past))) < 2 * WEEKLY.period or not seen.any():
        return NoEffect(TOO_FEW_DAYS)
    fitted = fit(past, season=WEEKLY, trend="local_level")
    if isinstance(fitted, FitFailed):
        return NoEffect(fitted.reason)
    paths = fitted.paths(steps=len(came), count=PATHS, seed=seed)
    totals = np.sort(paths[:, seen].sum(axis=1))
    return _effect(float(came[seen].sum()), SampledTotal(totals), days=int(seen.sum()))


def _effect(actual: float, expected: Total, *, days: int) -> Effect | NoEffect:
    middle = expected.quantile(0.5)
    if not np.isfinite(middle) or middle <= 0 or actual < 0:
        return NoEffect(NOT_POSITIVE)
    top, bottom = expected.quantile(HIGH), expected.quantile(LOW)
    return Effect(
        effect=_share(actual, of=middle),
        low=_share(actual, of=top),
        high=_share(actual, of=bottom) if bottom > 0 else None,
        response=actual - middle,
        days=days,
        actual=actual,
        expected=expected,
    )


def _share(actual: float, *, of: float) -> float:
    share = actual / of - 1
    return 0.0 if abs(share) < ROUNDING else share


def first_day(series: pd.Series) -> date | None:
    """The first day with a value."""
    known = series.dropna()
    return None if known.empty else known.index[0]
