"""Lists of which single items can't be read: what can be read is read, and the others are counted and named.

What belongs here: that rule, once for every source. What does not: which items a source gives no figure for on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from connectors.core.doubt import Doubt, not_made
from connectors.core.shape import BadShape
from okr_models.periods import ONE_DAY, Window

NAMED = 3
"""So many of the items left out are named in words; all are counted."""
_SHOWN = 80

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


@dataclass(slots=True)
class Odd:
    """Collects what can't be read. ``ids``: the items that are there all the same, as far as they say who they are;
    ``nameless``: how many do not, each of which may be any that was known."""

    problems: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    nameless: int = 0

    def note(self, problem: str, *, item_id: str | None = None) -> None:
        """One more item that can't be used, in a few words."""
        self.problems.append(problem)
        if item_id is not None:
            self.ids.add(item_id)
        else:
            self.nameless += 1

    def readable(
        self, items: Iterable[I], read: Callable[[I], T], *, name: Callable[[I], str] | None = None
    ) -> list[T]:
        """What could be read of ``items``; the others are noted, by ``name`` where they say so much.

        ``read`` gives None for an item that is none of those asked for. Raises the first ``BadShape`` where no item
        could be read: then the reply is another one.
        """
        found: list[T] = []
        first: BadShape | None = None
        for item in items:
            try:
                found.append(read(item))
            except BadShape as problem:
                first = first or problem
                item_id = None
                if name is not None:
                    with suppress(BadShape):
                        item_id = name(item)
                self.note(str(problem), item_id=item_id)
        if first is not None and all(one is None for one in found):
            raise first
        return found

    def by_id(self, items: Iterable[I], name: Callable[[I], str]) -> dict[str, I]:
        """Items by what they call themselves, the last of each; one that does not say is noted."""
        return dict(self.readable(items, lambda item: (name(item), item)))

    @property
    def present(self) -> frozenset[str]:
        """The items left out that are there all the same."""
        return frozenset(self.ids)

    def since(self, since: datetime | None, *, now: datetime) -> datetime | None:
        """``Batch.listed_since`` of the list: with a nameless one in it nobody knows which of the known are gone."""
        return now if self.nameless else since

    def doubts(self) -> tuple[Doubt, ...]:
        """What is to be said of them; nothing where there are none."""
        if not self.problems:
            return ()
        named = [problem[:_SHOWN] for problem in self.problems[:NAMED]]
        more = len(self.problems) - len(named)
        what = "; ".join([*named, *([f"and {more} more"] if more else [])])
        return (Doubt(code="entries_left_out", quantity=len(self.problems), what=what),)


def placed_days(
    items: Iterable[I], day_of: Callable[[I], date], *, within: Window, what: str, zero_by_absence: bool
) -> tuple[list[tuple[date, I]], list[Doubt]]:
    """Items by the day of ``within`` that each says it is of. One that can't be placed in time is counted and named.

    It may be of any day that has none: ``zero_by_absence``, such a day is no zero then, but one without a report.
    Raises the first ``BadShape`` where none could be placed.
    """
    odd = Odd()
    placed = [(day, item) for day, item in odd.readable(items, lambda item: (day_of(item), item)) if day in within]
    doubts = list(odd.doubts())
    if odd.problems and zero_by_absence:
        told = {day for day, _ in placed}
        unsure = f"{what} of a day that can't be told"[:_SHOWN]
        doubts += [not_made(run, seen=None, what=unsure) for run in _runs(day for day in within if day not in told)]
    return placed, doubts


def _runs(days: Iterable[date]) -> list[Window]:
    """Consecutive days as windows; ``days`` are ascending."""
    found: list[Window] = []
    for day in days:
        if found and day - found[-1].end == ONE_DAY:
            found[-1] = Window(found[-1].start, day)
        else:
            found.append(Window(day, day))
    return found


def readable_days(
    days: Iterable[tuple[date, I]], read: Callable[[date, I], T], *, what: str
) -> tuple[list[T], list[Doubt]]:
    """What could be read of figures by day; a day that could not is no zero but one without a report of ``what``.

    Raises the first ``BadShape`` where no day could be read.
    """
    found: list[T] = []
    doubts: list[Doubt] = []
    first: BadShape | None = None
    for day, item in days:
        try:
            found.append(read(day, item))
        except BadShape as problem:
            first = first or problem
            doubts.append(not_made(Window(day, day), seen=None, what=f"{what} of {day}: {problem}"[:_SHOWN]))
    if first is not None and not found:
        raise first
    return found, doubts
