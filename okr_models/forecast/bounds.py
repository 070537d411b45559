"""How far a forecast may go: what growth the series has ever shown over so many months, widened.

What belongs here: the bounds, and keeping middle and paths inside. What does not: what answers where the model's middle
lies outside (``forecast.py``).

One spike as the last month makes a slope out of nothing: a thousand a month became a million. No series is forecast to
do over eleven months what neither it nor anything twice as fast has ever done over eleven months.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.forecast.path_values import Floats

YEAR = 12
WIDER = float(np.log(2.0))
"""Twice as much as it ever grew, or half of what it ever fell to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Least and most of the mean of the months to come (of a stock: of any month), as ever shown and widened."""

    shown: tuple[float, float]
    widened: tuple[float, float]
    is_stock: bool
    is_positive: bool

    def holds(self, middle: Floats) -> bool:
        """Whether the path's mean (of a stock: its every month) lies within the widened bounds."""
        low, high = self.widened
        asked = middle if self.is_stock else np.array([middle.mean()])
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        return bool(np.all((asked >= low - slack) & (asked <= high + slack)))

    def kept(self, paths: Floats) -> Floats:
        """``paths`` (count x months), those that leave the widened bounds brought back to them."""
        return self._within(paths, self.widened)

    def centred(self, middle: Floats, paths: Floats) -> tuple[Floats, Floats]:
        """Both moved together, so that the middle lies within what was ever shown and the paths around it."""
        moved = self._within(middle[np.newaxis, :], self.shown)[0]
        if self.is_positive and bool(np.all(middle > 0)):
            return moved, np.asarray(paths * (moved / middle), dtype=np.float64)
        return moved, np.asarray(paths + (moved - middle), dtype=np.float64)

    def _within(self, paths: Floats, limits: tuple[float, float]) -> Floats:
        if self.is_stock:
            return np.asarray(np.clip(paths, *limits), dtype=np.float64)
        mean = paths.mean(axis=1, keepdims=True)
        wanted = np.clip(mean, *limits)
        if limits[0] < 0:
            return np.asarray(paths + (wanted - mean), dtype=np.float64)
        shares = np.divide(wanted, mean, out=np.zeros_like(mean), where=mean > 0)
        return np.asarray(np.where(mean > 0, paths * shares, wanted), dtype=np.float64)


def bounds_of(values: Floats, *, steps: int, is_stock: bool) -> Bounds | None:
    """From the months known (NaN where missing); None where none has a year before it to have grown from."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None
    start = _last(values, is_stock=is_stock, steps=steps)
    is_positive = bool(np.all(known > 0)) and start > 0
    changes = _changes(values, steps=steps, is_stock=is_stock, is_positive=is_positive)
    if len(changes) == 0:
        return None
    least, most = min(0.0, float(changes.min())), max(0.0, float(changes.max()))
    shown: tuple[float, float]
    if is_positive:
        shown = (start * float(np.exp(least)), start * float(np.exp(most)))
        widened = (start * float(np.exp(least - WIDER)), start * float(np.exp(most + WIDER)))
    else:
        size = float(np.mean(np.abs(known[-YEAR:])))
        floor = 0.0 if bool(np.all(known >= 0)) else -np.inf
        shown = (max(start + least, floor), max(start + most, floor))
        widened = (max(start + least - size, floor), max(start + most + size, floor))
    return Bounds(shown=shown, widened=widened, is_stock=is_stock, is_positive=is_positive)


def _changes(values: Floats, *, steps: int, is_stock: bool, is_positive: bool) -> Floats:
    """Growth over ``steps`` months from each month with them after it and a year before; over fewer, if none has."""
    first = 1 if is_stock else YEAR
    steps = min(steps, len(values) - first)
    if steps < 1:
        return np.empty(0)
    found = []
    for at in range(first, len(values) - steps + 1):
        before = _last(values[:at], is_stock=is_stock, steps=steps)
        after = values[at + steps - 1] if is_stock else _mean(values[at : at + steps])
        if is_positive:
            found.append(np.log(after / before) if after > 0 and before > 0 else np.nan)
        else:
            found.append(after - before)
    changes = np.array(found, dtype=np.float64)
    return changes[np.isfinite(changes)]


def _last(values: Floats, *, is_stock: bool, steps: int) -> float:
    """What growth is counted from: of a stock the last value, else the mean of the same months a year before."""
    if is_stock:
        known = values[~np.isnan(values)]
        return float(known[-1]) if len(known) else float("nan")
    year = values[-YEAR:]
    same = _mean(year[:steps]) if len(year) == YEAR else float("nan")
    return _mean(year) if np.isnan(same) else same


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
