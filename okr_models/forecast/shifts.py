"""A stock's jumps: a list that was cleaned, an account that was merged. They move its level and say nothing of its
pace.

What belongs here: telling a jump from a month's growth, and the history as it would have been at today's level. What
does not: what growth follows (``pair.py``, ``simple.py``).

A list cleaned from 3,042 to 300 would otherwise be forecast to lose nine in ten again, and its fall would count as what
the series "has ever done".
"""

from __future__ import annotations

import numpy as np

from okr_models.forecast.path_values import Floats

LARGE = float(np.log(1.2))
CLEARLY = 5.0
"""Times the usual distance of a month's growth from the median, beyond which it is no month's growth."""
LEAST_CHANGES = 6
NORMAL = 1.4826
"""From the median distance to a standard deviation, of normal errors."""


def at_todays_level(values: Floats) -> Floats:
    """``values`` (a stock's months, NaN where missing) with what lies before each jump moved by it.

    Only of positive series with enough months to tell; others come back as they are.
    """
    known = np.flatnonzero(~np.isnan(values))
    if len(known) <= LEAST_CHANGES or not bool(np.all(values[known] > 0)):
        return values
    logs = np.log(values[known])
    changes = np.diff(logs)
    usual = float(np.median(changes))
    stray = NORMAL * float(np.median(np.abs(changes - usual)))
    jumps = np.where(np.abs(changes - usual) > max(CLEARLY * stray, LARGE), changes - usual, 0.0)
    if not jumps.any():
        return values
    after = np.append(np.cumsum(jumps[::-1])[::-1], 0.0)
    moved = values.astype(np.float64).copy()
    moved[known] = np.exp(logs + after)
    return moved
