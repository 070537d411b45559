"""Matomo's goals and referrer types: which reports are asked for, and what they mean (API2.md, sections A2 and B).

One request has all goals: ``Goals.get`` with ``showAllGoalSpecificMetrics`` and without a goal's id, whose total also
holds ecommerce orders and no abandoned carts. Conversions add up over days and goals; visits that converted add up over
days only. Referrer types are read by their numbers, as labels are in the language of the token's owner; a campaign's
medium is not told, so campaigns are ``other``. Assumed: that a reply names orders ``goal_ecommerceOrder_…`` if at all.
What does not belong here: HTTP and Matomo's errors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Protocol

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.doubt import Doubt, not_made
from connectors.core.odd import Odd
from connectors.core.protocol import Stream
from connectors.core.raw_tables import WEB_CHANNELS_DAILY, WEB_CONVERSIONS_DAILY, WEB_EVENTS_DAILY, WEB_KEY_EVENTS
from connectors.core.shape import Json, Node
from okr_models.kpis.channels import Channel
from okr_models.periods import Window

DAYS_A_REQUEST = 366
ORDERS = "ecommerceOrder"
REST = "(other goals)"
"""Conversions of goals that are no longer listed."""
REFERRERS: dict[int, Channel] = {
    1: "direct",
    2: "organic_search",
    3: "referral",
    6: "other",
    7: "organic_social",
    8: "ai_assistants",
}
"""By ``referrer_type``; 6 holds everything tagged, newsletters and paid ads alike."""

_WHOLE_HISTORY_DAYS = 3660
_BEFORE = "days before the site was set up in Matomo; a goal's days before it was made"
EVENTS = Stream(
    table=WEB_EVENTS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    weekly_reread_days=30,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /index.php: Goals.get, showAllGoalSpecificMetrics=1, period=day",
    note=_BEFORE,
)
KEY_EVENTS = Stream(
    table=WEB_KEY_EVENTS,
    is_optional=True,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="POST /index.php: Goals.getGoals",
    note="when a goal was made: Matomo does not say",
)
RATES = Stream(
    table=WEB_CONVERSIONS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    weekly_reread_days=30,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /index.php: Goals.get, showAllGoalSpecificMetrics=1, period=day",
    note=_BEFORE,
)
CHANNELS = Stream(
    table=WEB_CHANNELS_DAILY,
    is_optional=True,
    counts_by=("events",),
    delivery="window",
    settle_days=4,
    weekly_reread_days=30,
    slice_days=_WHOLE_HISTORY_DAYS,
    api="POST /index.php: Referrers.getReferrerType, period=day",
    note="days before the site was set up in Matomo",
    annotations=("AI assistants are a channel of their own since Matomo 5.5; before, they were websites",),
)


class Site(Protocol):
    """What a site's source offers its reports."""

    def ask(self, method: str, *, attempted: str, **rest: str) -> Node: ...
    def by_day(self, method: str, window: Window, **rest: str) -> Iterator[tuple[date, Node | None]]: ...
    def known(self, window: Window) -> Window: ...
    def is_final(self, day: date, stream: Stream) -> bool: ...


