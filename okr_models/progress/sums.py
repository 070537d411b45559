"""A number on an additive flow: the sum since the period began, the running month included.

What belongs here: adding up what was observed, and saying what was not. What does not: how much a year on course would
have by now (``expected.py``).

A month or platform without data makes the sum a lower bound: it is left out of what is expected too, so that silence
never reads as falling behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okr_models.client.model import Number
from okr_models.periods import month_end, month_start
from okr_models.progress.baselines import base_month_of
from okr_models.progress.components import Anatomy, Component, Measured
from okr_models.progress.figures import DayFigure, MonthFigure
from okr_models.progress.growth import origins
from okr_models.progress.lacking import few_values, needed
from okr_models.progress.like_for_like import LARGEST_LEFT_OUT
from okr_models.progress.measures import SUCCESS, Measurement, Task
from okr_models.words.codes import Note, Part, note

MAY_FALL = frozenset({"new_followers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """What is known of one month: its figure, the parts that lack it, and the share that is therefore in."""

    month: date
    figure: MonthFigure | None
    lacking: tuple[tuple[str, float | None], ...] = ()

    @property
    def share(self) -> float:
        if self.figure is None:
            return 0.0
        return max(0.0, 1.0 - sum(size or 0.0 for _, size in self.lacking))


def measure_sum(task: Task, anatomy: Anatomy, *, k: int) -> Measurement:
    """A: the sum so far; B: 0."""
    elapsed = [month for month in task.months if month <= task.last_day]
    known = [_month(task, anatomy, month) for month in elapsed]
    figures = [each.figure for each in known if each.figure is not None]
    values = [figure.value or 0.0 for figure in figures]
    due = [each for each in known if _is_due(each.month, anatomy.kpi, task.as_of)]
    gaps = tuple(each.month for each in due if each.figure is None)
    can_fall = anatomy.kpi.id in MAY_FALL or any(value < 0 for value in (*values, *_ever(anatomy)))
    is_reached = not can_fall and sum(values) >= SUCCESS[task.key_result.ambition] * _number(task)
    refusal = None if is_reached else _refusal(anatomy, known[:k], known)
    return Measurement(
        rule="sum",
        unit=anatomy.kpi.unit,
        kind=anatomy.kpi.kind,
        k=k,
        n=task.n,
        current=sum(values) if figures else None,
        baseline=0.0,
        final_baseline=0.0,
        used=(anatomy.whole,),
        data_through=max((min(figure.observed_on, task.last_day) for figure in figures), default=None),
        can_fall=can_fall,
        observed={each.month: each.share for each in known if each.share < 1.0},
        notes=(*_notes(task, anatomy, known, gaps, can_fall=can_fall), *((note("no_first_month"),) if k == 0 else ())),
        refusal=refusal,
        **origins(figures),
    )


def _number(task: Task) -> float:
    return task.target.value if isinstance(task.target, Number) else math.inf


def so_far(part: Component, month: date) -> MonthFigure | None:
    """The closed month, else what was observed of a running one; None: nothing was, or a closed one has no value."""
    found = part.months.get(month)
    if found is not None and (found.is_closed or found.value is not None):
        return None if found.value is None else part.bridged(found)
    days = _days_of(part, month)
    if not days:
        return None
    return part.bridged(
        MonthFigure(
            month=month,
            value=sum(figure.value for figure in days),
            is_closed=False,
            is_estimated=any(figure.is_estimated for figure in days),
            data_through=max(figure.day for figure in days),
        )
    )


def given(task: Task, anatomy: Anatomy, month: date) -> tuple[float, float]:
    """What a month that is not closed has given so far, and the share of its days that gave it; nothing where a part
    lacks it."""
    found = _month(task, anatomy, month)
    if found.figure is None or found.lacking:
        return 0.0, 0.0
    value, through = found.figure.value or 0.0, min(found.figure.observed_on, task.last_day)
    days = (through - month).days + 1
    owners = (anatomy.whole,) if _days_of(anatomy.whole, month) else anatomy.parts
    seen = [_days_of(part, month) for part in owners]
    if all(seen) and math.isclose(math.fsum(figure.value for each in seen for figure in each), value, rel_tol=1e-6):
        # days that were never read are still to come; those of a month that was scaled up are in it
        days = min([days, *(len(each) for each in seen)])
    return value, max(0.0, days / month_end(month).day)


def counted(task: Task, anatomy: Anatomy, month: date) -> float:
    """What of ``month`` is in the sum, be it paused or one that a part lacks."""
    figure = _month(task, anatomy, month).figure
    return 0.0 if figure is None else figure.value or 0.0


def _days_of(part: Component, month: date) -> list[DayFigure]:
    return [figure for day, figure in part.days.items() if month_start(day) == month]


def _month(task: Task, anatomy: Anatomy, month: date) -> _Month:
    whole = so_far(anatomy.whole, month)
    if whole is not None:
        return _Month(month=month, figure=whole)
    found = [(part, so_far(part, month)) for part in anatomy.parts]
    present = [figure for _, figure in found if figure is not None]
    if not present:
        return _Month(month=month, figure=None)
    lacking = [(part.label, _usual_share(task, anatomy, part)) for part, figure in found if figure is None]
    lacking += [(label, None) for label in anatomy.absent]
    figure = MonthFigure(
        month=month,
        value=sum(each.value or 0.0 for each in present),
        is_closed=all(each.is_closed for each in present),
        is_estimated=any(each.is_estimated for each in present),
        origin="history" if any(each.origin == "history" for each in present) else "source",
        data_through=max(each.observed_on for each in present),
    )
    return _Month(month=month, figure=figure, lacking=tuple(lacking))


def _usual_share(task: Task, anatomy: Anatomy, part: Component) -> float | None:
    """The part's share of the whole over the months, of P1 or P0, in which every part is there."""
    base_of = base_month_of(task.period, task.key_result.baseline)
    months = [*task.months, *(base for month in task.months if (base := base_of(month)))]
    own = total = 0.0
    for month in months:
        figures = [each.value(month) for each in anatomy.parts]
        mine = part.value(month)
        if mine is None or any(figure is None for figure in figures):
            continue
        own += mine.value or 0.0
        total += sum(figure.value or 0.0 for figure in figures if figure is not None)
    return max(own, 0.0) / total if total > 0 else None


