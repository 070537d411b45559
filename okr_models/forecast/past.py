"""What a series' own past says of how it moves: its growth a year, how unrestful that is, how large the series is.

What belongs here: figures of the months that were, on the scale that the models work on. What does not: the models
(``structural.py``), what is made of these figures (``calibration.py``, ``bounds.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.forecast.path_values import Floats
from okr_models.forecast.structural import Scale

YEAR = 12
LEAST_PAIRS = 3
"""Months that must have one a year before them for their spread to say something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """``growth`` is the median change on the year before, ``unrest`` the standard deviation of the last year's.

    Both in logs for a positive series (.1 is 10 %), else in units of ``size``, the mean size of the last year's months.
    ``unrest`` is None where fewer than three months have a year before them.
    """

    months: int
    growth: float
    unrest: float | None
    size: float


def past_of(values: Floats, *, scale: Scale) -> Past:
    """``values``: monthly, NaN where missing."""
    known = values[~np.isnan(values)]
    size = float(np.mean(np.abs(known[-YEAR:]))) if len(known) else 0.0
    scaled = np.log(values) if scale == "log" else values / (size or 1.0)
    change = scaled[YEAR:] - scaled[:-YEAR]
    seen = change[~np.isnan(change)]
    newest = change[-YEAR:][~np.isnan(change[-YEAR:])]
    return Past(
        months=len(known),
        growth=float(np.median(seen)) if len(seen) else 0.0,
        unrest=float(np.std(newest)) if len(newest) >= LEAST_PAIRS else None,
        size=size,
    )
