"""Which forecast a key result gets, by how much history it has (MEASURES.md, "Expected progress, forecast, status").

What belongs here: the rules of history length, the probability's limits, and the reasons for having none. What does
not: the models (``pair.py``), the rule without one (``simple.py``), status (``progress/status.py``).

| closed months | what is given |
| --- | --- |
| 36 and more | the two structural models' probability |
| 24-35 | the same, in tenths |
| 12-23 | no model: a range, and a probability in tenths |
| fewer, a break in them, or over 10 % estimated | no probability, and why |

Where the models' middle leaves what the series has ever grown (``bounds.py``), or a fit fails, the rule without a model
answers and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from okr_models.forecast.bounds import Bounds, bounds_of
from okr_models.forecast.calibration import (
    HIGH_QUANTILE,
    LEAST,
    LOW_QUANTILE,
    MOST,
    SIMPLE_SPREAD,
    Kind,
    SimpleSpread,
    Spread,
)
from okr_models.forecast.pair import Futures, Pair, fit_pair
from okr_models.forecast.path_values import Flags, Floats, LastMonth
from okr_models.forecast.running import Begun, Running
from okr_models.forecast.shifts import at_todays_level
from okr_models.forecast.simple import simple_paths
from okr_models.forecast.structural import FitFailed
from okr_models.forecast.types import Fallback, Forecast

PATHS = 2000
SEED = 20260101
FULL_HISTORY, MODEL_HISTORY, SIMPLE_HISTORY = 36, 24, 12
ESTIMATED_LIMIT = 0.10
LEAST_TENTH, MOST_TENTH = 0.1, 0.9

Reduce = Callable[[Floats], Floats]
Succeeds = Callable[[Floats], Flags]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastJob:
    """Everything one forecast depends on; picklable as long as its callables are (``path_values.py``).

    ``history``: one value a calendar month, oldest first, NaN where missing, ending with the last closed month.
    ``months_in`` of them lie inside the period, ``horizon`` months of it are still to come. ``running``: what a stock
    is known to be since, ``begun``: what a flow that adds up has given since. ``success`` is the key result's own line,
    ``success_full`` the full target's. ``settled`` is the outcome where arithmetic has decided it. ``widening``
    multiplies the calibrated spread.
    """

    history: tuple[float, ...]
    horizon: int
    months_in: int
    reducer: Reduce
    success: Succeeds
    success_full: Succeeds | None = None
    running: Running | None = None
    begun: Begun | None = None
    kind: Kind = "flow"
    estimated_share: float = 0.0
    has_break: bool = False
    settled: bool | None = None
    widening: float = 1.0
    seed: int = SEED

    def __post_init__(self) -> None:
        if self.horizon < 0 or not 0 <= self.months_in <= len(self.history):
            raise ValueError(
                f"horizon {self.horizon} and months_in {self.months_in} do not fit {len(self.history)} months"
            )
        if self.horizon + self.months_in == 0:
            raise ValueError("a period has at least one month")
        if self.running is not None and not 0 < len(self.running.values) <= self.horizon:
            raise ValueError(f"{len(self.running.values)} running months do not fit {self.horizon} to come")
        if self.begun is not None and not 0 < len(self.begun.values) <= self.horizon:
            raise ValueError(f"{len(self.begun.values)} months begun do not fit {self.horizon} to come")


@dataclass(frozen=True, slots=True)
class Answer:
    """The months to come, and how they were made."""

    futures: Futures
    method: Literal["structural", "simple"]
    tenths: bool
    fallback: Fallback | None = None
    note: str | None = None


def forecast_series(
    history: pd.Series,
    horizon_months: int,
    *,
    months_in: int,
    reducer: Reduce,
    success: Succeeds,
    success_full: Succeeds | None = None,
    running: Running | None = None,
    kind: Kind = "flow",
    estimated_share: float = 0.0,
    has_break: bool = False,
    settled: bool | None = None,
    widening: float = 1.0,
    seed: int = SEED,
) -> Forecast:
    """``forecast`` for a series indexed by month (dates, timestamps or periods; months left out are missing)."""
    return forecast(
        ForecastJob(
            history=months_of(history),
            horizon=horizon_months,
            months_in=months_in,
            reducer=reducer,
            success=success,
            success_full=success_full,
            running=running,
            kind=kind,
            estimated_share=estimated_share,
            has_break=has_break,
            settled=settled,
            widening=widening,
            seed=seed,
        )
    )


def forecast(job: ForecastJob) -> Forecast:
    """The forecast of *A at the period's end*; without a probability where the rules allow none, with the reason."""
    history = np.asarray(job.history, dtype=np.float64)
    if job.horizon == 0:
        return _over(job, history)
    refused = refusal(history, estimated_share=job.estimated_share, has_break=job.has_break)
    if refused:
        return Forecast(method="none", note=refused, probability=_certain(job.settled))
    answer = futures_of(job)
    reached = job.reducer(_with_observed(answer.futures.paths, history=history, job=job))
    middle = float(job.reducer(_with_observed(answer.futures.middle[np.newaxis, :], history=history, job=job))[0])
    if not (np.isfinite(reached).all() and np.isfinite(middle)):
        return Forecast(method="none", note="the forecast is not finite", probability=_certain(job.settled))
    low, high = (float(edge) for edge in np.quantile(reached, [LOW_QUANTILE, HIGH_QUANTILE]))
    said = _certain(job.settled)
    if said is None:
        said = bounded(float(np.mean(job.success(reached))), tenths=answer.tenths)
    full = job.success_full or job.success
    return Forecast(
        mid=middle,
        low=min(low, middle),
        high=max(high, middle),
        probability=said,
        probability_full=said if full is job.success else bounded(float(np.mean(full(reached))), tenths=answer.tenths),
        tenths=answer.tenths,
        method=answer.method,
        fallback=answer.fallback,
        note=answer.note,
    )


