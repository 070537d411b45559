"""What is known after the last closed month: a stock's newest observation, and what a flow has given so far.

What belongs here: the values, and turning simulated months into ones that agree with them. What does not: where they
come from (``progress/forecast_job.py``), the models (``pair.py``).

A list that was cleaned on 14 November holds 300 people on the 20th, whatever October's end was. A December whose every
day is in has given what it gave, though it closes in January.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.forecast.path_values import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """``values``: a stock at the end of each month after the last closed one (NaN where missing), and last of all its
    newest observation, in a month of which the share ``left`` is still to come."""

    values: tuple[float, ...]
    left: float

    def __post_init__(self) -> None:
        if not self.values or not np.isfinite(self.values[-1]) or not 0.0 <= self.left < 1.0:
            raise ValueError(f"{self.values} with {self.left} of the month left is no newest observation")

    def at_month_ends(self, paths: Floats) -> Floats:
        """From ``paths`` (count x steps of a month each from the newest observation) to the ends of all months since
        the last closed one, as many."""
        count, steps = paths.shape
        known = np.broadcast_to(np.array(self.values), (count, len(self.values)))
        ahead = np.hstack([known[:, -1:], paths])
        between = (1 - self.left) * ahead[:, :-1] + self.left * ahead[:, 1:]
        return np.asarray(np.hstack([known[:, :-1], between])[:, :steps], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Months of an additive flow after the last closed one, oldest first: ``values`` that they gave so far, and the
    share of their days that is ``left``."""

    values: tuple[float, ...]
    left: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.left) or not np.isfinite(self.values).all():
            raise ValueError(f"{self.values} with {self.left} left are no months begun")
        if not all(0.0 <= left <= 1.0 for left in self.left):
            raise ValueError(f"{self.left} are no shares of a month")

    def with_what_came(self, paths: Floats) -> Floats:
        """``paths`` (count x months) whose first months give the rest of their days to what they gave so far."""
        months = len(self.values)
        begun = np.array(self.values) + np.array(self.left) * paths[:, :months]
        return np.asarray(np.hstack([begun, paths[:, months:]]), dtype=np.float64)
