"""How much wider the model's spread must be for its intervals to hold what they promise.

What belongs here: one factor from many past misses, and which factor a series gets. What does not: making the misses
(``backtest.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

INTERVAL = 0.8
"""forecast_low to forecast_high holds this share of the paths."""

LOW_QUANTILE, HIGH_QUANTILE = (1 - INTERVAL) / 2, (1 + INTERVAL) / 2

LEAST, MOST = 0.05, 0.95
"""No probability leaves these limits unless arithmetic has settled the matter."""

OWN_ORIGINS = 20
"""Scored origins from which a series is widened by its own misses and no longer by the pooled factor."""

POOLED_WIDENING = 1.34
"""From the public series; docs/forecast.md prints it and the command that makes it."""

SIMPLE_LOG_SPREAD = 0.3
"""Standard deviation of log(remaining months / their forecast) of the simple method: chosen in docs/forecast.md."""

WIDEST = 10.0


def widening_factor(misses: Sequence[float]) -> float:
    """The factor that makes the 80 % interval hold 80 % of ``misses`` (miss / the model's own standard deviation).

    Never below 1 (a lucky past narrows nothing) and never above 10.
    """
    if len(misses) == 0:
        raise ValueError("no scored origin, so no factor")
    reach = float(np.quantile(np.abs(np.asarray(misses, dtype=np.float64)), INTERVAL))
    return float(np.clip(reach / NormalDist().inv_cdf(HIGH_QUANTILE), 1.0, WIDEST))


def widening_of(own_misses: Sequence[float], *, pooled: float = POOLED_WIDENING) -> float:
    """The series' own factor from ``OWN_ORIGINS`` scored origins on, else the pooled one."""
    return widening_factor(own_misses) if len(own_misses) >= OWN_ORIGINS else pooled
