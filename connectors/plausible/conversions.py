"""Plausible's goals and channels: which queries are asked, and what their rows mean (API2.md, sections A3 and B).

A goal goes by its display name, so renaming it splits its series. Its ``events`` add up over days and goals, its
visitors do not; the rate is of visits, asked once with and once without the goals. Visits add up over channels.
Assumed: that a goal also counts what happened before it was made. What does not belong here: HTTP, pages of results.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.channels import channel_of, is_known
from connectors.core.doubt import Doubt
from connectors.core.protocol import Stream
from connectors.core.raw_tables import WEB_CHANNELS_DAILY, WEB_CONVERSIONS_DAILY, WEB_EVENTS_DAILY, WEB_KEY_EVENTS
from connectors.core.shape import Json
from connectors.plausible.report import Imports, as_days
from okr_models.periods import Window

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE_HISTORY_DAYS = 3660
DAYS_A_REQUEST = 366
GOAL, DAY, CHANNEL = "event:goal", "time:day", "visit:channel"
_BEFORE = "days before the site's first statistics"
EVENTS = Stream(
    table=WEB_EVENTS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /api/v2/query, by time:day and event:goal",
    note=f"{_BEFORE}; imported statistics, which have no goals",
)
KEY_EVENTS = Stream(
    table=WEB_KEY_EVENTS,
    is_optional=True,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="POST /api/v2/query, by event:goal over all time",
    note="goals that nobody ever reached, unless `events` names them",
)
RATES = Stream(
    table=WEB_CONVERSIONS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /api/v2/query, by time:day, with and without a filter on event:goal",
    note=_BEFORE,
)
CHANNELS = Stream(
    table=WEB_CHANNELS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /api/v2/query, by time:day and visit:channel",
    note=_BEFORE,
)


class Listed(Protocol):
    """All rows of a query, and what speaks against them."""

    @property
    def rows(self) -> pa.Table: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def doubts(self) -> Sequence[Doubt]: ...


class Site(Protocol):
    """What a site's source offers its queries."""

    def every(
        self, metrics: Sequence[str], days: Window, *, dimensions: Sequence[str], filters: Sequence[Any] = ()
    ) -> Listed: ...
    def goals(self) -> tuple[str, ...]: ...
    def known(self, window: Window) -> Window: ...
    def is_final(self, day: date, stream: Stream) -> bool: ...


class Conversions:
    """The four streams, for one site's source."""

    def __init__(self, site: Site, *, events: tuple[str, ...] = ()) -> None:
        self._site, self._events = site, events
        self._found: tuple[str, ...] | None = None

    def _names(self) -> tuple[str, ...]:
        """The goals that count: the named ones, else all that ever were reached."""
        if self._events:
            return self._events
        if self._found is None:
            self._found = self._site.goals()
        return self._found

    def _filter(self) -> list[Any]:
        return [["is", GOAL, list(self._names())]]

    def counts(self) -> dict[str, Json]:
        """The goals that count where the file names none: one that was made since has a past."""
        goals: dict[str, Json] = dict.fromkeys(sorted(self._names()), True)
        return {} if self._events else {"goals": goals}

    def listing(self) -> Answer:
        """Every goal that counts as a conversion."""
        rows: list[Row] = [
            {
                "event": name,
                "event_id": None,
                "counting": "events",
                "created_at": None,
                "has_past": True,
                "counted_from": None,
            }
            for name in self._names()
        ]
        return Answer(rows=rows)

    def daily(self, window: Window) -> Answer:
        """Conversions of each goal and day."""
        days, rows, doubts = self._site.known(window), list[Row](), list[Doubt]()
        for part in days.slices(DAYS_A_REQUEST):
            filters = self._filter() if self._events else []
            listed = self._site.every(("visitors", "events"), part, dimensions=(DAY, GOAL), filters=filters)
            doubts += listed.doubts
            for day, line in _lines(listed):
                rows.append(
                    {
                        "day": day,
                        "event": line[GOAL],
                        "conversions": float(line["events"]),
                        "event_count": None,
                        "revenue": None,
                        "is_final": self._site.is_final(day, EVENTS),
                    }
                )
        return Answer(rows=rows, covers=days, doubts=tuple(doubts))

    def rates(self, window: Window) -> Answer:
        """Visits, and those in which a goal was reached."""
        days, rows, doubts = self._site.known(window), list[Row](), list[Doubt]()
        if not self._names():
            return Answer(rows=rows, covers=days)
        for part in days.slices(DAYS_A_REQUEST):
            whole = self._site.every(("visits",), part, dimensions=(DAY,))
            reached = self._site.every(("visits",), part, dimensions=(DAY,), filters=self._filter())
            doubts += [*whole.doubts, *(doubt for doubt in reached.doubts if doubt not in whole.doubts)]
            converted = {day: line["visits"] for day, line in _lines(reached)}
            rows += [
                {
                    "day": day,
                    "visits": line["visits"],
                    "converted_visits": converted.get(day, 0),
                    "is_final": self._site.is_final(day, RATES),
                }
                for day, line in _lines(whole)
            ]
        return Answer(rows=rows, covers=days, doubts=tuple(doubts))

    def channels(self, window: Window) -> Answer:
        """Visits and conversions of each channel and day."""
        days, doubts = self._site.known(window), list[Doubt]()
        found: dict[tuple[date, str], Row] = {}
        for part in days.slices(DAYS_A_REQUEST):
            listed = self._site.every(("visits", "visitors"), part, dimensions=(DAY, CHANNEL))
            doubts += listed.doubts
            reached: dict[tuple[date, str], float] = {}
            if self._names():
                goals = self._site.every(("events",), part, dimensions=(DAY, CHANNEL), filters=self._filter())
                reached = {(day, line[CHANNEL]): float(line["events"]) for day, line in _lines(goals)}
            visits = {(day, line[CHANNEL]): line["visits"] for day, line in _lines(listed)}
            for day, label in dict.fromkeys([*visits, *reached]):
                found[day, label] = {
                    "day": day,
                    "label": label,
                    "channel": channel_of(label),
                    "sessions": visits.get((day, label), 0),
                    "conversions": reached.get((day, label), 0.0),
                    "is_final": self._site.is_final(day, CHANNELS),
                }
        if unknown := sorted({label for _, label in found if not is_known(label)}):
            doubts.append(Doubt(code="channel_unknown", what=", ".join(unknown)))
        return Answer(rows=list(found.values()), covers=days, doubts=tuple(doubts))


def _lines(listed: Listed) -> list[tuple[date, dict[str, Any]]]:
    """Each row with its day."""
    days = as_days(listed.rows.column(DAY)).to_pylist()
    return list(zip(days, listed.rows.to_pylist(), strict=True))
