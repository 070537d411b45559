"""Growth of flows and ratios: the mean of the closed months against the same months of the base period.

What belongs here: ±p %, and a number on a figure whose months cannot be summed. What does not: choosing the months
(``like_for_like.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypedDict

from okr_models.client.model import BaselineValue
from okr_models.progress.baselines import BaseOf, base_month_of, month_before
from okr_models.progress.components import Anatomy, Component
from okr_models.progress.figures import MonthFigure
from okr_models.progress.like_for_like import Comparison, added, compare
from okr_models.progress.measures import Measurement, Task, bad_baseline, small_baseline
from okr_models.words.codes import note


class Origins(TypedDict):
    """Fields of a ``Measurement`` that say what its months rest on."""

    is_estimated: bool
    estimated_months: tuple[date, ...]
    history_months: tuple[date, ...]


def measure_growth(task: Task, anatomy: Anatomy, *, k: int) -> Measurement:
    """A: mean of the closed months; B: of the same months of P0 (a literal, or the month before, where stated)."""
    kpi, baseline_kind = anatomy.kpi, task.key_result.baseline
    two_sided = not (isinstance(baseline_kind, BaselineValue) or baseline_kind == "start_of_period")
    base_of: BaseOf | None = base_month_of(task.period, baseline_kind) if two_sided else None
    shape = Measurement(rule="growth", unit=kpi.unit, kind=kpi.kind, k=k, n=task.n, is_like_for_like=True)
    if k == 0:
        return replace(shape, notes=(note("no_first_month"),))
    found = compare(anatomy, task.months[:k], base_of)
    if found.refusal:
        return replace(shape, refusal=found.refusal, notes=found.notes, used=found.used)
    current = mean([pair.current for pair in found.pairs], is_ratio=kpi.kind == "ratio")
    start = anatomy.whole.base_value(month_before(task.period)) if baseline_kind == "start_of_period" else None
    if start is not None and (crossed := anatomy.whole.crossed(start.month, found.months[-1])):
        why = note("baseline_restarts", day=crossed.date, reason=crossed.reason)
        return replace(shape, refusal=why, notes=found.notes, used=found.used)
    baseline = _baseline(task, start, found, is_ratio=kpi.kind == "ratio")
    return replace(
        shape,
        current=current,
        baseline=baseline,
        final_baseline=_final_baseline(task, found, base_of, k=k, is_ratio=kpi.kind == "ratio") or baseline,
        refusal=bad_baseline(task.target, baseline),
        pairs=found.pairs,
        used=found.used,
        notes=(*found.notes, *small_baseline(kpi, baseline)),
        base_months=(start.month,) if start else (),
        data_through=max((min(pair.current.observed_on, task.last_day) for pair in found.pairs), default=None),
        **origins([figure for pair in found.pairs for figure in (pair.current, pair.base, start) if figure]),
    )


def mean(figures: Sequence[MonthFigure | None], *, is_ratio: bool) -> float | None:
    """The mean of the months; of a ratio Σ/Σ where every month keeps both parts. None: there is nothing to divide."""
    known = [figure for figure in figures if figure is not None and figure.value is not None]
    if not known:
        return None
    parts = [(figure.numerator, figure.denominator) for figure in known]
    if is_ratio and all(top is not None and bottom is not None for top, bottom in parts):
        below = sum(bottom or 0.0 for _, bottom in parts)
        return sum(top or 0.0 for top, _ in parts) / below if below else None
    return sum(figure.value or 0.0 for figure in known) / len(known)


def origins(figures: Sequence[MonthFigure]) -> Origins:
    """Which of the months are estimated, and which rest on history from csv."""
    estimated = tuple(sorted({figure.month for figure in figures if figure.is_estimated}))
    return {
        "is_estimated": bool(estimated),
        "estimated_months": estimated,
        "history_months": tuple(sorted({figure.month for figure in figures if figure.origin == "history"})),
    }


def base_figure(used: Sequence[Component], month: date) -> MonthFigure | None:
    """The used parts of one base month added up; None where one of them is missing."""
    found = [part.base_value(month) for part in used]
    if not found or any(figure is None for figure in found):
        return None
    known = [figure for figure in found if figure is not None]
    return known[0] if len(known) == 1 else added(known)


def _baseline(task: Task, start: MonthFigure | None, found: Comparison, *, is_ratio: bool) -> float | None:
    stated = task.key_result.baseline
    if isinstance(stated, BaselineValue):
        return stated.value
    if stated == "start_of_period":
        return mean([start], is_ratio=is_ratio)
    return mean([pair.base for pair in found.pairs], is_ratio=is_ratio)


def _final_baseline(task: Task, found: Comparison, base_of: BaseOf | None, *, k: int, is_ratio: bool) -> float | None:
    """B over the common months and those still to come: one that closed without a value is neither."""
    if base_of is None:
        return None
    months = (*found.months, *task.months[k:])
    return mean([base_figure(found.used, base) for month in months if (base := base_of(month))], is_ratio=is_ratio)
