"""Stocks: the latest observation against the one at the start, the same platforms on both sides.

What belongs here: which two observations stand against each other. What does not: month-end stocks asked of every
month (``levels.py``).
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from okr_models.client.model import BaselinePeriod, BaselineValue
from okr_models.client.sources import Break
from okr_models.periods import ONE_DAY, Window, month_end, month_start
from okr_models.progress.baselines import FIRST_OBSERVATION_DAYS, eve
from okr_models.progress.components import STOCK_AGE, Anatomy, Component
from okr_models.progress.figures import DayFigure
from okr_models.progress.like_for_like import LARGEST_LEFT_OUT, left_out_by, said_too_large, too_large_by
from okr_models.progress.measures import Measurement, Rule, Task, bad_baseline, is_met, small_baseline
from okr_models.words.codes import Note, Side, note

MOVED = 0.20
"""A running month that has changed a stock by more is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """One part's latest and first observation; None where there is none."""

    part: Component
    now: DayFigure | None
    start: DayFigure | None
    is_late: bool = False

    @property
    def both(self) -> bool:
        return self.now is not None and self.start is not None and self.crossed is None

    @property
    def crossed(self) -> Break | None:
        """An unbridged break between the two."""
        if self.now is None or self.start is None:
            return None
        return next((b for b in self.part.hard_breaks if self.start.day < b.date <= self.now.day), None)


def measure_stock(task: Task, anatomy: Anatomy, *, rule: Rule, k: int) -> Measurement:
    """A: latest within the period; B: at the end of the day before it, or as the file states."""
    stated = task.key_result.baseline
    shape = Measurement(rule=rule, unit=anatomy.kpi.unit, kind=anatomy.kpi.kind, k=k, n=task.n)
    early = (note("no_first_month"),) if k == 0 else ()
    if isinstance(stated, BaselineValue):
        return _one_sided(task, anatomy, replace(shape, notes=early), baseline=stated.value)
    chosen, notes, refusal = _choose(task, anatomy)
    if refusal is not None and rule == "level":
        now = _alone(task, anatomy)
        why = _nothing_now(task, anatomy) if now is None else None
        return _level_without_start(task, replace(shape, notes=(*early, refusal), refusal=why), now)
    if refusal is not None:
        return replace(shape, refusal=refusal, notes=(*early, *notes))
    now = [sides.now for sides in chosen if sides.now is not None]
    start = [sides.start for sides in chosen if sides.start is not None]
    baseline = sum(figure.value for figure in start)
    late = [sides.start.day for sides in chosen if sides.is_late and sides.start is not None]
    notes = (*notes, *((note("baseline_at_first_observation", day=min(late)),) if late else ()))
    notes = (*notes, *_moved(chosen))
    inside = is_met(task.target, baseline) if rule == "level" else None
    found = replace(
        shape,
        current=sum(figure.value for figure in now),
        baseline=baseline,
        final_baseline=baseline,
        inside=inside or None,
        used=tuple(sides.part for sides in chosen),
        base_months=tuple(sorted({month_start(figure.day) for figure in start})),
        data_through=min(figure.day for figure in now),
        is_estimated=any(figure.is_estimated for figure in (*now, *start)),
        estimated_months=tuple(sorted({month_start(f.day) for f in (*now, *start) if f.is_estimated})),
        history_months=tuple(sorted({month_start(f.day) for f in (*now, *start) if f.origin == "history"})),
        is_like_for_like=stated == "same_months_last_year",
        notes=(*early, *notes, *small_baseline(anatomy.kpi, baseline if rule == "stock" else None)),
    )
    if inside:
        return replace(found, notes=(*found.notes, note("already_inside")))
    return replace(found, refusal=bad_baseline(task.target, baseline))


def _moved(chosen: Sequence[_Sides]) -> tuple[Note, ...]:
    """The newest observations against the end of the month before theirs, where they lie far from it."""
    known = [(sides.part, sides.now) for sides in chosen if sides.now is not None]
    newest = min(figure.day for _, figure in known)
    ends = [part.stock_at(month_start(newest) - ONE_DAY) for part, _ in known]
    before = sum(figure.value for figure in ends if figure is not None)
    if any(figure is None for figure in ends) or before <= 0 or newest == month_end(newest):
        return ()
    share = sum(figure.value for _, figure in known) / before - 1
    return (note("running_month_moved", month=month_start(newest), moved_share=share),) if abs(share) > MOVED else ()


def _age(anatomy: Anatomy) -> timedelta | None:
    """Followers older than 35 days are missing; a client's own stock is its last value."""
    return None if anatomy.kpi.is_own else STOCK_AGE


def _sides(task: Task, anatomy: Anatomy, part: Component) -> _Sides:
    stated = task.key_result.baseline
    age = _age(anatomy)
    now = part.stock_at(task.last_day, oldest=age) if task.last_day >= task.period.start else None
    if now is not None and now.day < task.period.start:
        now = None
    if stated == "same_months_last_year":
        return _Sides(part=part, now=now, start=part.stock_at(_year_before(now.day), oldest=age) if now else None)
    start = part.stock_at(eve(task.period, stated), oldest=age)
    if start is not None or isinstance(stated, BaselinePeriod):
        # what came after the start of P1 is no stock of a P0 that the file states
        return _Sides(part=part, now=now, start=start)
    first_days = Window(
        task.period.start,
        min(task.period.start + timedelta(days=FIRST_OBSERVATION_DAYS), max(task.last_day, task.period.start)),
    )
    return _Sides(part=part, now=now, start=part.first_stock(first_days), is_late=True)


