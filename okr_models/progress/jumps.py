"""A stock whose own first reading lies far from the csv history: two definitions until the file says otherwise.

What belongs here: finding the jump, and the break that it is. What does not: breaks that the file declares
(``components.py``), and what a break means for a baseline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from okr_models.client.sources import Break
from okr_models.progress.figures import Days, Months

LARGEST = 0.20
"""A first reading this near the last counted figure is the same thing, counted a little later."""
NEAR = timedelta(days=62)
"""Two figures further apart than two months may well differ by what happened between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """From the last figure of the history to the account's own first reading, on ``day``; -.4 is 40 % lower."""

    day: date
    share: float

    def as_break(self, *, label: str) -> Break:
        """With a reason that reads the same in every language: whose it is. How far it jumps is a note of its own."""
        return Break(date=self.day, reason=label)


def jump_of(months: Months, days: Days, *, declared: Sequence[Break], opened: date | None = None) -> Jump | None:
    """The jump of a stock's figures, or None: none there, none above 20 %, or one that a declared break speaks of.

    The zeros before ``opened`` are no reading.
    """
    own = sorted(each for each in _observed(months, days, origin="source") if opened is None or each[0] >= opened)
    read = own[0][0] if own else None
    if read is None:
        return None
    before = [each for each in _observed(months, days, origin="history") if each[0] < read]
    if not before:
        return None
    last_day, last = max(before)
    first = own[0][1]
    if last <= 0 or read - last_day > NEAR or abs(first / last - 1) <= LARGEST:
        return None
    if any(last_day < each.date <= read for each in declared):
        return None
    return Jump(day=read, share=first / last - 1)


def _observed(months: Months, days: Days, *, origin: str) -> Iterator[tuple[date, float]]:
    yield from ((day, each.value) for day, each in days.items() if each.origin == origin)
    for each in months.values():
        if each.origin == origin and each.value is not None:
            yield each.observed_on, each.value
