"""How far futures stray from the middle: the spread that came true on public series, and the limits of a probability.

What belongs here: the fitted coefficients, and a factor from a series' own misses. What does not: fitting them
(``benchmarks/forecast_calibration.py``, which leaves each family of series out once), the futures (``pair.py``).

A model fitted on a few years is too sure of itself where a series is unrestful, and not sure enough where it is calm.
So the standard deviation of its futures is replaced by one that depends on the regime: how unrestful growth was in the
last year (a drift or a break shows there), how far the two models lie apart, how many months are known and how many
ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

import numpy as np

Kind = Literal["flow", "stock", "ratio"]

INTERVAL = 0.8
"""forecast_low to forecast_high holds this share of the paths."""

LOW_QUANTILE, HIGH_QUANTILE = (1 - INTERVAL) / 2, (1 + INTERVAL) / 2

LEAST, MOST = 0.05, 0.95
"""No probability leaves these limits unless arithmetic has settled the matter."""

TAIL = 5
"""Degrees of freedom of Student's t around the middle: surprises are commoner than the normal curve has them."""

T_QUANTILE = 1.4758840488
"""The 90 % quantile of Student's t with ``TAIL`` degrees: half of the 80 % interval is this many scales wide."""

TWO_YEARS = 24
OWN_ORIGINS = 20
"""Scored origins from which a series' own misses count beside the pooled spread."""

OWN_SHARE = 0.5
"""What they count: the square root of the factor that they alone would ask for. Twenty overlapping misses are few."""

OWN_LIMIT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The logarithm of the scale (Student's t) of a total's error, linear in the logarithms of what it depends on.

    The total is that of the months to come, of a stock its last; the error is in logs (of a series that is not
    positive: in units of its size). ``floors`` are added to, or put under, what may be zero.
    """

    constant: float
    own: float
    """Of the models' own standard deviation of the total."""
    ahead: float
    """Of the months to come."""
    known: float
    """Of the months known, over two years."""
    disagreement: float
    """Of the distance between the two models' totals."""
    unrest: float
    """Of the standard deviation of the last year's changes on the year before."""
    floors: tuple[float, float, float] = (0.003, 0.005, 0.005)
    """Of ``own``, ``disagreement``, ``unrest``."""

    def scale(self, *, own: float, ahead: int, known: int, disagreement: float, unrest: float) -> float:
        """Always above 0."""
        parts = self.features(own=own, ahead=ahead, known=known, disagreement=disagreement, unrest=unrest)
        return exp(float(np.dot(self.coefficients, parts)))

    def features(
        self, *, own: float, ahead: int, known: int, disagreement: float, unrest: float
    ) -> tuple[float, float, float, float, float, float]:
        """What the coefficients are multiplied by, in their order."""
        least, apart, calm = self.floors
        return (
            1.0,
            log(max(own, least)),
            log(ahead),
            log(known / TWO_YEARS),
            log(disagreement + apart),
            log(unrest + calm),
        )

    @property
    def coefficients(self) -> tuple[float, float, float, float, float, float]:
        return (self.constant, self.own, self.ahead, self.known, self.disagreement, self.unrest)


FLOW_SPREAD = Spread(constant=0.23, own=0.32, ahead=-0.11, known=-0.16, disagreement=0.08, unrest=0.57)
STOCK_SPREAD = Spread(
    constant=-4.3, own=0.0, ahead=0.98, known=0.0, disagreement=0.0, unrest=0.35, floors=(0.0005, 0.002, 0.002)
)
SPREADS: dict[Kind, Spread] = {"flow": FLOW_SPREAD, "ratio": FLOW_SPREAD, "stock": STOCK_SPREAD}
"""docs/forecast.md prints them and the command that makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleSpread:
    """The same of the rule without a model: of the months to come over their forecast, in logs."""

    constant: float
    apart: float
    """Of the distance between straight line and last year's share."""
    unrest: float
    """Of the standard deviation of growth on the year before."""
    floors: tuple[float, float] = (0.02, 0.01)

    def scale(self, *, apart: float, unrest: float) -> float:
        """Always above 0."""
        return exp(float(np.dot((self.constant, self.apart, self.unrest), self.features(apart=apart, unrest=unrest))))

    def features(self, *, apart: float, unrest: float) -> tuple[float, float, float]:
        """What the coefficients are multiplied by, in their order."""
        return 1.0, log(apart + self.floors[0]), log(unrest + self.floors[1])


SIMPLE_SPREAD = SimpleSpread(constant=-0.11, apart=0.44, unrest=0.53)

LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0
"""The models' own spread is never narrowed or widened by more."""

DRIFT: dict[Kind, float] = {"flow": 1.0, "ratio": 0.0, "stock": 0.45}
"""What share of its median growth a year the middle goes on drifting by, beside what the two models foresee. A level
stands still and a damped slope fades, but most series that have grown for years go on. Ratios were not measured."""


def own_factor(misses: Sequence[float]) -> float:
    """From a series' own misses (error / scale, one an origin) to a factor on its scale; 1 where there are too few."""
    found = np.abs(np.asarray(misses, dtype=np.float64))
    found = found[np.isfinite(found)]
    if len(found) < OWN_ORIGINS:
        return 1.0
    asked = float(np.quantile(found, INTERVAL)) / T_QUANTILE
    return float(np.clip(asked**OWN_SHARE, 1 / OWN_LIMIT, OWN_LIMIT))
