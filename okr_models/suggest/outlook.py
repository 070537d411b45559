"""The distribution of a period to come, from a figure's own months: which target is how likely.

What belongs here: from months to quantiles and probabilities. What does not: the paths (``forecast/``, which the
forecasts of key results use too), reading and words (``pipelines/exports/suggest.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from okr_models.forecast.forecast import (
    FULL_HISTORY,
    MODEL_HISTORY,
    SIMPLE_HISTORY,
    ForecastJob,
    bounded,
    futures_of,
    refusal,
)
from okr_models.forecast.own_widening import own_widening
from okr_models.forecast.path_values import Floats, LastMonth, Line, MeanOfMonths
from okr_models.kpis import Better, Kind
from okr_models.periods import add_months

LEVELS: dict[str, float] = {"committed": 0.9, "even": 0.5, "stretch": 0.3}
"""The probability of reaching it that each kind of target is meant to have."""
CURVE = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)
CURVE_IN_TENTHS = tuple(share for share in CURVE if round(10 * share) == 10 * share)
YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A figure's closed months, oldest first and without a gap; NaN where one is missing."""

    first: date
    values: tuple[float, ...]
    kind: Kind
    better: Better
    estimated_share: float = 0.0
    has_break: bool = False

    @property
    def months(self) -> tuple[date, ...]:
        return tuple(add_months(self.first, n) for n in range(len(self.values)))


@dataclass(frozen=True, slots=True)
class Point:
    """A target and how likely it is to be reached. ``growth`` on the base, None where the base is not above zero."""

    value: float
    growth: float | None
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a period is likely to give. ``base``: the same months a year before (a stock: the day before it begins).

    ``value`` of a flow or ratio is the mean of its months, of a stock its last one.
    """

    months: tuple[date, ...]
    path: tuple[float, ...]
    """Each month of the period as the middle of what is expected."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    base: float | None
    is_base_known: bool
    """False where months of the base are still to come and are expected ones themselves."""
    levels: dict[str, Point]
    curve: tuple[Point, ...]
    tenths: bool
    closed: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing honest can be said."""

    reason: str


def outlook(history: History, period: Sequence[date]) -> Outlook | Refused:
    """The outlook of the months of ``period``, which end after the last closed month."""
    values = np.asarray(history.values, dtype=np.float64)
    if refused := refusal(values, estimated_share=history.estimated_share, has_break=history.has_break):
        return Refused(refused)
    ahead = _months_between(add_months(history.first, len(values) - 1), period[-1])
    if ahead < 1:
        return Refused("the period is over")
    if ahead > 2 * YEAR:
        return Refused(
            f"the period ends {ahead} months after the last closed month; {2 * YEAR} is as far as one can see"
        )
    inside = sum(month >= period[0] for month in history.months)
    is_stock = history.kind == "stock"
    job = ForecastJob(
        history=history.values,
        horizon=ahead,
        months_in=inside,
        reducer=LastMonth() if is_stock else MeanOfMonths(),
        success=Line(value=0.0),
        kind=history.kind,
        estimated_share=history.estimated_share,
    )
    answer = futures_of(replace(job, widening=own_widening(job)))
    paths = np.hstack([np.broadcast_to(values, (answer.futures.paths.shape[0], len(values))), answer.futures.paths])
    middle = np.concatenate([values, answer.futures.middle])[np.newaxis, :]
    n = len(period)
    reached, base = _reduced(paths, n, is_stock=is_stock), _base(paths, n, is_stock=is_stock)
    if not np.isfinite(reached).all():
        return Refused("the period's closed months are not all known")
    window = paths[:, -n:]
    has_base = base is not None and float(np.min(base)) > 0
    ratio = reached / base if has_base and base is not None else None
    middle_base = float(np.median(base)) if has_base and base is not None else None
    is_known = has_base and base is not None and float(np.ptp(base)) == 0
    return Outlook(
        months=tuple(period),
        path=tuple(float(each) for each in middle[0, -n:]),
        low=tuple(float(each) for each in np.quantile(window, 0.1, axis=0)),
        high=tuple(float(each) for each in np.quantile(window, 0.9, axis=0)),
        base=middle_base,
        is_base_known=is_known,
        levels={
            name: _point(reached, ratio, middle_base, share, better=history.better, tenths=answer.tenths)
            for name, share in LEVELS.items()
        },
        curve=tuple(
            _point(reached, ratio, middle_base, share, better=history.better, tenths=answer.tenths)
            for share in (CURVE_IN_TENTHS if answer.tenths else CURVE)
        ),
        tenths=answer.tenths,
        closed=int(np.sum(~np.isnan(values))),
        note=answer.note,
    )


def months_lacking(closed: int) -> tuple[int, int] | None:
    """How many more closed months a better answer takes, and how many that is in all; None where there is none."""
    for limit in (SIMPLE_HISTORY, MODEL_HISTORY, FULL_HISTORY):
        if closed < limit:
            return limit - closed, limit
    return None


def _point(
    reached: Floats, ratio: Floats | None, base: float | None, share: float, *, better: Better, tenths: bool
) -> Point:
    """The target that ``share`` of the paths reach.

    A growth target is against a base that the same path holds: where that is still to come, growth has its own
    distribution, and the value is that growth on the base's middle.
    """
    quantile = 1 - share if better == "higher" else share
    said = bounded(share, tenths=tenths)
    if ratio is None or base is None:
        return Point(float(np.quantile(reached, quantile)), None, said)
    growth = float(np.quantile(ratio, quantile)) - 1
    return Point(base * (1 + growth), growth, said)


def _reduced(paths: Floats, n: int, *, is_stock: bool) -> Floats:
    return np.asarray(paths[:, -1] if is_stock else paths[:, -n:].mean(axis=1), dtype=np.float64)


def _base(paths: Floats, n: int, *, is_stock: bool) -> Floats | None:
    """Each path's own base: the same months a year before, or a stock the month before the period; None where the
    history does not reach so far back or lacks one of them."""
    end = paths.shape[1] - n
    if is_stock:
        base = paths[:, end - 1] if end >= 1 else None
    else:
        start = end - YEAR
        base = paths[:, start : start + n].mean(axis=1) if start >= 0 and n <= YEAR else None
    return None if base is None or not np.isfinite(base).all() else np.asarray(base, dtype=np.float64)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * YEAR + last.month - first.month
