"""A series' own factor: how wide its forecasts must be, by how the model has missed it before.

What belongs here: from one job's history to the factor its answer uses. What does not: the arithmetic of a factor
(``calibration.py``), the replay (``backtest.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from okr_models.forecast.backtest import FIRST_ORIGIN, MonthlySeries, misses_of
from okr_models.forecast.calibration import OWN_ORIGINS, widening_of
from okr_models.forecast.forecast import ForecastJob, forecast
from okr_models.forecast.types import Forecast

LONGEST = 84
"""Months of history that are replayed at most: seven years, so that a night's work has an upper bound."""


def answer(job: ForecastJob) -> Forecast:
    """The forecast of ``job``, widened by the series' own misses where it has enough of them."""
    return forecast(replace(job, widening=own_widening(job)))


def own_widening(job: ForecastJob) -> float:
    """The factor from the job's own history, else the one the job came with."""
    history = np.asarray(job.history[-LONGEST:], dtype=np.float64)
    known = np.flatnonzero(~np.isnan(history))
    if job.has_break or job.horizon == 0 or len(known) == 0:
        return job.widening
    values = history[known[0] :]
    if len(values) - FIRST_ORIGIN - job.horizon + 1 < OWN_ORIGINS:
        return job.widening
    series = MonthlySeries(name="own", values=values, is_public=False)
    misses = [miss for miss in misses_of(series, trend=job.trend, horizon=job.horizon) if np.isfinite(miss)]
    return widening_of(misses, pooled=job.widening)
