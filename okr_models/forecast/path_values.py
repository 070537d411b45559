"""What a key result asks of a path of months: how the months become *A at the period's end*, and which A is success.

What belongs here: small picklable callables over an array of paths (one row a path, one column a month of P1).
What does not: where the months come from (``structural.py``, ``simple.py``).

They are frozen dataclasses, not lambdas, so that a job can cross to another process and its ``repr`` can be hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
ROUNDING = 1e-9


class Reducer(Protocol):
    """Paths (paths x months) to one A a path. Months that nobody observed are NaN."""

    def __call__(self, paths: Floats) -> Floats: ...


class Success(Protocol):
    """Which values of A reach the line."""

    def __call__(self, reached: Floats) -> Flags: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOfMonths:
    """Growth: the mean of the months. ``included`` leaves out months that one side of the comparison lacks.

    ``weights``, at least 0: of a ratio that keeps its parts what each month has below the line.
    """

    included: tuple[bool, ...] | None = None
    weights: tuple[float, ...] | None = None

    def __call__(self, paths: Floats) -> Floats:
        if self.weights is None:
            return _mean(_chosen(paths, self.included))
        weights = np.array(self.weights) * (1.0 if self.included is None else np.array(self.included, dtype=np.float64))
        weights = np.where(np.isnan(paths), 0.0, weights)
        below = weights.sum(axis=1)
        above = np.nansum(paths * weights, axis=1)
        return np.asarray(np.divide(above, below, out=np.full(len(paths), np.nan), where=below > 0), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SumOfMonths:
    """A number on an additive flow: the sum of the months, never below what has ``already`` come in.

    ``beside``: what the period's closed months gave that are NaN in the paths, as a paused one is to a model.
    """

    already: float | None = None
    beside: float = 0.0

    def __call__(self, paths: Floats) -> Floats:
        total = np.asarray(np.nansum(paths, axis=1) + self.beside, dtype=np.float64)
        return total if self.already is None else np.maximum(total, self.already)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMonth:
    """Stocks, and at_least/at_most: the last month there is."""

    def __call__(self, paths: Floats) -> Floats:
        return np.asarray(paths[:, -1], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareInside:
    """``between`` and ``hold``: share of the months inside, bounds included."""

    low: float = -np.inf
    high: float = np.inf

    def __call__(self, paths: Floats) -> Floats:
        low, high = self.low - _slack(self.low), self.high + _slack(self.high)
        inside = np.where(np.isnan(paths), np.nan, ((paths >= low) & (paths <= high)).astype(np.float64))
        return _mean(inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Success is A on the right side of ``value``, the line itself included (within rounding)."""

    value: float
    direction: Literal["up", "down"] = "up"

    def __call__(self, reached: Floats) -> Flags:
        slack = _slack(self.value)
        return reached >= self.value - slack if self.direction == "up" else reached <= self.value + slack


def success_line(*, baseline: float, target: float, share: float = 1.0) -> Line:
    """The line ``share`` of the way from ``baseline`` to ``target`` (.7 for a stretch goal)."""
    direction: Literal["up", "down"] = "up" if target >= baseline else "down"
    return Line(value=baseline + share * (target - baseline), direction=direction)


def _slack(bound: float) -> float:
    """What rounding may take from a bound; a share of it, as a figure may be a millionth."""
    return ROUNDING * abs(bound)


def _chosen(paths: Floats, included: tuple[bool, ...] | None) -> Floats:
    return paths if included is None else paths[:, np.asarray(included, dtype=bool)]


def _mean(paths: Floats) -> Floats:
    counted = np.sum(~np.isnan(paths), axis=1)
    total = np.nansum(paths, axis=1)
    return np.asarray(np.where(counted > 0, total / np.maximum(counted, 1), np.nan), dtype=np.float64)
