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
    """A figure's closed months, oldest first and without a gap; NaN where one is missing.

    ``below``: what each month of a ratio has below the line, NaN where it does not keep both parts.
    """

    first: date
    values: tuple[float, ...]
    kind: Kind
    better: Better
    estimated_share: float = 0.0
    has_break: bool = False
    below: tuple[float, ...] | None = None

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

    ``value`` of a flow is the mean of its months, of a ratio Σ/Σ where both parts are kept, of a stock its last one.
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
    below = _weights(history, ahead)
    reached, base = _reduced(paths, n, is_stock=is_stock, below=below), _base(paths, n, is_stock=is_stock, below=below)
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


def _weights(history: History, ahead: int) -> Floats | None:
    """What each month of the history and ``ahead`` of it has below the line; None where months weigh the same.

    One to come is taken to have what the month a year before it has, as much larger or smaller as the last twelve were
    than those before them; without such a month, what they have on average.
    """
    if history.below is None or history.kind != "ratio":
        return None
    known = np.asarray(history.below, dtype=np.float64)
    last = known[-YEAR:]
    if not np.nansum(last) > 0:
        return None
    found = list(known)
    both = [(now, then) for now, then in zip(known[YEAR:][-YEAR:], known[:-YEAR][-YEAR:], strict=True)]
    both = [(now, then) for now, then in both if np.isfinite(now) and np.isfinite(then)]
    before = sum(then for _, then in both)
    scale = sum(now for now, _ in both) / before if before > 0 else 1.0
    for _ in range(ahead):
        a_year_before = found[-YEAR] if len(found) >= YEAR else np.nan
        found.append(a_year_before * scale if np.isfinite(a_year_before) else float(np.nanmean(last)))
    return np.asarray(found, dtype=np.float64)


def _mean(paths: Floats, below: Floats | None) -> Floats:
    """Each path's mean; of a ratio Σ/Σ where every month keeps both parts, as a key result's own is."""
    if below is None or not np.isfinite(below).all() or not below.sum() > 0:
        return np.asarray(paths.mean(axis=1), dtype=np.float64)
    return np.asarray((paths * below).sum(axis=1) / below.sum(), dtype=np.float64)


def _reduced(paths: Floats, n: int, *, is_stock: bool, below: Floats | None) -> Floats:
    return paths[:, -1] if is_stock else _mean(paths[:, -n:], None if below is None else below[-n:])


def _base(paths: Floats, n: int, *, is_stock: bool, below: Floats | None) -> Floats | None:
    """Each path's own base: the same months a year before, or a stock the month before the period; None where the
    history does not reach so far back or lacks one of them."""
    end = paths.shape[1] - n
    if is_stock:
        base = paths[:, end - 1] if end >= 1 else None
    else:
        months = slice(end - YEAR, end - YEAR + n)
        has_base = months.start >= 0 and n <= YEAR
        base = _mean(paths[:, months], None if below is None else below[months]) if has_base else None
    return None if base is None or not np.isfinite(base).all() else np.asarray(base, dtype=np.float64)


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * YEAR + last.month - first.month