def _choose(task: Task, anatomy: Anatomy) -> tuple[Sequence[_Sides], tuple[Note, ...], Note | None]:
    """Every part where all have both sides; else the whole where it has; else the parts that have, if heavy enough."""
    whole = _sides(task, anatomy, anatomy.whole)
    split = [_sides(task, anatomy, part) for part in anatomy.parts]
    kept = [sides for sides in split if sides.both]
    if kept and len(kept) == len(split) and not anatomy.absent:
        return kept, (), None
    if whole.both and not (split and anatomy.must_split):
        return [whole], (), None
    if not kept:
        return (), (), _why(task, anatomy, [whole, *split])
    left_out = [sides for sides in split if not sides.both]
    notes, refusal = _weigh(kept, left_out)
    absent = tuple(note("platform_unknown", label=label) for label in anatomy.absent)
    return kept, (*notes, *absent), refusal


def _why(task: Task, anatomy: Anatomy, candidates: Sequence[_Sides]) -> Note:
    crossed = [sides.crossed for sides in candidates if sides.crossed is not None]
    if crossed:
        newest = max(crossed, key=lambda each: each.date)
        return note("baseline_restarts", day=newest.date, reason=newest.reason)
    return note("baseline_missing") if any(sides.now for sides in candidates) else _nothing_now(task, anatomy)


def _nothing_now(task: Task, anatomy: Anatomy) -> Note:
    """Why the whole has no latest observation: a part has none, the last is too old, or there never was one."""
    parts = [_sides(task, anatomy, part) for part in anatomy.parts]
    silent = [*(sides.part.label for sides in parts if sides.now is None), *anatomy.absent]
    if silent and any(sides.now for sides in parts):
        return note("no_data", label=", ".join(silent), of="parts")
    last = [each.stock_at(task.last_day, oldest=None) for each in (anatomy.whole, *anatomy.parts)]
    is_old = any(each is not None and each.day >= task.period.start for each in last)
    return note("no_data", of="old") if is_old else note("no_data")


def _weigh(kept: Sequence[_Sides], left_out: Sequence[_Sides]) -> tuple[tuple[Note, ...], Note | None]:
    notes: list[Note] = []
    refusal: Note | None = None
    sizes = [(sides, _share(sides, [*kept, *left_out])) for sides in left_out]
    too_large = sum(size or 0.0 for _, size in sizes) > LARGEST_LEFT_OUT
    sized = [(sides.part.label, size, _missing_side(sides)) for sides, size in sizes if size]
    heavy = too_large_by(sized) if too_large else ()
    for sides, size in sorted(sizes, key=lambda each: -(each[1] or 0.0)):
        label = sides.part.label
        if size is None:
            notes.append(note("platform_unknown", label=label))
        elif heavy and refusal is None:
            crossed = sides.crossed
            refusal = (
                note("baseline_restarts", day=crossed.date, reason=crossed.reason) if crossed else said_too_large(heavy)
            )
        elif sides.crossed is not None:
            notes.append(left_out_by(sides.crossed, label=label, size=size))
        elif not any(label == each for each, _, _ in heavy):
            notes.append(note("platform_left_out", label=label, part_share=size, side=_missing_side(sides)))
    return tuple(notes), refusal


def _missing_side(sides: _Sides) -> Side:
    return "now" if sides.now is None else "before"


def _share(sides: _Sides, everything: Sequence[_Sides]) -> float | None:
    """The part's share on the side where it exists; the larger of the two where both are there."""
    shares: list[float] = []
    if sides.now is not None and (total := sum(each.now.value for each in everything if each.now)) > 0:
        shares.append(sides.now.value / total)
    if sides.start is not None and (total := sum(each.start.value for each in everything if each.start)) > 0:
        shares.append(sides.start.value / total)
    return max(shares) if shares else None


def _alone(task: Task, anatomy: Anatomy) -> list[DayFigure] | None:
    """The latest of the whole, or of every part; None where one is missing."""
    whole = _sides(task, anatomy, anatomy.whole).now
    if whole is not None:
        return [whole]
    split = [_sides(task, anatomy, part).now for part in anatomy.parts]
    known = [figure for figure in split if figure is not None]
    return known if known and len(known) == len(split) and not anatomy.absent else None


def _one_sided(task: Task, anatomy: Anatomy, shape: Measurement, *, baseline: float) -> Measurement:
    """Against a stated number: only the whole will do."""
    now = _alone(task, anatomy)
    if now is None:
        return replace(shape, baseline=baseline, refusal=None if shape.k == 0 else _nothing_now(task, anatomy))
    inside = is_met(task.target, baseline) if shape.rule == "level" else False
    return replace(
        shape,
        current=sum(figure.value for figure in now),
        baseline=baseline,
        final_baseline=baseline,
        inside=inside or None,
        used=(anatomy.whole,) if anatomy.whole.months else anatomy.parts,
        data_through=min(figure.day for figure in now),
        is_estimated=any(figure.is_estimated for figure in now),
        estimated_months=tuple(sorted({month_start(figure.day) for figure in now if figure.is_estimated})),
        notes=(*shape.notes, *((note("already_inside"),) if inside else ())),
        refusal=None if inside else bad_baseline(task.target, baseline),
    )


def _level_without_start(task: Task, shape: Measurement, now: list[DayFigure] | None) -> Measurement:
    """A level needs no start: 1 while inside, 0 while outside, with a note."""
    if now is None:
        return replace(shape, notes=())
    current = sum(figure.value for figure in now)
    return replace(
        shape,
        current=current,
        inside=True,
        data_through=min(figure.day for figure in now),
        notes=(*shape.notes, note("no_baseline_level")),
    )


def _year_before(day: date) -> date:
    if day.month == 2 and day.day == 29 and not isleap(day.year - 1):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