class Conversions:
    """The four streams, for one site's source."""

    def __init__(self, site: Site, *, events: tuple[str, ...] = ()) -> None:
        self._site, self._events = site, events
        self._goals: dict[str, str] | None = None
        self._odd = Odd()
        self._is_shop: bool | None = None
        self._read: tuple[Window, dict[date, Node | None]] | None = None

    def _names(self) -> dict[str, str]:
        """Each goal's name by its id; of two of one name the later has its id beside it."""
        if self._goals is None:
            reply = self._site.ask("Goals.getGoals", attempted="listing goals")
            listed = reply if isinstance(reply.value, list) else [item for _, item in reply.items()]
            names: dict[str, str] = {}
            for number, name in self._odd.readable(listed, _goal):
                taken = not name or name in names.values()
                names[number] = f"{name} ({number})".strip() if taken else name
            self._goals = names
        return self._goals

    def _counts(self, name: str) -> bool:
        return not self._events or name in self._events

    def counts(self) -> dict[str, Json]:
        """Each goal's name by its id: one renamed since is the same goal."""
        return {f"goal {number}": name for number, name in self._names().items()}

    def listing(self) -> Answer:
        """Every goal that counts as a conversion."""
        rows: list[Row] = [
            {
                "event": name,
                "event_id": number,
                "counting": None,
                "created_at": None,
                "has_past": False,
                "counted_from": None,
            }
            for number, name in self._names().items()
            if self._counts(name)
        ]
        known = {*self._names().values(), ORDERS}
        missing = [name for name in self._events if name not in known]
        doubts = (Doubt(code="not_key_events", what=", ".join(missing)),) if missing else ()
        return Answer(rows=rows, doubts=(*doubts, *self._odd.doubts()))

    def _days(self, window: Window) -> Iterator[tuple[date, Node | None]]:
        """Goals.get of each day, asked once for the streams that read it."""
        if self._read is None or self._read[0] != window:
            found: dict[date, Node | None] = {}
            for part in window.slices(DAYS_A_REQUEST):
                found |= dict(self._site.by_day("Goals.get", part, showAllGoalSpecificMetrics="1"))
            self._read = window, found
        yield from self._read[1].items()

    def _not_made(self, days: list[date]) -> dict[date, int]:
        """Visits of the days whose report is empty: where there were some, it was not made."""
        if not days:
            return {}
        visits: dict[date, int] = {}
        for part in Window(min(days), max(days)).slices(DAYS_A_REQUEST):
            for day, report in self._site.by_day("VisitsSummary.get", part):
                if day in days and report is not None and report.value != []:
                    visits[day] = report.whole("nb_visits", 0)
        return {day: count for day, count in visits.items() if count}

    def _reports(self, window: Window) -> tuple[Window, dict[date, Node], tuple[Doubt, ...]]:
        """Days with a report; those that were not made, as doubts; an empty report is of a day without visits."""
        days = self._site.known(window)
        read = dict(self._days(days))
        unmade = self._not_made([day for day, one in read.items() if one is not None and one.value == []])
        doubts = tuple(
            not_made(Window(day, day), seen=unmade.get(day), what=f"the goals of {day}")
            for day, one in read.items()
            if one is None or day in unmade
        )
        return days, {day: one for day, one in read.items() if one is not None and one.value != []}, doubts

    def daily(self, window: Window) -> Answer:
        """Conversions of each goal and day, and orders."""
        days, reports, doubts = self._reports(window)
        rows: list[Row] = []
        for day, report in reports.items():
            for name, conversions, revenue in self._of_day(report):
                if conversions and self._counts(name):
                    rows.append(
                        {
                            "day": day,
                            "event": name,
                            "conversions": conversions,
                            "event_count": None,
                            "revenue": revenue,
                            "is_final": self._site.is_final(day, EVENTS),
                        }
                    )
        return Answer(rows=rows, covers=days, doubts=doubts)

    def _of_day(self, report: Node) -> Iterator[tuple[str, float, float | None]]:
        named = 0.0
        for number, name in self._names().items():
            conversions = report.number(f"goal_{number}_nb_conversions", 0.0)
            named += conversions
            yield name, conversions, report.number(f"goal_{number}_revenue", None)
        orders = report.number(f"goal_{ORDERS}_nb_conversions", None)
        rest = report.number("nb_conversions", named) - named
        if orders is not None:
            yield ORDERS, orders, report.number(f"goal_{ORDERS}_revenue", None)
            rest -= orders
        if rest > 0:
            yield REST if orders is not None or not self._sells() else ORDERS, rest, None

    def _sells(self) -> bool:
        """Whether the site has ecommerce, so that what no goal converted is an order."""
        if self._is_shop is None:
            reply = self._site.ask("SitesManager.getSiteFromId", attempted="reading the site's settings")
            site = next(iter(reply), reply) if isinstance(reply.value, list) else reply
            self._is_shop = bool(site.whole("ecommerce", 1))
        return self._is_shop

    def rates(self, window: Window) -> Answer:
        """Visits, and those that converted."""
        days, reports, doubts = self._reports(window)
        goal = None
        if len(self._events) == 1:
            goal = next((number for number, name in self._names().items() if name == self._events[0]), None)
        column = "nb_visits_converted" if goal is None else f"goal_{goal}_nb_visits_converted"
        rows: list[Row] = []
        lacking = [day for day, report in reports.items() if "nb_visits" not in report]
        visits = self._not_made(lacking)
        for day, report in reports.items():
            rows.append(
                {
                    "day": day,
                    "visits": report.whole("nb_visits", visits.get(day, 0)),
                    "converted_visits": report.whole(column, 0),
                    "is_final": self._site.is_final(day, RATES),
                }
            )
        if self._events and goal is None:
            doubts = (*doubts, Doubt(code="rate_of_all_events"))
        return Answer(rows=rows, covers=days, doubts=doubts)

    def channels(self, window: Window) -> Answer:
        """Visits and conversions of each referrer type and day."""
        days, doubts, odd = self._site.known(window), list[Doubt](), Odd()
        listed: list[tuple[date, Node]] = []
        empty: list[date] = []
        for part in days.slices(DAYS_A_REQUEST):
            for day, report in self._site.by_day("Referrers.getReferrerType", part):
                if report is None:
                    doubts.append(not_made(Window(day, day), seen=None, what=f"the referrers of {day}"))
                elif report.value == []:
                    empty.append(day)
                else:
                    listed += [(day, row) for row in report]
        for day, seen in self._not_made(empty).items():
            doubts.append(not_made(Window(day, day), seen=seen, what=f"the referrers of {day}"))
        visits: dict[tuple[date, int], int] = defaultdict(int)
        conversions: dict[tuple[date, int], float | None] = defaultdict(float)
        for day, kind, count, converted in odd.readable(listed, self._referrer):
            visits[day, kind] += count
            before = conversions[day, kind]
            conversions[day, kind] = None if before is None or converted is None else before + converted
        rows: list[Row] = [
            {
                "day": day,
                "label": str(kind),
                "channel": REFERRERS.get(kind, "other"),
                "sessions": count,
                "conversions": conversions[day, kind],
                "is_final": self._site.is_final(day, CHANNELS),
            }
            for (day, kind), count in visits.items()
        ]
        if unknown := {str(kind) for _, kind in visits if kind not in REFERRERS}:
            doubts.append(Doubt(code="channel_unknown", what=", ".join(sorted(unknown))))
        return Answer(rows=rows, covers=days, doubts=(*doubts, *odd.doubts()))

    def _referrer(self, row: tuple[date, Node]) -> tuple[date, int, int, float | None]:
        """A row's day, type, visits and conversions."""
        day, given = row
        return day, given.whole("referrer_type"), given.whole("nb_visits", 0), self._by_goals(given)

    def _by_goals(self, row: Node) -> float | None:
        """Conversions of the goals that count, and of orders; a row without goals had none.

        None where its visits converted all the same: then this Matomo does not say in what.
        """
        if "goals" not in row or not isinstance(row["goals"].value, dict):
            return None if row.whole("nb_visits_converted", 0) else 0.0
        total = 0.0
        for key, goal in row["goals"].items():
            number = key.removeprefix("idgoal=")
            if number == "ecommerceAbandonedCart":
                continue
            if self._counts(self._names().get(number, ORDERS if number == ORDERS else REST)):
                total += goal.number("nb_conversions", 0.0)
        return total


def _goal(goal: Node) -> tuple[str, str]:
    """A listed goal's id and name."""
    return str(goal.whole("idgoal")), goal.text("name", "").strip()
