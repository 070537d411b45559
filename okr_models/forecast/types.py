"""The value a forecaster hands to progress and status.

What belongs here: the shape only, so that measures and status need not import a model. What does not: making one
(``forecast.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["structural", "simple", "settled", "none"]
Fallback = Literal["bounded", "unfitted"]
"""Why the rule without a model answers though there is history enough for one: it left the bounds, or did not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A key result's A at its period's end, in the KPI's unit. ``low`` to ``high`` holds 80 % of the paths.

    ``probability`` is of the key result's own success line, ``probability_full`` of the full target. Both are None
    where the history does not allow one; ``note`` then says why.
    """

    mid: float | None = None
    low: float | None = None
    high: float | None = None
    probability: float | None = None
    probability_full: float | None = None
    tenths: bool = False
    """The probability is given in tenths, because the history is short."""
    method: Method = "none"
    fallback: Fallback | None = None
    note: str | None = None
