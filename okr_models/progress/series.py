"""A key result month by month: against last year, the path to the target, and the forecast's fan.

What belongs here: pure arithmetic from rows to points. What does not: drawing and wording
(``pipelines/exports/report/charts.py``), keeping it (``pipelines/warehouse/okr/paths.py``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

from okr_models.client.model import (
    AtLeast,
    AtMost,
    BaselinePeriod,
    Between,
    Change,
    KeyResult,
    Milestones,
    Number,
    Period,
    Target,
)
from okr_models.kpis import BUILT_IN
from okr_models.periods import Window, add_months, month_start

KpiKey = tuple[str, str]
"""KPI and scope."""
YEAR = MONTHS_WITHOUT_PERIOD = 12


class Row(Protocol):
    """What is taken of a row of progress."""

    @property
    def objective_id(self) -> str: ...
    @property
    def key_result_id(self) -> str: ...
    @property
    def kpi(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def baseline(self) -> float | None: ...
    @property
    def target(self) -> float | None: ...
    @property
    def forecast_target(self) -> float | None: ...
    @property
    def forecast(self) -> float | None: ...
    @property
    def forecast_low(self) -> float | None: ...
    @property
    def forecast_high(self) -> float | None: ...


class Month(Protocol):
    """What is taken of a month of a KPI."""

    @property
    def value(self) -> float | None: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def denominator(self) -> float | None: ...


class Item(Protocol):
    """What is taken of an item behind a count."""

    @property
    def objective_id(self) -> str: ...
    @property
    def key_result_id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def decided_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A month. ``is_open``: not closed yet, so the figure still grows. ``below``: what a ratio is divided by, then and
    in the month of ``last``."""

    month: date
    actual: float | None = None
    is_open: bool = False
    last: float | None = None
    path: float | None = None
    low: float | None = None
    mid: float | None = None
    high: float | None = None
    below: float | None = None
    last_below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """``form``: ``months`` side by side, a ``level`` over time, or a running ``total``. ``bounds`` always hold."""

    form: Literal["months", "level", "total"]
    points: tuple[Point, ...]
    bounds: tuple[float, ...] = ()

    @property
    def has_actual(self) -> bool:
        return any(point.actual is not None for point in self.points)


def series_of(
    row: Row,
    *,
    definition: KeyResult | None,
    period: Period | None,
    months: Mapping[KpiKey, Mapping[date, Month]],
    items: Sequence[Item],
    as_of: date,
) -> Series | None:
    """The chart of one key result; None where there is nothing to draw (milestones, no month at all)."""
    target = definition.target_on(as_of) if definition else None
    if isinstance(target, Milestones):
        return None
    span = _span(period, as_of)
    if definition and definition.count:
        series = _count(row, items, span, as_of)
    else:
        values = _values(row, definition, months)
        last = [values.get(add_months(month, -12)) for month in span]
        points = tuple(
            Point(
                month=month,
                actual=values[month].value if month in values and month <= as_of else None,
                is_open=month in values and not values[month].is_closed,
                last=before.value if before else None,
                below=values[month].denominator if month in values else None,
                last_below=before.denominator if before else None,
            )
            for month, before in zip(span, last, strict=True)
        )
        has_base = _has_base(definition, span)
        if row.kind == "stock" and (definition is None or definition.baseline != "same_months_last_year"):
            has_base = False
        series = _with_target(row, target, points, has_base=has_base)
    return series if series.has_actual or any(point.last is not None for point in series.points) else None


def _span(period: Period | None, as_of: date) -> tuple[date, ...]:
    if period is not None:
        return Window(period.start, period.end).months()
    newest = month_start(as_of)
    return tuple(add_months(newest, back) for back in range(1 - MONTHS_WITHOUT_PERIOD, 1))


def _values(
    row: Row, definition: KeyResult | None, months: Mapping[KpiKey, Mapping[date, Month]]
) -> Mapping[date, Month]:
    """The months of the key result's scope; without one ``all``, or the only scope there is."""
    if row.kpi is None:
        return {}
    wanted = str(definition.scope) if definition else "all"
    scopes = [scope for kpi, scope in months if kpi == row.kpi]
    if wanted not in scopes and wanted == "all" and len(scopes) == 1:
        wanted = scopes[0]
    return months.get((row.kpi, wanted), {})


