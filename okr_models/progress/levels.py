"""Levels of flows and ratios: the last closed month, and how many closed months lie inside.

What belongs here: ``at_least``, ``at_most``, ``between`` and ``hold``. What does not: levels of a stock now
(``stocks.py``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from okr_models.client.model import BaselineValue
from okr_models.client.sources import Break
from okr_models.progress.baselines import base_month_of, month_before
from okr_models.progress.components import Anatomy
from okr_models.progress.figures import MonthFigure
from okr_models.progress.growth import origins
from okr_models.progress.lacking import ONE_SIDE, few_values, needed, no_value
from okr_models.progress.measures import Measurement, Task, bad_baseline, is_met
from okr_models.words.codes import Note, note

OLDEST_LAST_MONTH = 2
"""How many closed months may lack a value before the last one that has is too old to stand for now."""


def total(anatomy: Anatomy, month: date) -> MonthFigure | None:
    """The closed month of the whole, or of all its parts together; None where a part is missing.

    Where a break is one part's, its ratio is too: then the parts come first.
    """
    whole = anatomy.whole.value(month)
    if anatomy.absent or len(anatomy.parts) < 2 or (whole is not None and not anatomy.must_split):
        return whole
    found = [part.value(month) for part in anatomy.parts]
    known = [figure for figure in found if figure is not None]
    if len(known) < len(found):
        return whole
    return MonthFigure(
        month=month,
        value=sum(figure.value or 0.0 for figure in known),
        is_estimated=any(figure.is_estimated for figure in known),
        is_first=any(figure.is_first for figure in known),
        origin="history" if any(figure.origin == "history" for figure in known) else "source",
        data_through=min(figure.observed_on for figure in known),
    )


def measure_level(task: Task, anatomy: Anatomy, *, k: int) -> Measurement:
    """A: the last closed month; B: the same month of P0, where there is one."""
    shape = Measurement(rule="level", unit=anatomy.kpi.unit, kind=anatomy.kpi.kind, k=k, n=task.n)
    if k == 0:
        return replace(shape, notes=(note("no_first_month"),))
    recent = [total(anatomy, month) for month in task.months[max(0, k - 1 - OLDEST_LAST_MONTH) : k]]
    last = next((figure for figure in reversed(recent) if figure is not None), None)
    if last is None or last.value is None:
        return replace(shape, refusal=_nothing_lately(task, anatomy, k=k))
    notes: list[Note] = []
    if last.month != task.months[k - 1]:
        notes.append(note("last_month_missing", month=last.month))
    start, base, why = _start(task, anatomy, last)
    inside = start is None or is_met(task.target, start)
    if start is None:
        notes += [why] if why else []
        notes.append(note("no_baseline_level"))
    elif inside:
        notes.append(note("already_inside"))
    return replace(
        shape,
        current=last.value,
        baseline=start,
        final_baseline=start,
        inside=inside or None,
        used=anatomy.parts if anatomy.must_split else (anatomy.whole,),
        base_months=(base.month,) if base else (),
        data_through=min(last.observed_on, task.last_day),
        notes=tuple(notes),
        refusal=None if inside else bad_baseline(task.target, start),
        **origins([last, base] if base else [last]),
    )


def measure_hold(task: Task, anatomy: Anatomy, *, k: int) -> Measurement:
    """A: share of the closed months inside, bounds included."""
    shape = Measurement(
        rule="hold",
        unit="share",
        kind=anatomy.kpi.kind,
        k=k,
        n=task.n,
        baseline=0.0,
        final_baseline=0.0,
        is_like_for_like=True,
    )
    if k == 0:
        return replace(shape, notes=(note("no_first_month"),))
    known = [figure for month in task.months[:k] if (figure := total(anatomy, month)) is not None]
    missing = tuple(month for month in task.months[:k] if month not in {figure.month for figure in known})
    if len(known) < needed(k):
        return replace(shape, refusal=few_values(anatomy, task.months[:k], count=len(known)))
    inside = sum(is_met(task.target, figure.value or 0.0) for figure in known)
    paused = tuple(month for month in missing if month in anatomy.whole.paused_months)
    plain = tuple(month for month in missing if month not in paused)
    return replace(
        shape,
        current=inside / len(known),
        items=inside,
        months_measured=len(known),
        open_items=task.n - len(known) if k < task.n else 0,
        used=(anatomy.whole,),
        data_through=max(min(figure.observed_on, task.last_day) for figure in known),
        notes=(
            *((note("months_paused", months=paused),) if paused else ()),
            *((note("months_left_out", months=plain, **ONE_SIDE),) if plain else ()),
        ),
        **origins(known),
    )


def _nothing_lately(task: Task, anatomy: Anatomy, *, k: int) -> Note:
    """Why the last closed months have no value, be there any before them."""
    why = no_value(anatomy, task.months[max(0, k - 1 - OLDEST_LAST_MONTH) : k])
    has_earlier = any(total(anatomy, month) for month in task.months[:k])
    return note("no_data", of="last_months") if has_earlier and why == note("no_data") else why


def _crossed(anatomy: Anatomy, base: date, month: date) -> Break | None:
    """The break between two months: of the parts where each has both, else of the whole."""
    whole, parts = anatomy.whole, anatomy.parts
    if anatomy.must_split and not anatomy.absent and all(part.value(base) and part.value(month) for part in parts):
        return next((found for part in parts if (found := part.crossed(base, month))), None)
    return whole.crossed(base, month)


def _start(task: Task, anatomy: Anatomy, last: MonthFigure) -> tuple[float | None, MonthFigure | None, Note | None]:
    """The level at the start, the month it comes from, and why there is none where a break is the reason."""
    stated = task.key_result.baseline
    if isinstance(stated, BaselineValue):
        return stated.value, None, None
    base_month = (
        month_before(task.period) if stated == "start_of_period" else base_month_of(task.period, stated)(last.month)
    )
    base = total(anatomy, base_month) if base_month else None
    if base is None or base.is_first:
        return None, None, None
    crossed = _crossed(anatomy, base.month, last.month)
    if crossed:
        return None, None, note("baseline_restarts", day=crossed.date, reason=crossed.reason)
    return base.value, base, None
