"""Replays of the past: what the forecast and the straight line would have said about each year, against what came.

What belongs here: rolling origins over monthly series, through the very function that a night uses. What does not: the
series themselves and the tables (``benchmarks/``), how a forecast is made (``forecast.py``).

An origin is the end of a closed month, ``k`` months into a year of twelve that may begin in any month. What is asked is
the year's total and, for several growth targets on the year before, whether it reaches them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from okr_models.forecast.calibration import (
    HIGH_QUANTILE,
    LOW_QUANTILE,
    SIMPLE_SPREAD,
    SPREADS,
    Kind,
    SimpleSpread,
    Spread,
    own_factor,
)
from okr_models.forecast.forecast import PATHS, SEED, Answer, ForecastJob, bounded, futures_of
from okr_models.forecast.pair import Features, Pair, fit_pair
from okr_models.forecast.path_values import Floats, Line, SumOfMonths
from okr_models.forecast.structural import FitFailed

YEAR = 12
FIRST_ORIGIN = 24
NEWEST_MISSES = 24
"""Own misses that count at most: two years of them, so that a night's work has an upper bound."""
GROWTH_TARGETS = (-0.1, 0.0, 0.1, 0.2, 0.3, 0.4)
Pairs = Mapping[int, Pair | FitFailed]
"""Fitted pairs by how many months they saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySeries:
    """Consecutive whole months."""

    name: str
    values: Floats
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One year seen from one month end. Probabilities run along ``GROWTH_TARGETS``."""

    series: str
    is_public: bool
    known_months: int
    months_in: int
    total: float
    forecast: float
    low: float
    high: float
    straight_line: float
    features: Features | None
    """What the spread depended on; None where no model was asked."""
    error: float
    """On the scale of the features (logs): remaining months over their forecast."""
    rank: float
    """Share of the paths below what came: even between 0 and 1 where the spread is right."""
    is_fallback: bool
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


def fitted_pairs(series: MonthlySeries, *, kind: Kind = "flow", every: int = 1) -> dict[int, Pair | FitFailed]:
    """Both models at every month end with 24 months before it."""
    known = range(FIRST_ORIGIN, len(series.values), every)
    return {count: fit_pair(series.values[:count], kind=kind) for count in known}


def replay(
    series: MonthlySeries,
    *,
    pairs: Pairs | None = None,
    spread: Spread | None = None,
    months_in: Sequence[int] = range(1, YEAR),
    every: int = 1,
) -> list[Origin]:
    """Origins of ``series`` with 24 closed months before them, ``every`` months.

    Each is widened by the series' own earlier misses as a night would; ``spread`` stands in for the pooled one.
    """
    origins: list[Origin] = []
    misses: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for known in range(FIRST_ORIGIN, len(series.values), every):
        wanted = [k for k in months_in if known - k - YEAR >= 0 and known - k + YEAR <= len(series.values)]
        if not wanted:
            continue
        pair = pairs[known] if pairs is not None else fit_pair(series.values[:known], kind="flow")
        for k in wanted:
            steps = YEAR - k
            earlier = [miss for at, miss in misses[steps] if at + steps <= known]
            job = _job(series.values[:known], k=k, widening=own_factor(earlier[-NEWEST_MISSES:]))
            features = pair.features(steps=steps, count=PATHS, seed=SEED) if isinstance(pair, Pair) else None
            answer = futures_of(job, pair=pair, spread=spread)
            found = _seen(series, answer, known=known, k=k, features=features)
            origins.append(found)
            if features is not None:
                misses[steps].append((known, found.error / features.scale(spread or SPREADS["flow"])))
    return origins


def replay_simple(
    series: MonthlySeries,
    *,
    history: int = 18,
    months_in: Sequence[int] = range(1, YEAR),
    every: int = 1,
    spread: SimpleSpread = SIMPLE_SPREAD,
) -> list[Origin]:
    """The same for the rule without a model, shown only the last ``history`` months (12-23) before each origin."""
    return [
        _seen(
            series,
            futures_of(_job(series.values[known - history : known], k=k), simple_spread=spread),
            known=known,
            k=k,
            features=None,
        )
        for known in range(FIRST_ORIGIN, len(series.values), every)
        for k in months_in
        if known - k + YEAR <= len(series.values)
    ]


def misses_of(series: MonthlySeries, *, kind: Kind, horizon: int) -> Iterator[float]:
    """The series' own newest misses ``horizon`` months ahead, one an origin, in scales: what widens its own forecasts.

    Of a stock it is the value ``horizon`` months later, else the sum of so many months.
    """
    last = len(series.values) - horizon
    for known in range(max(FIRST_ORIGIN, last - NEWEST_MISSES + 1), last + 1):
        pair = fit_pair(series.values[:known], kind=kind)
        if isinstance(pair, Pair):
            features = pair.features(steps=horizon, count=PATHS, seed=SEED)
            came = float(pair.total_on_scale(series.values[known : known + horizon])[0])
            yield (came - features.middle) / features.scale(SPREADS[kind])


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


def _job(history: Floats, *, k: int, widening: float = 1.0) -> ForecastJob:
    """The total of the year of which ``k`` months are known; the lines are asked of its paths here."""
    return ForecastJob(
        history=tuple(float(value) for value in history),
        horizon=YEAR - k,
        months_in=k,
        reducer=SumOfMonths(),
        success=Line(value=0.0),
        widening=widening,
    )


def _seen(series: MonthlySeries, answer: Answer, *, known: int, k: int, features: Features | None) -> Origin:
    """One year from one month end, given a forecast of its remaining months."""
    start = known - k
    observed = float(series.values[start:known].sum())
    total = float(series.values[start : start + YEAR].sum())
    base = float(series.values[start - YEAR : start].sum())
    reached = observed + answer.futures.paths.sum(axis=1)
    middle = observed + float(answer.futures.middle.sum())
    lines = tuple(base * (1 + growth) for growth in GROWTH_TARGETS)
    low, high = np.quantile(reached, [LOW_QUANTILE, HIGH_QUANTILE])
    return Origin(
        series=series.name,
        is_public=series.is_public,
        known_months=known,
        months_in=k,
        total=total,
        forecast=middle,
        low=min(float(low), middle),
        high=max(float(high), middle),
        straight_line=observed * YEAR / k,
        features=features,
        error=_log_ratio(total - observed, middle - observed),
        rank=float(np.mean(reached <= total)),
        is_fallback=answer.fallback is not None,
        probabilities=tuple(bounded(float(np.mean(reached >= line)), tenths=answer.tenths) for line in lines),
        lines=lines,
    )


def _log_ratio(came: float, said: float) -> float:
    return float(np.log(came / said)) if came > 0 and said > 0 else float("nan")