def _has_base(definition: KeyResult | None, span: Sequence[date]) -> bool:
    """Whether the same months of the year before are what the target grows from, by that name or by their days."""
    if definition is None or not isinstance(definition.baseline, BaselinePeriod):
        is_default = definition is not None and definition.baseline in {None, "same_months_last_year"}
        # a longer period stands against as many years as lie before all of it
        return is_default and len(span) <= YEAR
    base = Window(definition.baseline.from_, definition.baseline.to).months()
    return list(base) == [add_months(month, -12) for month in span]


def _with_target(row: Row, target: Target | None, points: tuple[Point, ...], *, has_base: bool) -> Series:
    if isinstance(target, Between):
        return Series(form="level", points=_judged(row, points), bounds=target.between)
    if isinstance(target, (AtLeast, AtMost)):
        bound = target.at_least if isinstance(target, AtLeast) else target.at_most
        judged = _judged(row, points)
        # the forecast of one that is to hold every month is of its share of months, and has no place among them
        return Series(form="level", points=judged if target.hold else _fan(row, judged), bounds=(bound,))
    if row.kind == "stock":
        grown = _grown(row, target, points) if has_base else None
        return Series(form="level", points=_fan(row, grown or _straight(points, start=row.baseline, end=row.target)))
    if isinstance(target, Number) and _adds_up(row):
        return Series(form="total", points=_to_come(row, _shaped(row, _running(points))))
    if has_base and (grown := _grown(row, target, points)):
        return Series(form="months", points=_implied(row, grown))
    # growth on another base: what the whole period asks for, as the forecast's line says it
    asked = row.forecast_target if isinstance(target, Change) and row.forecast_target is not None else row.target
    bounds = (asked,) if asked is not None and target is not None else ()
    return Series(form="months", points=_implied(row, points), bounds=bounds)


def _grown(row: Row, target: Target | None, points: tuple[Point, ...]) -> tuple[Point, ...] | None:
    """Last year's months times the growth asked for; None where the target is no percentage of them."""
    if not isinstance(target, Change) or not row.baseline or row.target is None:
        return None
    growth = row.target / row.baseline
    return tuple(replace(p, path=None if p.last is None else p.last * growth) for p in points)


def _adds_up(row: Row) -> bool:
    """Whether months of it may be summed: built-in KPIs say, a client's own flows do."""
    return row.kind == "flow" and (row.kpi not in BUILT_IN or BUILT_IN[row.kpi].adds_over_time)


