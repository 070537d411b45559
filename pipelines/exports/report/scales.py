"""The vertical scale of a chart: round steps, their labels, and end labels that don't cover each other.

What belongs here: arithmetic on one axis. What does not: marks (``charts.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from okr_models.words.numbers import Speech

STEPS_WANTED = 4
APART = 20.0
"""Two end labels nearer than this (in the chart's units, which are pixels at full size) would touch where the chart is
small and its type is not: on a phone and on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From ``low`` to ``high`` in steps of ``step``."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> tuple[float, ...]:
        count = round((self.high - self.low) / self.step)
        return tuple(round(self.low + n * self.step, 10) for n in range(count + 1))

    def labels(self, unit: str | None, speech: Speech) -> list[str]:
        """What stands at each tick, with the decimals that the step needs; shares as per cent."""
        if unit == "share":
            return [speech.percent(tick) for tick in self.ticks]
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        return [speech.fixed(tick, decimals) for tick in self.ticks]


def scale_of(values: Sequence[float], *, from_zero: bool) -> Scale:
    """A scale over ``values`` that begins and ends on a round step; one value alone gets room on both sides."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    if high == low:
        room = abs(high) * 0.1 or 1.0
        low, high = low - (0 if from_zero else room), high + room
    step = _round_step((high - low) / STEPS_WANTED)
    return Scale(low=math.floor(low / step + 1e-9) * step, high=math.ceil(high / step - 1e-9) * step, step=step)


def _round_step(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough))
    for nice in (1.0, 2.0, 5.0):
        if rough <= nice * magnitude * (1 + 1e-9):
            return nice * magnitude
    return 10.0 * magnitude


def spread(heights: Sequence[float]) -> list[float]:
    """How far each label must move so that none is nearer than ``APART`` to the next; in the order given."""
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    placed = [heights[n] for n in order]
    for _ in range(len(placed)):
        for n in range(1, len(placed)):
            lacking = APART - (placed[n] - placed[n - 1])
            if lacking > 0:
                placed[n - 1] -= lacking / 2
                placed[n] += lacking / 2
    moved = [0.0] * len(heights)
    for place, n in zip(placed, order, strict=True):
        moved[n] = place - heights[n]
    return moved
