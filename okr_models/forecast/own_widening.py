"""A series' own factor: how wide its forecasts must be, by how they have missed it before.

What belongs here: from one job's history to the factor its answer uses. What does not: the arithmetic of a factor
(``calibration.py``), the replay (``backtest.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from okr_models.forecast.backtest import FIRST_ORIGIN, MonthlySeries, misses_of
from okr_models.forecast.calibration import OWN_ORIGINS, own_factor
from okr_models.forecast.forecast import ForecastJob, forecast
from okr_models.forecast.shifts import at_todays_level
from okr_models.forecast.types import Forecast


def answer(job: ForecastJob) -> Forecast:
    """The forecast of ``job``, wider or narrower by the series' own misses where it has enough of them."""
    return forecast(replace(job, widening=job.widening * own_widening(job)))


def own_widening(job: ForecastJob) -> float:
    """The factor from the job's own history, else 1."""
    history = np.asarray(job.history, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(history))
    if job.has_break or job.horizon == 0 or len(known) == 0:
        return 1.0
    values = history[known[0] :]
    if len(values) - FIRST_ORIGIN - job.horizon + 1 < OWN_ORIGINS:
        return 1.0
    values = at_todays_level(values) if job.kind == "stock" else values
    series = MonthlySeries(name="own", values=values, is_public=False)
    return own_factor(list(misses_of(series, kind=job.kind, horizon=job.horizon)))