def _judged(row: Row, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The months that a bound is asked of: half a month's sum below it would look like a fall."""
    if row.kind == "stock":
        return points
    return tuple(replace(point, actual=None) if point.is_open else point for point in points)


def _straight(points: tuple[Point, ...], *, start: float | None, end: float | None) -> tuple[Point, ...]:
    """The even path from the baseline to the target."""
    if start is None or end is None:
        return points
    step = (end - start) / len(points)
    return tuple(replace(point, path=start + step * (n + 1)) for n, point in enumerate(points))


def _shaped(row: Row, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The path to a total, in last year's shape where all its months are known, else even."""
    whole = points[-1].last
    if row.target is None:
        return points
    if whole is None or whole <= 0 or any(point.last is None for point in points):
        return _straight(points, start=0.0, end=row.target)
    return tuple(replace(point, path=(point.last or 0.0) / whole * row.target) for point in points)


def _running(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Running totals; one ends at the first month that has no value, since a sum with a hole is no sum."""
    totals: list[Point] = []
    actual: float | None = 0.0
    last: float | None = 0.0
    for point in points:
        actual = None if actual is None or point.actual is None else actual + point.actual
        last = None if last is None or point.last is None else last + point.last
        totals.append(replace(point, actual=actual, last=last))
    return tuple(totals)


def _fan(row: Row, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """From the newest figure to the forecast at the period's end."""
    if row.forecast is None or row.forecast_low is None or row.forecast_high is None:
        return points
    known = [n for n, point in enumerate(points) if point.actual is not None]
    if not known or known[-1] == len(points) - 1:
        return points
    first, start = known[-1], points[known[-1]].actual or 0.0
    steps = len(points) - 1 - first
    fanned = list(points)
    for n in range(first, len(points)):
        share = (n - first) / steps
        low, mid, high = (start + (end - start) * share for end in (row.forecast_low, row.forecast, row.forecast_high))
        fanned[n] = replace(points[n], low=low, mid=mid, high=high)
    return tuple(fanned)


def _to_come(row: Row, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """From the total of the last month that is over to the forecast at the period's end, in last year's shape.

    The running month is not over: it is expected to end at no less than what has come, where nothing is ever taken off.
    """
    if row.forecast is None or row.forecast_low is None or row.forecast_high is None:
        return points
    known = [point.actual for point in points if point.actual is not None]
    over = [n for n, point in enumerate(points) if point.actual is not None and not point.is_open]
    first = over[-1] if over else -1
    if not known or first == len(points) - 1:
        return points
    start = (points[first].actual or 0.0) if over else 0.0
    only_grows = all(one <= other for one, other in zip([0.0, *known], known, strict=False))
    shape = _shape_from(points, first)
    ahead = [
        replace(point, low=start, mid=start, high=start) if n == first else point for n, point in enumerate(points)
    ]
    for n in range(first + 1, len(points)):
        floor = points[n].actual if points[n].is_open and only_grows else None
        low, mid, high = (
            max(start + (end - start) * shape[n], -math.inf if floor is None else floor)
            for end in (row.forecast_low, row.forecast, row.forecast_high)
        )
        ahead[n] = replace(points[n], low=low, mid=mid, high=high)
    return tuple(ahead)


def _shape_from(points: Sequence[Point], first: int) -> list[float]:
    """Which share of what came after ``first`` last year had come by each month; evenly where that is not known."""
    before = points[first].last if first >= 0 else 0.0
    whole = points[-1].last
    if before is None or whole is None or whole <= before or any(point.last is None for point in points):
        return [(n - first) / (len(points) - 1 - first) for n in range(len(points))]
    return [((point.last or 0.0) - before) / (whole - before) for point in points]


def _implied(row: Row, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """What the remaining months must be for the year's mean, of a ratio Σ/Σ, to end at the forecast, in last year's
    shape."""
    if row.forecast is None or row.forecast_low is None or row.forecast_high is None:
        return points
    done = [n for n, point in enumerate(points) if point.actual is not None and not point.is_open]
    left = [n for n, point in enumerate(points) if point.actual is None or point.is_open]
    if not done or not left or left[0] < len(done) or len(done) + len(left) != len(points):
        return points
    weights = [points[n].last for n in left]
    known = [weight for weight in weights if weight is not None]
    even = len(known) != len(weights) or sum(known) <= 0
    shape = {n: 1.0 if even or weight is None else weight for n, weight in zip(left, weights, strict=True)}
    sizes = _sizes(row, points, done)
    total = sum(shape[n] * sizes[n] for n in left)
    came = sum((points[n].actual or 0.0) * sizes[n] for n in done)
    # followers may be lost, and a month of them then lies below zero
    seen = [value for point in points for value in (point.actual, point.last) if value is not None]
    floor = -math.inf if min(seen) < 0 else 0.0
    implied = list(points)
    for n in left:
        low, mid, high = (
            max(floor, (sum(sizes) * end - came) * shape[n] / total)
            for end in (row.forecast_low, row.forecast, row.forecast_high)
        )
        implied[n] = replace(points[n], low=low, mid=mid, high=high)
    return tuple(implied)


def _sizes(row: Row, points: Sequence[Point], done: Sequence[int]) -> list[float]:
    """What each month weighs in the mean: of a ratio that keeps its parts what it is divided by, as the forecast has it
    (``forecast_job.month_weights``); else 1."""
    known = [points[n].below or 0.0 for n in done if points[n].below is not None]
    before = [points[n].last_below or 0.0 for n in done if points[n].last_below is not None]
    if row.kind != "ratio" or len(known) < len(done) or sum(known) <= 0:
        return [1.0] * len(points)
    scale = sum(known) / sum(before) if len(before) == len(done) and sum(before) > 0 else None
    usual = sum(known) / len(known)

    def ahead(point: Point) -> float:
        return usual if scale is None or point.last_below is None else point.last_below * scale

    sizes = [(point.below or 0.0) if n in done else ahead(point) for n, point in enumerate(points)]
    is_empty = sum(size for n, size in enumerate(sizes) if n not in done) <= 0
    return [usual] * len(points) if is_empty else sizes


def _count(row: Row, items: Sequence[Item], span: tuple[date, ...], as_of: date) -> Series:
    """How many items had met the condition by each month's end, against the even path."""
    mine = [item for item in items if (item.objective_id, item.key_result_id) == (row.objective_id, row.key_result_id)]
    met = [item.decided_on for item in mine if item.outcome == "met" and item.decided_on]
    newest = month_start(as_of)
    points = tuple(
        Point(
            month=month,
            actual=float(sum(day < add_months(month, 1) for day in met)) if month <= newest and mine else None,
            is_open=month == newest,
        )
        for month in span
    )
    return Series(form="total", points=_to_come(row, _straight(points, start=0.0, end=row.target)))
