"""Expected progress: what a year on course would show today (MEASURES.md, "Expected progress, forecast, status").

What belongs here: shares of the period. What does not: judging progress against them (``status.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from okr_models.periods import ONE_DAY, Window, add_months, month_end
from okr_models.progress.baselines import base_month_of
from okr_models.progress.components import NOT_OPENED, Anatomy
from okr_models.progress.figures import MonthFigure
from okr_models.progress.levels import total
from okr_models.progress.measures import Measurement, Task

OLDEST = 5 * 12
SEASON_MONTHS = 24
"""Closed months from which the base period's shape is used."""


def expected_progress(task: Task, measurement: Measurement, anatomy: Anatomy | None) -> float | None:
    """0..1; None where nothing is measured."""
    if measurement.refusal is not None:
        return None
    if measurement.rule in {"growth", "hold"} or measurement.is_like_for_like or measurement.inside:
        return 1.0
    if measurement.rule == "count":
        # as of the last day that was read: nights that fail are no falling behind
        return elapsed_share(task, measurement.data_through or task.as_of - ONE_DAY, lag_days=measurement.lag_days)
    if measurement.rule == "milestones":
        return elapsed_share(task, task.last_day)
    through = measurement.data_through or task.last_day
    if measurement.rule == "sum" and anatomy is not None:
        return cumulative_share(season_of(task, anatomy), through=through, observed=measurement.observed)
    return elapsed_share(task, through)


def elapsed_share(task: Task, through: date, *, lag_days: int = 0) -> float:
    """Days of the period gone at the end of ``through``, less a lag, as a share of them all."""
    days = Window(task.period.start, task.period.end).days
    gone = (through - task.period.start).days + 1 - lag_days
    return min(1.0, max(0.0, gone / days))


def season_of(task: Task, anatomy: Anatomy) -> dict[date, float]:
    """P1's months with their weights: P0's values where 24 closed months exist, else their days."""
    by_days = {month: float(month_end(month).day) for month in task.months}
    base_of = base_month_of(task.period, task.key_result.baseline)
    first = task.months[0]
    closed = sum(_in_season(anatomy, add_months(first, index)) is not None for index in range(-OLDEST, task.n))
    if closed < SEASON_MONTHS:
        return by_days
    shape: dict[date, float] = {}
    for month in task.months:
        base = base_of(month)
        found = _in_season(anatomy, base) if base else None
        if found is None or found.value is None or found.value < 0:
            return by_days
        shape[month] = found.value
    return shape if sum(shape.values()) > 0 else by_days


def _in_season(anatomy: Anatomy, month: date) -> MonthFigure | None:
    """The closed month; the zeros before an account opened say nothing of its season."""
    found = total(anatomy, month)
    return None if found is None or found.origin == NOT_OPENED else found


def cumulative_share(shape: Mapping[date, float], *, through: date, observed: Mapping[date, float]) -> float:
    """The share of the whole that ``shape`` puts before the end of ``through``, counting only what was observed."""
    whole = sum(shape.values())
    gone = sum(weight * _fraction(month, through) * observed.get(month, 1.0) for month, weight in sorted(shape.items()))
    return min(1.0, max(0.0, gone / whole)) if whole > 0 else 0.0


def _fraction(month: date, through: date) -> float:
    days = month_end(month).day
    return min(1.0, max(0.0, ((through - month).days + 1) / days))


def ramp_share(k: int, n: int) -> float:
    """Where the even ramp that just arrives stands after ``k`` of ``n`` months: (k + 1) / (n + 1)."""
    return (k + 1) / (n + 1)


def seasonal_ramp(task: Task, measurement: Measurement) -> float:
    """``ramp_share``, or less where the months compared so far weigh the early part of the ramp more.

    A client whose percentage rises evenly each month shows, over seasonal months or with the newest left out, less
    than (k + 1) / (n + 1); it is on the ramp all the same and must not read off track.
    """
    plain = ramp_share(measurement.k, measurement.n)
    position = {month: index for index, month in enumerate(task.months, start=1)}
    pairs = [(position[pair.month], pair.base.value if pair.base else None) for pair in measurement.pairs]
    if not pairs or measurement.final_baseline is None or measurement.baseline is None:
        return plain
    so_far = _mean_position(pairs)
    ahead = _positions_ahead(task, measurement)
    if so_far is None or not ahead:
        return plain
    arrived = _mean_position([*pairs, *ahead])
    return min(plain, so_far / arrived) if arrived else plain


def _positions_ahead(task: Task, measurement: Measurement) -> list[tuple[int, float | None]]:
    """Months to come with their base values."""
    base_of = base_month_of(task.period, task.key_result.baseline)
    found: list[tuple[int, float | None]] = []
    for index, month in enumerate(task.months[measurement.k :], start=measurement.k + 1):
        base = base_of(month)
        figures = [part.base_value(base) for part in measurement.used] if base else []
        known = [figure.value or 0.0 for figure in figures if figure is not None]
        found.append((index, sum(known) if known and len(known) == len(figures) else None))
    return found


def _mean_position(pairs: Sequence[tuple[int, float | None]]) -> float | None:
    """The mean month number, by base value where every month has a positive one."""
    weights = [weight for _, weight in pairs]
    if any(weight is None or weight <= 0 for weight in weights):
        return sum(index for index, _ in pairs) / len(pairs) if pairs else None
    return sum(index * (weight or 0.0) for index, weight in pairs) / sum(weight or 0.0 for weight in weights)
