"""Days that failed night after night: asked by themselves, in ever smaller windows, after all the others.

A day that a vendor always answers with an error would keep out every day that is asked in one window with it, those of
the nights to come among them, and all windows behind it. What belongs here: which days those are, and how they are cut.
What does not: which days are due (``planning.py``), and how far a stream is read after an error (``read_source.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connectors.core.errors import ErrorClass
from okr_models.periods import Window, local_date
from pipelines.warehouse.ingest.ledger import Load

OF_A_WINDOW: frozenset[ErrorClass] = frozenset({"unavailable", "timeout", "bad_reply"})
"""Errors that may be of the days asked for; the others are of the account, the credentials or the file."""
NIGHTS = 2
"""Failed on so many: an outage of one night is nobody's day."""
LOOKED_BACK = timedelta(days=90)
"""As one such window may be asked a night, so that of many each has its turn twice before it is forgotten."""
LARGEST_CUT_DAYS = 366
"""A stream that is asked in larger windows learns from them where its source begins, and they are not cut."""


@dataclass(frozen=True, slots=True)
class Failing:
    """The last failure of a day: on which night, and how many days were asked for with it."""

    on: date
    days: int

    def at_most(self, usual: int) -> int:
        """How many days to ask for now: half of them."""
        return usual if usual > LARGEST_CUT_DAYS else min(usual, max(1, self.days // 2))


def failing_days(loads: Iterable[Load], reach: Window, *, today: date, zone: ZoneInfo) -> Mapping[date, Failing]:
    """Days of ``reach`` that failed on the last ``NIGHTS`` nights or more on which they were asked for.

    ``loads`` are a stream's ledger rows, in order. Of today's none counts: a second run is no second night.
    """
    recent = [(on, load) for load in loads if today - LOOKED_BACK <= (on := local_date(load.started_at, zone)) < today]
    nights: dict[date, set[date]] = {}
    last: dict[date, Failing] = {}
    if not any(load.error_class in OF_A_WINDOW for _, load in recent):
        return last
    for on, load in recent:
        for day in reach.intersect(load.window) or ():
            if load.status == "loaded":
                nights.pop(day, None)
            elif load.error_class in OF_A_WINDOW:
                nights.setdefault(day, set()).add(on)
                last[day] = Failing(on, load.window.days)
    return {day: last[day] for day, found in nights.items() if len(found) >= NIGHTS}
