"""Like for like: the months and platforms that both sides of a comparison have (MEASURES.md, "Key results").

What belongs here: what is left out on both sides, and what that left out is worth. What does not: progress from what
remains (``measures.py``).

A platform that lacks more than half of the months the others have is missing; one that lacks fewer takes those months
with it. The same rule decides whether the whole can be used as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from okr_models.client.sources import Break
from okr_models.periods import add_months, month_end, month_start
from okr_models.progress.baselines import BaseOf
from okr_models.progress.components import Anatomy, Component
from okr_models.progress.figures import MonthFigure
from okr_models.progress.lacking import ONE_SIDE, few_values, needed
from okr_models.words.codes import Note, Side, note

LARGEST_LEFT_OUT = 0.20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One calendar month on both sides. ``base`` None: the comparison has one side only."""

    month: date
    current: MonthFigure
    base: MonthFigure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The common months in order, and what was left out. ``refusal``: why nothing can be compared."""

    pairs: tuple[Pair, ...] = ()
    notes: tuple[Note, ...] = ()
    refusal: Note | None = None
    used: tuple[Component, ...] = ()

    @property
    def months(self) -> tuple[date, ...]:
        return tuple(pair.month for pair in self.pairs)


def closed_months(anatomy: Anatomy, months: Sequence[date]) -> int:
    """k: how many of P1's months run up to the last one closed anywhere in the figure.

    A month for which nothing was given is not given yet, until a later one is closed: then it is a gap.
    """
    parts = (anatomy.whole, *anatomy.parts)
    newest = max((month for part in parts for month, each in part.months.items() if each.is_closed), default=None)
    for index in range(len(months), 0, -1):
        month = months[index - 1]
        found = [part.months[month] for part in parts if month in part.months]
        is_gap = newest is not None and month < newest and all(each.value is None for each in found)
        if is_gap or any(each.is_closed for each in found):
            return index
    return 0


def compare(anatomy: Anatomy, elapsed: Sequence[date], base_of: BaseOf | None) -> Comparison:
    """``elapsed`` (P1's closed months 1..k, k > 0) against their base months; ``base_of`` None: one side only."""
    k = len(elapsed)
    whole = _paired(anatomy.whole, elapsed, base_of)
    splits = bool(anatomy.parts) and len(anatomy.parts) + len(anatomy.absent) > 1 and base_of is not None
    if not (splits and (anatomy.must_split or len(whole) < max(needed(k), k / 2))):
        return _judged(anatomy, (anatomy.whole,), whole, elapsed, base_of)
    paired = {part.scope: _paired(part, elapsed, base_of) for part in anatomy.parts}
    most = max((len(pairs) for pairs in paired.values()), default=0)
    kept = tuple(part for part in anatomy.parts if len(paired[part.scope]) >= max(needed(k), most / 2, 1))
    if not kept:
        return _judged(anatomy, (anatomy.whole,), whole, elapsed, base_of)
    common = [month for month in elapsed if all(month in paired[part.scope] for part in kept)]
    pairs = {month: _added([paired[part.scope][month] for part in kept]) for month in common}
    left_out = tuple(part for part in anatomy.parts if part not in kept)
    refusal, notes = _left_out(left_out, kept, elapsed, base_of)
    result = _judged(anatomy, kept, pairs, elapsed, base_of)
    absent = tuple(note("platform_unknown", label=label) for label in anatomy.absent)
    return replace(result, refusal=refusal or result.refusal, notes=(*notes, *absent, *result.notes))


def _paired(part: Component, elapsed: Sequence[date], base_of: BaseOf | None) -> dict[date, Pair]:
    """The months that ``part`` has on both sides, in one era of its definition."""
    era = sum(each.date <= month_end(elapsed[-1]) for each in part.hard_breaks)
    pairs: dict[date, Pair] = {}
    for month in elapsed:
        current = part.value(month) if part.era(month) == era else None
        if current is None:
            continue
        if base_of is None:
            pairs[month] = Pair(month=month, current=current)
            continue
        base_month = base_of(month)
        base = part.base_value(base_month) if base_month and part.era(base_month) == era else None
        if base is not None:
            pairs[month] = Pair(month=month, current=current, base=base)
    return pairs


def _judged(
    anatomy: Anatomy,
    used: tuple[Component, ...],
    pairs: dict[date, Pair],
    elapsed: Sequence[date],
    base_of: BaseOf | None,
) -> Comparison:
    k = len(elapsed)
    missing = tuple(month for month in elapsed if month not in pairs)
    if len(pairs) < needed(k):
        refusal = _why(anatomy, used or (anatomy.whole,), elapsed, base_of, count=len(pairs))
        return Comparison(refusal=refusal, used=used)
    return Comparison(
        pairs=tuple(pairs[month] for month in elapsed if month in pairs),
        notes=_missing_notes(used, missing, base_of, last=elapsed[-1]),
        used=used,
    )


def _missing_notes(
    used: Sequence[Component], missing: Sequence[date], base_of: BaseOf | None, *, last: date
) -> tuple[Note, ...]:
    """Why each left-out month was left out: a pause, a break, or no value."""
    if not missing:
        return ()
    paused = tuple(month for month in missing if any(_touches_pause(part, month, base_of) for part in used))
    rest = [month for month in missing if month not in paused]
    broken = _broken(used, rest, base_of, last=last)
    sides = {} if base_of else ONE_SIDE
    notes = [
        note("months_left_out_break", day=day, reason=reason, months=months, **sides)
        for (day, reason), months in sorted(broken.items())
    ]
    if paused:
        notes.append(note("months_paused", months=paused))
    plain = tuple(month for month in rest if not any(month in months for months in broken.values()))
    if plain:
        notes.append(note("months_left_out", months=plain, **sides))
    return tuple(notes)


def _broken(
    used: Sequence[Component], missing: Sequence[date], base_of: BaseOf | None, *, last: date
) -> dict[tuple[date, str], tuple[date, ...]]:
    """The months before each part's newest break, by that break."""
    found: dict[tuple[date, str], tuple[date, ...]] = {}
    for part in used:
        newest = max((each for each in part.hard_breaks if each.date <= month_end(last)), key=_day_of, default=None)
        months = [month for month in missing if newest and _crosses(part, month, base_of, last=last)]
        if newest and months:
            key = newest.date, newest.reason
            found[key] = tuple(sorted({*found.get(key, ()), *months}))
    return found


def _day_of(each: Break) -> date:
    return each.date


def _touches_pause(part: Component, month: date, base_of: BaseOf | None) -> bool:
    base = base_of(month) if base_of else None
    return month in part.paused_months or (base is not None and base in part.paused_months)


def _crosses(part: Component, month: date, base_of: BaseOf | None, *, last: date) -> bool:
    base = base_of(month) if base_of else None
    newest = sum(each.date <= month_end(last) for each in part.hard_breaks)
    eras = {part.era(month), part.era(base) if base else newest}
    return eras != {newest}


def _why(
    anatomy: Anatomy, used: Sequence[Component], elapsed: Sequence[date], base_of: BaseOf | None, *, count: int
) -> Note:
    """The sentence that says what keeps a comparison from being made, and what would cure it."""
    crossing = _crossing_break(used, elapsed, base_of)
    if crossing:
        return note("baseline_restarts", day=crossing.date, reason=crossing.reason)
    asked = (*used, *anatomy.parts) if base_of else used
    has_current = sum(any(part.value(month) for part in asked) for month in elapsed)
    if has_current < needed(len(elapsed)):
        return few_values(anatomy, elapsed, count=has_current)
    if count:
        return note("few_months", count=count, needed=needed(len(elapsed)))
    present = [part for part in asked if any(part.value(month) for month in elapsed)]
    starts = [start for part in present if (start := part.first_month) is not None]
    bases = [base for month in elapsed if base_of and (base := base_of(month))]
    if base_of is not None and not bases:
        return note("baseline_other_months")
    if starts and bases and month_start(min(starts)) >= min(bases):
        return note("baseline_starts", day=min(starts))
    return note("baseline_missing")


def _crossing_break(used: Sequence[Component], elapsed: Sequence[date], base_of: BaseOf | None) -> Break | None:
    """The newest unbridged break that a pair of months lies across."""
    found = [
        each
        for part in used
        for each in part.hard_breaks
        if each.date <= month_end(elapsed[-1])
        and any(_crosses(part, month, base_of, last=elapsed[-1]) for month in elapsed)
    ]
    return max(found, key=_day_of) if found else None


def _left_out(
    left_out: Sequence[Component], kept: Sequence[Component], elapsed: Sequence[date], base_of: BaseOf | None
) -> tuple[Note | None, tuple[Note, ...]]:
    """Each left-out part with its share on the side where it exists; too large a share refuses the comparison."""
    refusal: Note | None = None
    notes: list[Note] = []
    sizes = {part.scope: _share(part, (*kept, *left_out), elapsed, base_of) for part in left_out}
    too_large = sum(size or 0.0 for size in sizes.values()) > LARGEST_LEFT_OUT
    sized = [(part.label, size, _side(part, elapsed, base_of)) for part in left_out if (size := sizes[part.scope])]
    heavy = too_large_by(sized) if too_large else ()
    for part in left_out:
        size, crossing = sizes[part.scope], _crossing_break([part], elapsed, base_of)
        if size is None:
            notes.append(note("platform_unknown", label=part.label))
        elif heavy and refusal is None and size == max(each or 0.0 for each in sizes.values()):
            refusal = (
                note("baseline_restarts", day=crossing.date, reason=crossing.reason)
                if crossing
                else said_too_large(heavy)
            )
        elif crossing:
            notes.append(left_out_by(crossing, label=part.label, size=size))
        elif not any(part.label == label for label, _, _ in heavy):
            side = _side(part, elapsed, base_of)
            notes.append(note("platform_left_out", label=part.label, part_share=size, side=side))
    return refusal, tuple(notes)


Sized = tuple[str, float, Side]
"""A part that is left out: its label, its share, and where it is missing."""


def too_large_by(sized: Sequence[Sized]) -> Sequence[Sized]:
    """The one that alone is more than may be left out, else all that are so together."""
    largest = max(sized, key=lambda each: each[1])
    return [largest] if largest[1] > LARGEST_LEFT_OUT else sized


def said_too_large(heavy: Sequence[Sized]) -> Note:
    label, share, side = heavy[0]
    if len(heavy) == 1:
        return note("platform_too_large", label=label, part_share=share, side=side)
    labels = ", ".join(sorted({each[0] for each in heavy}))
    side = side if len({each[2] for each in heavy}) == 1 else "either"
    whole = sum(each[1] for each in heavy)
    return note("platform_too_large", label=labels, part_share=whole, side=side, of="together")


def left_out_by(crossing: Break, *, label: str, size: float) -> Note:
    """That a part is there on both sides, and counted in two ways."""
    return note(
        "platform_left_out", label=label, part_share=size, day=crossing.date, reason=crossing.reason, of="break"
    )


def _side(part: Component, elapsed: Sequence[date], base_of: BaseOf | None) -> Side:
    """Where the part is missing: of the compared months, of those they stand against, or of some on either side."""
    pairs = [(month, base_of(month) if base_of else None) for month in elapsed]
    if not any(part.base_value(base) for _, base in pairs if base):
        return "last_year" if all(base == add_months(month, -12) for month, base in pairs) else "before"
    return "some_months" if any(part.value(month) for month, _ in pairs) else "now"


def _share(
    part: Component, everything: Sequence[Component], elapsed: Sequence[date], base_of: BaseOf | None
) -> float | None:
    """The part's share of the whole over the months of the side on which it exists; the larger of the two sides."""
    bases = [base for month in elapsed if base_of and (base := base_of(month))]
    shares: list[float] = []
    for side in (elapsed, bases):
        own = {month: found.value for month in side if (found := part.value(month)) and found.value is not None}
        total = sum(
            found.value or 0.0 for each in everything for month in own if (found := each.value(month)) is not None
        )
        if own and total > 0:
            shares.append(max(sum(own.values()), 0.0) / total)
    return max(shares) if shares else None


def _added(pairs: Sequence[Pair]) -> Pair:
    """Parts of one month added up on each side."""
    return Pair(
        month=pairs[0].month,
        current=added([pair.current for pair in pairs]),
        base=added([pair.base for pair in pairs if pair.base is not None]),
    )


def added(figures: Sequence[MonthFigure]) -> MonthFigure:
    """One month of several parts together: as much estimated, and as much history, as any of them."""
    first = figures[0]
    return MonthFigure(
        month=first.month,
        value=sum(figure.value or 0.0 for figure in figures),
        is_closed=all(figure.is_closed for figure in figures),
        is_estimated=any(figure.is_estimated for figure in figures),
        origin="history" if any(figure.origin == "history" for figure in figures) else "source",
        data_through=min(figure.observed_on for figure in figures),
    )
