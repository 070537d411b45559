"""What a stock is known to be after its last closed month: the newest observation counts, the running month's too.

What belongs here: the value, and turning futures counted from it into month ends. What does not: where it comes from
(``progress/forecast_job.py``), the models (``pair.py``).

A list that was cleaned on 14 November holds 300 people on the 20th, whatever October's end was.
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
