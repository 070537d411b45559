"""A key result's current value, baseline and target, by target and kind of KPI (MEASURES.md, "Key results").

What belongs here: the value that holds them, the table's rows and which one applies. What does not: how each row is
computed where it takes more than a few lines (``growth.py``, ``sums.py``, ``levels.py``, ``stocks.py``, ``items.py``),
progress, and status.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from okr_models.client.model import AtLeast, AtMost, Between, Change, KeyResult, Number, Period, Target
from okr_models.kpis import MONEY
from okr_models.progress.components import Component, Measured
from okr_models.progress.like_for_like import Pair
from okr_models.words.codes import Note, note

Rule = Literal["growth", "sum", "stock", "level", "hold", "count", "milestones"]
SUCCESS: dict[str, float] = {"committed": 1.0, "stretch": 0.7}
"""The share of the way that counts as success, by ambition."""
SMALL_BASELINE = 30
SAME = 1e-12
SAME_BOUND = 1e-9
"""Thirty-one days of 0.1 add up to 3.1000000000000014."""
NOTHING = 1e-100
"""A baseline up to here is none: percentages of it are beyond what a number holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A, B and T of one key result with what they rest on; None where there is none.

    ``rule`` is the row of the table. ``k`` of ``n`` months are closed. ``refusal`` says why it cannot be judged.
    ``final_baseline`` is B over all of P0, for where the success line will lie at P1's end. ``inside`` is set where the
    target was met at the start, or where there is no start to compare with: then raw is 1 inside and 0 outside.
    """

    rule: Rule
    unit: str
    kind: str
    k: int
    n: int
    current: float | None = None
    baseline: float | None = None
    target: float | None = None
    first_target: float | None = None
    final_baseline: float | None = None
    inside: bool | None = None
    pairs: tuple[Pair, ...] = ()
    used: tuple[Component, ...] = ()
    data_through: date | None = None
    is_estimated: bool = False
    is_like_for_like: bool = False
    can_fall: bool = True
    observed: Mapping[date, float] = field(default_factory=dict)
    """Of a sum: which share of each month so far is in it; months not named count whole."""
    history_months: tuple[date, ...] = ()
    estimated_months: tuple[date, ...] = ()
    base_months: tuple[date, ...] = ()
    """Months that B is taken from, where it is not one for each of A's (``pairs``)."""
    open_items: int = 0
    items: int = 0
    months_measured: int = 0
    """Of a hold: the closed months that have a value, be none of them inside."""
    lag_days: int = 0
    notes: tuple[Note, ...] = ()
    refusal: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One key result in its period, on a day. ``target`` is the one in force."""

    key_result: KeyResult
    period: Period
    as_of: date
    months: tuple[date, ...]
    target: Target

    @property
    def n(self) -> int:
        return len(self.months)

    @property
    def last_day(self) -> date:
        """The newest day that may count: yesterday, and never after the period."""
        return min(date.fromordinal(self.as_of.toordinal() - 1), self.period.end)


def rule_of(target: Target, kpi: Measured) -> Rule:
    """The table's row for a target on a KPI."""
    if isinstance(target, Between) or (isinstance(target, AtLeast | AtMost) and target.hold):
        return "hold"
    if isinstance(target, AtLeast | AtMost):
        return "level"
    if kpi.kind == "stock":
        return "stock"
    if isinstance(target, Number) and kpi.kind == "flow" and kpi.adds_over_time:
        return "sum"
    return "growth"


def goal(target: Target, baseline: float | None, *, rule: Rule) -> float | None:
    """T, in the unit of A; None where it is a percentage of nothing."""
    if rule == "hold":
        return 1.0
    if isinstance(target, Change):
        return None if baseline is None or baseline <= NOTHING else baseline * (1 + target.share)
    if isinstance(target, Number):
        return target.value
    if isinstance(target, AtLeast):
        return target.at_least
    return target.at_most if isinstance(target, AtMost) else 1.0


def with_targets(measurement: Measurement, task: Task, kpi: Measured) -> Measurement:
    """``measurement`` with the first target and the one in force, both in the figure's own unit."""
    first, now = (
        goal(target, measurement.baseline, rule=rule_of(target, kpi))
        for target in (task.key_result.target, task.target)
    )
    return replace(measurement, first_target=first, target=now)


def bad_baseline(target: Target, baseline: float | None) -> Note | None:
    """Why no progress can be taken from ``baseline`` towards ``target``, with the cure."""
    if baseline is None:
        return note("baseline_missing")
    if isinstance(target, Change):
        return note("baseline_not_positive", value=baseline) if baseline <= NOTHING else None
    reached = goal(target, baseline, rule="growth")
    if reached is not None and abs(reached - baseline) <= SAME * max(1.0, abs(baseline)):
        return note("target_equals_baseline")
    return None


def small_baseline(kpi: Measured, baseline: float | None) -> tuple[Note, ...]:
    """A count under 30 as baseline makes percentages swing; figures that are no counts have no such limit."""
    is_count = kpi.kind != "ratio" and not kpi.is_own and kpi.unit != MONEY
    if is_count and baseline is not None and 0 < baseline < SMALL_BASELINE:
        return (note("small_baseline", value=baseline),)
    return ()


def is_met(target: Target, value: float) -> bool:
    """Whether ``value`` is inside a level's target, bounds included, be it a sum of doubles that ends beside one."""
    if isinstance(target, AtLeast):
        return _reaches(value, target.at_least)
    if isinstance(target, AtMost):
        return _reaches(-value, -target.at_most)
    if isinstance(target, Between):
        return _reaches(value, target.between[0]) and _reaches(-value, -target.between[1])
    raise TypeError(f"{target!r} has no inside")


def _reaches(value: float, bound: float) -> bool:
    return value >= bound or math.isclose(value, bound, rel_tol=SAME_BOUND)