def _lacking(label: str, size: float | None, *, is_partly_there: bool) -> Note:
    """A sum takes what there is: a part that lacks some months is in it with the others."""
    if size is None:
        return (
            note("platform_partly_unsized", label=label)
            if is_partly_there
            else note("platform_unknown", label=label, of="sum")
        )
    if is_partly_there:
        return note("platform_partly", label=label, part_share=size)
    return note("platform_left_out", label=label, part_share=size, side="now", of="sum")


def _is_due(month: date, kpi: Measured, as_of: date) -> bool:
    return month_end(month) + timedelta(days=kpi.closing_days) <= as_of


def _ever(anatomy: Anatomy) -> list[float]:
    """Each month's value that is known, before P1 too: what was below zero once may be so again."""
    return [
        figure.value
        for part in (anatomy.whole, *anatomy.parts)
        for figure in part.months.values()
        if figure.value is not None
    ]


def _refusal(anatomy: Anatomy, closed: Sequence[_Month], known: Sequence[_Month]) -> Note | None:
    """Too few of ``closed`` (1..k) have a value, or a part lacks too much; what is not given yet is not lacking."""
    there = sum(each.figure is not None for each in closed)
    if closed and there < needed(len(closed)):
        return few_values(anatomy, [each.month for each in closed], count=there)
    if not any(each.figure is not None for each in known):
        return None
    worst = _largest_gap(known)
    return _too_large(*worst) if worst[1] > LARGEST_LEFT_OUT else None


def _too_large(label: str, share: float) -> Note:
    return note("platform_too_large", label=label, part_share=share, side="some_months")


def _largest_gap(known: Sequence[_Month]) -> tuple[str, float]:
    """The part whose missing months weigh most, as a share of the sum so far."""
    sizes: dict[str, float] = {}
    for each in known:
        for label, size in each.lacking:
            sizes[label] = sizes.get(label, 0.0) + (size or 0.0)
    if not sizes:
        return "", 0.0
    label = max(sorted(sizes), key=lambda name: sizes[name])
    return label, sizes[label] / len(known)


def _notes(
    task: Task, anatomy: Anatomy, known: Sequence[_Month], gaps: tuple[date, ...], *, can_fall: bool
) -> tuple[Note, ...]:
    notes: list[Note] = []
    if task.key_result.baseline is not None:
        notes.append(note("baseline_unused"))
    if gaps:
        # what is missing may have been below zero: no least that it can be
        of: dict[str, Part] = {"of": "may_fall"} if can_fall else {}
        notes.append(note("sum_incomplete", months=gaps, **of))
    sizes = {label: size for each in known for label, size in each.lacking}
    months = [each.month for each in known]
    there = {part.label for part in anatomy.parts if any(so_far(part, month) is not None for month in months)}
    notes += [_lacking(label, sizes[label], is_partly_there=label in there) for label in sorted(sizes)]
    notes += [
        note("break_inside_sum", day=each.date, reason=each.reason)
        for each in anatomy.whole.hard_breaks
        if task.period.start < each.date <= task.last_day
    ]
    return tuple(notes)
