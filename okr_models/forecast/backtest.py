"""Replays of the past: what the forecast and the straight line would have said about each year, against what came.

What belongs here: rolling origins over monthly series, and the table that compares methods. What does not: the series
themselves (``benchmarks/synthetic_series.py``, ``benchmarks/forecast_backtest.py``), how a forecast is made
(``structural.py``).

An origin is the end of a closed month, ``k`` months into a year of twelve that may begin in any month. What is asked is
the year's total and, for several growth targets on the year before, whether it reaches them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from okr_models.forecast.calibration import HIGH_QUANTILE, LEAST, LOW_QUANTILE, MOST
from okr_models.forecast.path_values import Floats
from okr_models.forecast.simple import simple_paths
from okr_models.forecast.structural import YEARLY, FitFailed, Fitted, Trend, fit

YEAR = 12
FIRST_ORIGIN = 24
GROWTH_TARGETS = (-0.1, 0.0, 0.1, 0.2, 0.3, 0.4)
PATHS = 2000
SEED = 20260101


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeries:
    """Consecutive whole months. ``is_public`` says whether it may set the pooled factor."""

    name: str
    values: Floats
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One year seen from one month end, by one trend. Probabilities run along ``GROWTH_TARGETS``."""

    series: str
    is_public: bool
    known_months: int
    months_in: int
    total: float
    forecast: float
    low: float
    high: float
    straight_line: float
    miss: float
    remaining_log_error: float
    probabilities: tuple[float, ...]
    lines: tuple[float, ...]

    @property
    def outcomes(self) -> tuple[bool, ...]:
        return tuple(self.total >= line for line in self.lines)

    @property
    def straight_verdicts(self) -> tuple[bool, ...]:
        return tuple(self.straight_line >= line for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One line of the table: shares, so .09 is 9 %."""

    origins: int
    straight_line_error: float
    forecast_error: float
    straight_line_wrong: float
    forecast_wrong: float
    straight_line_brier: float
    forecast_brier: float
    interval_coverage: float


def replay(
    series: MonthlySeries,
    *,
    trend: Trend,
    widening: float = 1.0,
    months_in: Sequence[int] = range(1, YEAR),
    every: int = 1,
) -> list[Origin]:
    """Origins of ``series`` with 24 closed months before them, ``every`` months; one whose fit fails is left out."""
    origins: list[Origin] = []
    for known in range(FIRST_ORIGIN, len(series.values), every):
        wanted = [k for k in months_in if known - k - YEAR >= 0 and known - k + YEAR <= len(series.values)]
        if not wanted:
            continue
        fitted = fit(series.values[:known], season=YEARLY, trend=trend)
        if isinstance(fitted, FitFailed):
            continue
        origins += [_origin(series, fitted=fitted, known=known, k=k, widening=widening) for k in wanted]
    return origins


def replay_simple(
    series: MonthlySeries, *, history: int = 18, months_in: Sequence[int] = range(1, YEAR), log_spread: float
) -> list[Origin]:
    """The same for the rule without a model, shown only the last ``history`` months (12-23) before each origin."""
    return [
        _simple_origin(series, known=known, k=k, history=history, log_spread=log_spread)
        for known in range(FIRST_ORIGIN, len(series.values))
        for k in months_in
        if known - k + YEAR <= len(series.values)
    ]


def misses_of(series: MonthlySeries, *, trend: Trend, horizon: int) -> Iterator[float]:
    """The series' own misses ``horizon`` months ahead, one an origin: what widens its own forecasts."""
    for known in range(FIRST_ORIGIN, len(series.values) - horizon + 1):
        fitted = fit(series.values[:known], season=YEARLY, trend=trend)
        if not isinstance(fitted, FitFailed):
            paths = fitted.paths(steps=horizon, count=PATHS, seed=SEED)
            yield _miss(paths.sum(axis=1), float(series.values[known : known + horizon].sum()))


def compare(origins: Iterable[Origin]) -> Comparison:
    """Means over origins and targets; raises ``ValueError`` without origins."""
    rows = list(origins)
    if not rows:
        raise ValueError("nothing was replayed: a series needs 24 months before a year of twelve")
    said = np.array([row.probabilities for row in rows])
    came = np.array([row.outcomes for row in rows])
    straight = np.array([row.straight_verdicts for row in rows])
    return Comparison(
        origins=len(rows),
        straight_line_error=float(np.mean([abs(row.straight_line / row.total - 1) for row in rows])),
        forecast_error=float(np.mean([abs(row.forecast / row.total - 1) for row in rows])),
        straight_line_wrong=float(np.mean(straight != came)),
        forecast_wrong=float(np.mean((said >= 0.5) != came)),
        straight_line_brier=float(np.mean((straight.astype(float) - came) ** 2)),
        forecast_brier=float(np.mean((said - came) ** 2)),
        interval_coverage=float(np.mean([row.low <= row.total <= row.high for row in rows])),
    )


def _origin(series: MonthlySeries, *, fitted: Fitted, known: int, k: int, widening: float) -> Origin:
    steps = YEAR - k
    plain = fitted.paths(steps=steps, count=PATHS, seed=SEED).sum(axis=1)
    widened = fitted.paths(steps=steps, count=PATHS, seed=SEED, widening=widening).sum(axis=1)
    middle = float(fitted.mean_path(steps=steps).sum())
    return _seen(series, known=known, k=k, middle=middle, remaining=widened, plain=plain)


def _simple_origin(series: MonthlySeries, *, known: int, k: int, history: int, log_spread: float) -> Origin:
    middle, paths = simple_paths(
        series.values[known - history : known],
        horizon=YEAR - k,
        months_in=k,
        is_stock=False,
        count=PATHS,
        seed=SEED,
        log_spread=log_spread,
    )
    remaining = paths.sum(axis=1)
    return _seen(series, known=known, k=k, middle=float(middle.sum()), remaining=remaining, plain=remaining)


def _seen(
    series: MonthlySeries,
    *,
    known: int,
    k: int,
    middle: float,
    remaining: Floats,
    plain: Floats,
) -> Origin:
    """One year from one month end, given a forecast of its remaining months' sum."""
    start = known - k
    observed = float(series.values[start:known].sum())
    total = float(series.values[start : start + YEAR].sum())
    base = float(series.values[start - YEAR : start].sum())
    reached = observed + remaining
    lines = tuple(base * (1 + growth) for growth in GROWTH_TARGETS)
    low, high = np.quantile(reached, [LOW_QUANTILE, HIGH_QUANTILE])
    return Origin(
        series=series.name,
        is_public=series.is_public,
        known_months=known,
        months_in=k,
        total=total,
        forecast=observed + middle,
        low=float(low),
        high=float(high),
        straight_line=observed * YEAR / k,
        miss=_miss(plain, total - observed),
        remaining_log_error=_log_ratio(total - observed, middle),
        probabilities=tuple(float(np.clip(np.mean(reached >= line), LEAST, MOST)) for line in lines),
        lines=lines,
    )


def _log_ratio(came: float, said: float) -> float:
    return float(np.log(came / said)) if came > 0 and said > 0 else float("nan")


def _miss(remaining: Floats, came: float) -> float:
    """How many of the model's own standard deviations the remaining months missed by, on the log scale."""
    if came <= 0 or bool(np.any(remaining <= 0)):
        return float((came - remaining.mean()) / max(remaining.std(), 1e-12))
    logs = np.log(remaining)
    return float((np.log(came) - logs.mean()) / max(logs.std(), 1e-12))
