"""What the rest of the period would have to give: the arithmetic that stands beside a low probability.

What belongs here: from a measurement to the growth, or the pace a month, that the months to come need for success. What
does not: how likely that is (``forecast/forecast.py``), and the words (``explanations.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from okr_models.client.model import BaselineValue, Change
from okr_models.periods import Window
from okr_models.progress.baselines import base_month_of
from okr_models.progress.growth import base_figure
from okr_models.progress.measures import Measurement, Task, goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """``needed`` of the months to come, on average, for success to reach ``goal``; ``so_far`` is the same of the past.

    ``growth``: shares on the same months of the base period. ``level``: months' values. ``pace``: the KPI's own unit a
    month, ``goal`` its total (a sum) or its level at the end (a stock).
    """

    way: Literal["growth", "level", "pace"]
    goal: float
    needed: float
    so_far: float
    months_left: float | None = None
    """Of a pace."""

    def is_past(self, start: float | None) -> bool:
        """Of a pace: whether it lies beyond its goal already, so that the rest may lead back."""
        return self.needed * (self.goal - (start or 0.0)) < 0


def required(task: Task, measurement: Measurement, *, success: float) -> Required | None:
    """None where nothing is left of the period, or nothing is compared that adds up to the outcome."""
    if measurement.refusal is not None or measurement.current is None or measurement.target is None:
        return None
    if measurement.rule == "growth":
        return _growth(task, measurement, success=success)
    if measurement.rule in {"sum", "stock"} and not measurement.is_like_for_like:
        return _pace(task, measurement, success=success)
    return None


def _growth(task: Task, found: Measurement, *, success: float) -> Required | None:
    """The mean of all months must reach the line; what has come is known, so the rest is a division."""
    bases = _bases(task, found)
    came = [pair.current.value for pair in found.pairs]
    if _is_weighted(found) or not came or bases is None or any(value is None for value in came):
        return None
    then, rest, total = math.fsum(bases[: len(came)]), math.fsum(bases[len(came) :]), math.fsum(bases)
    seen = math.fsum(value or 0.0 for value in came)
    line = goal(task.target, total / len(bases), rule=found.rule)
    if line is None or then <= 0 or rest <= 0:
        return None
    line = total / len(bases) * (1 - success) + success * line
    left = len(bases) - len(came)
    if isinstance(task.target, Change):
        aimed, needed = success * task.target.share, (line * len(bases) - seen) / rest - 1
        return Required(way="growth", goal=aimed, needed=needed, so_far=seen / then - 1)
    return Required(way="level", goal=line, needed=(line * len(bases) - seen) / left, so_far=seen / len(came))


def _bases(task: Task, found: Measurement) -> list[float] | None:
    """What each compared month and each month to come stands against; None where one is missing, or no month is left.

    Of a baseline that is stated as a number: that number.
    """
    ahead = task.months[found.k :]
    stated = isinstance(task.key_result.baseline, BaselineValue)
    base_of = base_month_of(task.period, task.key_result.baseline)
    figures = [pair.base for pair in found.pairs]
    figures += [base_figure(found.used, base) if (base := base_of(month)) else None for month in ahead]
    known = [found.baseline if stated else None if figure is None else figure.value for figure in figures]
    values = [value for value in known if value is not None]
    return values if ahead and len(values) == len(known) else None


def _is_weighted(found: Measurement) -> bool:
    """A ratio that keeps its parts is Σ/Σ: what the months to come weigh is not known."""
    return any(pair.current.denominator is not None for pair in found.pairs)


def _pace(task: Task, found: Measurement, *, success: float) -> Required | None:
    """A sum's, or a stock's, even way from today to the line."""
    start = 0.0 if found.rule == "sum" else found.baseline
    line = goal(task.target, found.final_baseline if found.rule == "stock" else 0.0, rule=found.rule)
    through = found.data_through
    if start is None or line is None or through is None or found.current is None or through < task.period.start:
        return None
    days = Window(task.period.start, task.period.end).days
    gone = Window(task.period.start, through).days
    left = Window(through + timedelta(days=1), task.period.end).days if through < task.period.end else 0
    if left == 0:
        return None
    month = days / task.n
    line = start + success * (line - start)
    return Required(
        way="pace",
        goal=line,
        needed=(line - found.current) / left * month,
        so_far=(found.current - start) / gone * month,
        months_left=left / month,
    )
