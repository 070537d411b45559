"""What a forecast of a key result needs: its months so far, what they add up to, and which line is success.

What belongs here: from a measurement to a ``ForecastJob``. What does not: the forecast itself
(``forecast/forecast.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okr_models.client.model import AtLeast, AtMost, Between, Change
from okr_models.forecast.forecast import SIMPLE_HISTORY, ForecastJob
from okr_models.forecast.path_values import (
    LastMonth,
    Line,
    MeanOfMonths,
    Reducer,
    ShareInside,
    SumOfMonths,
    success_line,
)
from okr_models.forecast.running import Begun, Running
from okr_models.periods import add_months, month_end, month_start
from okr_models.progress.baselines import base_month_of
from okr_models.progress.components import Anatomy, Component
from okr_models.progress.figures import DayFigure, MonthFigure
from okr_models.progress.growth import base_figure
from okr_models.progress.levels import total
from okr_models.progress.measures import Measurement, Task, goal
from okr_models.progress.sums import counted, given


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """Consecutive months, oldest first, ending with the last closed one."""

    months: tuple[date, ...]
    figures: tuple[MonthFigure | None, ...]
    has_break: bool

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(math.nan if each is None or each.value is None else each.value for each in self.figures)

    @property
    def estimated_share(self) -> float:
        known = [each for each in self.figures if each is not None]
        return sum(each.is_estimated for each in known) / len(known) if known else 0.0


def forecast_job(task: Task, measurement: Measurement, anatomy: Anatomy, *, success: float) -> ForecastJob | None:
    """The job, or None where there is nothing to forecast: no closed month, no month left, or nothing to judge."""
    k, n = measurement.k, measurement.n
    if not 0 < k < n or measurement.refusal is not None or measurement.current is None:
        return None
    lines = _lines(task, measurement, success=success)
    history = _history(task, measurement, anatomy, k=k)
    if lines is None or history is None:
        return None
    return ForecastJob(
        history=history.values,
        horizon=n - k,
        months_in=k,
        running=_running(task, measurement, anatomy, k=k),
        begun=_begun(task, measurement, anatomy, k=k),
        reducer=_reducer(task, measurement, anatomy, history=history, k=k),
        success=lines[0],
        success_full=lines[1] if success < 1.0 else None,
        kind=anatomy.kpi.kind,
        estimated_share=history.estimated_share,
        has_break=history.has_break,
    )


def _history(task: Task, measurement: Measurement, anatomy: Anatomy, *, k: int) -> _History | None:
    last = task.months[k - 1]
    used = measurement.used or (anatomy.whole,)
    starts = [start for part in used if (start := part.first_month) is not None]
    first = min([*starts, task.months[0]])
    months: list[date] = []
    month = first
    while month <= last:
        months.append(month)
        month = add_months(month, 1)
    split_day = max((each.date for part in used for each in part.breaks if first < each.date), default=None)
    after = [month for month in months if split_day is None or month >= split_day]
    is_clean = split_day is None or (len(after) >= max(SIMPLE_HISTORY, k) and after[0] <= task.months[0])
    chosen = after if is_clean else months
    figures = tuple(_figure(used, anatomy, each) for each in chosen)
    return _History(months=tuple(chosen), figures=figures, has_break=not is_clean)


def _running(task: Task, measurement: Measurement, anatomy: Anatomy, *, k: int) -> Running | None:
    """A stock's newest observation after its last closed month, and the ends of the months between."""
    if anatomy.kpi.kind != "stock":
        return None
    used = measurement.used or ((anatomy.whole,) if anatomy.whole.months else anatomy.parts)
    newest = _observed(used, task.last_day)
    if newest is None or newest.day <= month_end(task.months[k - 1]):
        return None
    month = month_start(newest.day)
    between = [_observed(used, month_end(each)) for each in task.months[k:] if each < month]
    return Running(
        values=(*(math.nan if each is None else each.value for each in between), newest.value),
        left=(month_end(month) - newest.day).days / month_end(month).day,
    )


def _begun(task: Task, measurement: Measurement, anatomy: Anatomy, *, k: int) -> Begun | None:
    """What the months after the last closed one have given a sum, as far as every part of it says."""
    if measurement.rule != "sum":
        return None
    found = [given(task, anatomy, month) for month in task.months[k:] if month <= task.last_day]
    if not any(share for _, share in found):
        return None
    return Begun(values=tuple(value for value, _ in found), left=tuple(1.0 - share for _, share in found))