def refusal(history: Floats, *, estimated_share: float, has_break: bool) -> str | None:
    """Why this history allows no probability, or None."""
    closed = int(np.sum(~np.isnan(history)))
    if has_break:
        return "no forecast: a break lies in the history"
    if closed < SIMPLE_HISTORY:
        return f"no forecast: {closed} closed months, 12 are needed"
    if estimated_share > ESTIMATED_LIMIT:
        return f"no forecast: {estimated_share:.0%} of the history is estimated, 10% is the limit"
    return None


def months_of(series: pd.Series) -> tuple[float, ...]:
    """Consecutive months from the first to the last of the index, NaN where the index has none."""
    if series.empty:
        return ()
    months = pd.PeriodIndex(pd.to_datetime(_stamps(series.index)), freq="M")
    if months.has_duplicates:
        raise ValueError("a month stands twice in the history")
    placed = pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan), index=months).sort_index()
    whole = placed.reindex(pd.period_range(placed.index[0], placed.index[-1], freq="M"))
    return tuple(float(value) for value in whole)


def futures_of(
    job: ForecastJob,
    *,
    pair: Pair | FitFailed | None = None,
    spread: Spread | None = None,
    simple_spread: SimpleSpread = SIMPLE_SPREAD,
) -> Answer:
    """The months to come by the rules of history length. ``pair`` where it was fitted already (a replay asks one pair
    about several years); other spreads than the pooled ones where they are being measured."""
    history = np.asarray(job.history, dtype=np.float64)
    first = int(np.argmax(~np.isnan(history)))
    known = np.concatenate([history[first:], job.running.values if job.running else ()])
    known = at_todays_level(known) if job.kind == "stock" else known
    bounds = bounds_of(known, steps=job.horizon, is_stock=job.kind == "stock")
    fallback: Fallback | None = None
    note: str | None = None
    closed = int(np.sum(~np.isnan(history)))
    if closed >= MODEL_HISTORY:
        pair = pair or fit_pair(known, kind=job.kind)
        if isinstance(pair, Pair):
            futures = pair.futures(steps=job.horizon, count=PATHS, seed=job.seed, spread=spread, widening=job.widening)
            if bounds is None or bounds.holds(futures.middle):
                return Answer(_placed(job, futures, bounds), "structural", tenths=closed < FULL_HISTORY)
            fallback, note = "bounded", "the models' middle leaves what the series has ever grown"
        else:
            fallback, note = "unfitted", pair.reason
        note = f"{note}; straight line and last year's share instead"
    futures = _without_a_model(job, known, spread=simple_spread)
    if bounds is not None and (fallback == "bounded" or not bounds.holds(futures.middle)):
        fallback, note = "bounded", note or "kept within what the series has ever grown"
        futures = Futures(*bounds.centred(futures.middle, futures.paths))
    return Answer(_placed(job, futures, bounds), "simple", tenths=True, fallback=fallback, note=note)


def _without_a_model(job: ForecastJob, known: Floats, *, spread: SimpleSpread) -> Futures:
    running = len(job.running.values) if job.running else 0
    middle, paths = simple_paths(
        known,
        horizon=job.horizon,
        months_in=min(job.months_in + running, len(known)),
        is_stock=job.kind == "stock",
        count=PATHS,
        seed=job.seed,
        spread=spread,
        is_level=job.kind != "stock" and isinstance(job.reducer, LastMonth),
    )
    return Futures(middle, paths)


def _placed(job: ForecastJob, futures: Futures, bounds: Bounds | None) -> Futures:
    """Inside the bounds, at the months' ends, and with what the months begun have given."""
    middle, paths = futures.middle[np.newaxis, :], futures.paths
    if bounds is not None:
        middle, paths = bounds.kept(middle), bounds.kept(paths)
    if job.running is not None:
        middle, paths = job.running.at_month_ends(middle), job.running.at_month_ends(paths)
    if job.begun is not None:
        middle, paths = job.begun.with_what_came(middle), job.begun.with_what_came(paths)
    return Futures(middle[0], paths)


def _with_observed(paths: Floats, *, history: Floats, job: ForecastJob) -> Floats:
    """The period's closed months before each path's months."""
    seen = history[len(history) - job.months_in :]
    return np.hstack([np.broadcast_to(seen, (paths.shape[0], job.months_in)), paths])


def _over(job: ForecastJob, history: Floats) -> Forecast:
    """Nothing is left to simulate: the outcome is what the months say."""
    reached = job.reducer(history[np.newaxis, len(history) - job.months_in :])
    value = float(reached[0])
    if not np.isfinite(value):
        return Forecast(method="none", note="no month of the period has a value", probability=_certain(job.settled))
    full = job.success_full or job.success
    came = bool(job.success(reached)[0]) if job.settled is None else job.settled
    return Forecast(
        mid=value,
        low=value,
        high=value,
        probability=float(came),
        probability_full=float(bool(full(reached)[0])),
        method="settled",
    )


def _certain(settled: bool | None) -> float | None:
    return None if settled is None else float(settled)


def bounded(share: float, *, tenths: bool) -> float:
    """A share of paths as a probability that arithmetic has not settled."""
    if tenths:
        return round(float(np.clip(round(share, 1), LEAST_TENTH, MOST_TENTH)), 1)
    return float(np.clip(share, LEAST, MOST))


def _stamps(index: pd.Index) -> pd.Index:
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
