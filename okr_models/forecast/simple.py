"""Twelve to twenty-three months of history: no model, but the straight line and last year's share between them.

What belongs here: paths of the remaining months from that rule. What does not: when it applies (``forecast.py``).

The straight line lets the remaining months be what the period's closed months were on average. Last year's share lets
them be last year's, moved by how the closed months compare with the same months of last year. The period's total is
the geometric mean of the two (MEASURES.md), its months keep last year's shape. For a stock the same is done with its
monthly changes. Where the last month alone is asked for (at_least, at_most), it is the last closed month that both go
on from: a mean of the whole period would lag behind a level that moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.forecast.calibration import SIMPLE_SPREAD, TAIL, SimpleSpread
from okr_models.forecast.path_values import Floats

YEAR = 12
LEAST_PAIRS = 3
MOST_APART = 2.0
"""In logs: how far apart straight line and last year's share count as at most, and months as at most unrestful."""
MOST_LOG = 20.0
ROUGHNESS_TO_UNREST = 1 / 1.5
"""Where fewer than three months have a year before them, the step from month to month stands for their growth's."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """The months to come by the rule, and in logs how far its two halves lie apart and how unrestful the months are."""

    months: Floats
    apart: float
    unrest: float


def simple_paths(
    history: Floats,
    *,
    horizon: int,
    months_in: int,
    is_stock: bool,
    count: int,
    seed: int,
    spread: SimpleSpread = SIMPLE_SPREAD,
    is_level: bool = False,
) -> tuple[Floats, Floats]:
    """The middle path (``horizon``) and ``count`` x ``horizon`` paths around it.

    ``history``: monthly values, NaN where missing, the last ``months_in`` of them inside the period. ``is_level``: only
    the last month is asked for.
    """
    if is_level:
        months_in = len(history) - int(np.flatnonzero(~np.isnan(history))[-1])
    flow = np.diff(_between_readings(history)) if is_stock else history
    found = remaining(flow, horizon=horizon, months_in=months_in)
    rng = np.random.default_rng(seed)
    draws = rng.standard_normal(((count + 1) // 2, 1)) * np.sqrt(TAIL / rng.chisquare(TAIL, size=((count + 1) // 2, 1)))
    scale = spread.scale(apart=found.apart, unrest=found.unrest)
    factors = np.exp(np.clip(scale * np.concatenate([draws, -draws])[:count], -MOST_LOG, MOST_LOG))
    if not is_stock:
        return found.months, found.months * factors
    last = history[~np.isnan(history)][-1]
    return last + np.cumsum(found.months), last + np.cumsum(found.months * factors, axis=1)


def _between_readings(stock: Floats) -> Floats:
    """A stock that is read every other month or once a quarter has moved evenly in between: its change is known."""
    known = np.flatnonzero(~np.isnan(stock))
    months = np.arange(len(stock))
    inside = (months >= known[0]) & (months <= known[-1])
    return np.where(inside, np.interp(months, known, stock[known]), np.nan)


def remaining(flow: Floats, *, horizon: int, months_in: int) -> Remaining:
    # of a stock all whose months are the period's own, the first has no change
    months_in = min(months_in, len(flow))
    inside = flow[len(flow) - months_in :] if months_in else flow[-YEAR:]
    straight = np.full(horizon, _mean(inside, otherwise=_mean(flow, otherwise=0.0)))
    shaped = _last_year(flow, horizon=horizon, months_in=months_in, otherwise=straight)
    seen = float(np.nansum(inside)) if months_in else 0.0
    total = _between(seen + float(straight.sum()), seen + float(shaped.sum())) - seen
    shape = float(shaped.sum())
    months = shaped * (total / shape) if shape * total > 0 else np.full(horizon, total / horizon)
    apart = _log_ratio(np.array([straight.sum()]), np.array([shaped.sum()]))
    return Remaining(months, apart=abs(apart[0]) if len(apart) else MOST_APART, unrest=_unrest(flow))


def _unrest(flow: Floats) -> float:
    """Standard deviation of growth on the year before; where too few months have one, what their roughness suggests."""
    yearly = _log_ratio(flow[YEAR:], flow[:-YEAR])
    if len(yearly) >= LEAST_PAIRS:
        return float(yearly.std())
    steps = _log_ratio(flow[1:], flow[:-1])
    return float(steps.std()) * ROUGHNESS_TO_UNREST if len(steps) >= LEAST_PAIRS else MOST_APART


def _log_ratio(now: Floats, then: Floats) -> Floats:
    """Of pairs above zero, within limits; the others have none."""
    usable = (np.nan_to_num(now) > 0) & (np.nan_to_num(then) > 0)
    return np.asarray(np.clip(np.log(now[usable] / then[usable]), -MOST_APART, MOST_APART), dtype=np.float64)


def _last_year(flow: Floats, *, horizon: int, months_in: int, otherwise: Floats) -> Floats:
    """Last year's months times this year's change so far; the straight line where last year has no month."""
    now, then = _same_months(flow, months_in=months_in)
    change = float(now.sum() / then.sum()) if len(now) and then.sum() > 0 and now.sum() > 0 else 1.0
    months = [_at(flow, len(flow) + step - YEAR) for step in range(min(horizon, YEAR))]
    months += [months[step % YEAR] for step in range(YEAR, horizon)]
    values = np.array(months, dtype=np.float64) * change
    return np.asarray(np.where(np.isnan(values), otherwise, values), dtype=np.float64)


def _same_months(flow: Floats, *, months_in: int) -> tuple[Floats, Floats]:
    pairs = [(flow[i], _at(flow, i - YEAR)) for i in range(max(0, len(flow) - months_in), len(flow))]
    common = [(now, then) for now, then in pairs if not (np.isnan(now) or np.isnan(then))]
    return np.array([now for now, _ in common]), np.array([then for _, then in common])


def _at(values: Floats, index: int) -> float:
    return float(values[index]) if 0 <= index < len(values) else float("nan")


def _mean(values: Floats, *, otherwise: float) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else otherwise


def _between(first: float, second: float) -> float:
    """The geometric mean; the plain one where a side is not positive and the geometric mean does not exist."""
    return float(np.sqrt(first * second)) if first > 0 and second > 0 else (first + second) / 2