def _observed(used: Sequence[Component], day: date) -> DayFigure | None:
    """The parts' last observations by ``day`` added up, as old as the oldest of them; None where one has none."""
    found = [figure for part in used if (figure := part.stock_at(day)) is not None]
    if not found or len(found) < len(used):
        return None
    return DayFigure(day=min(figure.day for figure in found), value=math.fsum(figure.value for figure in found))


def _figure(used: tuple[Component, ...], anatomy: Anatomy, month: date) -> MonthFigure | None:
    if used == (anatomy.whole,):
        return total(anatomy, month)
    return base_figure(used, month)


def _reducer(task: Task, measurement: Measurement, anatomy: Anatomy, *, history: _History, k: int) -> Reducer:
    match measurement.rule:
        case "growth":
            return MeanOfMonths(included=_included(task, measurement, k=k), weights=month_weights(task, measurement))
        case "sum":
            closed = zip(history.months[-k:], history.figures[-k:], strict=True)
            beside = math.fsum(counted(task, anatomy, month) for month, figure in closed if figure is None)
            return SumOfMonths(already=None if measurement.can_fall else measurement.current, beside=beside)
        case "hold":
            return _inside(task)
        case _:
            return LastMonth()


def _included(task: Task, measurement: Measurement, *, k: int) -> tuple[bool, ...] | None:
    """Months so far that both sides have, and months to come whose base month is there."""
    common = {pair.month for pair in measurement.pairs}
    two_sided = all(pair.base is not None for pair in measurement.pairs)
    base_of = base_month_of(task.period, task.key_result.baseline)

    def has_base(month: date) -> bool:
        base = base_of(month)
        return base is not None and base_figure(measurement.used, base) is not None

    flags = tuple(
        month in common if index < k else (not two_sided or has_base(month)) for index, month in enumerate(task.months)
    )
    return None if all(flags) else flags


def month_weights(task: Task, measurement: Measurement) -> tuple[float, ...] | None:
    """What each month of P1 has below the line, of a ratio that is Σ/Σ; None: its months weigh the same.

    Those to come are taken to have what their base months had, as much larger or smaller as this year's are; without
    such a base month, what this year's have on average.
    """
    if measurement.kind != "ratio" or not measurement.pairs:
        return None
    seen = {pair.month: pair.current.denominator for pair in measurement.pairs if pair.current.numerator is not None}
    known = {month: below for month, below in seen.items() if below is not None}
    total = math.fsum(known.values())
    if len(known) < len(measurement.pairs) or total <= 0:
        return None
    bases = [pair.base.denominator if pair.base else None for pair in measurement.pairs]
    before = math.fsum(below for below in bases if below is not None)
    scale = total / before if before > 0 and None not in bases else None
    base_of = base_month_of(task.period, task.key_result.baseline)

    def ahead(month: date) -> float:
        base = base_of(month)
        found = base_figure(measurement.used, base) if base and scale else None
        below = found.denominator if found else None
        return total / len(known) if below is None or scale is None else below * scale

    return tuple(
        known.get(month, 0.0) if index < measurement.k else ahead(month) for index, month in enumerate(task.months)
    )


def _inside(task: Task) -> ShareInside:
    target = task.target
    if isinstance(target, Between):
        return ShareInside(low=target.between[0], high=target.between[1])
    if isinstance(target, AtLeast):
        return ShareInside(low=target.at_least)
    return ShareInside(high=target.at_most) if isinstance(target, AtMost) else ShareInside()


def _lines(task: Task, measurement: Measurement, *, success: float) -> tuple[Line, Line] | None:
    """The success line and the full target's, at the period's end."""
    baseline, target = measurement.final_baseline, measurement.target
    if measurement.inside:
        if target is None:
            return None
        line = Line(value=target, direction="up" if isinstance(task.target, AtLeast) else "down")
        return line, line
    if isinstance(task.target, Change):
        target = goal(task.target, baseline, rule=measurement.rule)
    if baseline is None or target is None or baseline == target:
        return None
    return (
        success_line(baseline=baseline, target=target, share=success),
        success_line(baseline=baseline, target=target),
    )
