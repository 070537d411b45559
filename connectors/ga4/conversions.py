"""GA4's key events and channels: which reports are asked for, and what their rows mean (API2.md, sections A1 and B).

Requests for events carry no user or session metric, which would change their counts. Key events are decimals. Marking
an event as key is not retroactive, so each is kept with the day from which it counts; the count of a named event
(``leads: event_count``) has its whole past. Channels are those of the session, by paid and organic last click: the
property's attribution model gives other figures, and both are right. Assumed: that AI Assistant is not back-filled.
What does not belong here: Google's client and the list of key events (``client.py``, ``key_events.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.channels import channel_of, is_known
from connectors.core.doubt import Doubt
from connectors.core.odd import Odd
from connectors.core.protocol import Stream
from connectors.core.raw_tables import WEB_CHANNELS_DAILY, WEB_CONVERSIONS_DAILY, WEB_EVENTS_DAILY, WEB_KEY_EVENTS
from connectors.core.shape import Node, as_number, as_whole
from connectors.ga4.key_events import KeyEvent, KeyEvents
from connectors.ga4.report import Report, Result, report_day, without_a_day
from okr_models.periods import ONE_DAY, Window, local_date

Leads = Literal["key_event", "event_count"]

EVENTS = Stream(
    table=WEB_EVENTS_DAILY,
    is_optional=True,
    counts_by=("events", "leads"),
    delivery="window",
    settle_days=12,
    weekly_reread_days=30,
    slice_days=366,
    api="POST /v1beta/properties/{id}:runReport, by date and eventName",
    note="key events from before each was marked as one; `leads: event_count` with `events` has the whole past",
)
KEY_EVENTS = Stream(
    table=WEB_KEY_EVENTS,
    is_optional=True,
    delivery="listing",
    grain=None,
    zero_by_absence=False,
    api="GET /v1beta/properties/{id}/keyEvents (Analytics Admin API)",
    note="when a counting method was changed: Google keeps no trace of it",
)
RATES = Stream(
    table=WEB_CONVERSIONS_DAILY,
    is_optional=True,
    counts_by=("events", "leads"),
    delivery="window",
    settle_days=12,
    weekly_reread_days=30,
    slice_days=366,
    api="POST /v1beta/properties/{id}:runReport, by date: sessionKeyEventRate",
    note="the rate of some key events only: it is that of all",
)
CHANNELS = Stream(
    table=WEB_CHANNELS_DAILY,
    is_optional=True,
    counts_by=("events", "leads"),
    delivery="window",
    settle_days=12,
    weekly_reread_days=30,
    slice_days=366,
    api="POST /v1beta/properties/{id}:runReport, by date and sessionDefaultChannelGroup",
    note="days before the property was created",
    annotations=("from 2026-05-13 AI Assistant is a channel of its own, which was Referral before",),
)


class Conversions:
    """The four streams, for one property's source."""

    def __init__(
        self,
        source: BaseSource[Any],
        reports: KeyEvents,
        run: Callable[[Report], Result],
        *,
        events: tuple[str, ...] = (),
        leads: Leads = "key_event",
    ) -> None:
        self._source, self._reports, self._run = source, reports, run
        self._events, self._leads = events, leads
        self._listed: tuple[KeyEvent, ...] | None = None
        self._unlisted: str | None = None
        self._odd = Odd()

    def _list(self) -> tuple[KeyEvent, ...]:
        """Key events as listed; none where the list can't be read, of which ``_unlisted`` says why."""
        if self._listed is None:
            self._listed, self._unlisted = self._reports.key_events(self._odd)
        return self._listed

    def listing(self) -> Answer:
        """Every event that counts as a conversion, with the day from which it does.

        A list that can't be read takes back nothing: since when an event is one, nothing else tells.
        """
        listed, zone = {event.name: event for event in self._list()}, self._source.zone()
        doubts = [Doubt(code="key_events_unlisted", what=self._unlisted)] if self._unlisted else []
        has_past = self._leads == "event_count"
        if (
            self._unlisted is None
            and not has_past
            and (missing := [name for name in self._events if name not in listed and name not in self._odd.present])
        ):
            doubts.append(Doubt(code="not_key_events", what=", ".join(missing)))
        rows: list[Row] = []
        for name in self._events or listed:
            event = listed.get(name)
            if event is None and not has_past:
                continue
            created = event.created_at if event else None
            rows.append(
                {
                    "event": name,
                    "event_id": event.event_id if event else None,
                    "counting": "eventCount" if has_past else event.counting if event else None,
                    "created_at": created,
                    "has_past": has_past,
                    "counted_from": None if has_past or created is None else local_date(created, zone) + ONE_DAY,
                }
            )
        now = self._source.context.now
        since = self._odd.since(None if self._unlisted is None else now, now=now)
        told = (*doubts, *self._odd.doubts())
        return Answer(rows=rows, listed_since=since, present=self._odd.present, doubts=told)

    def daily(self, window: Window) -> Answer:
        """Conversions of each event and day.

        Where the file names no events all are asked for: one that is no key event any more was one on days before, and
        Google goes on counting those.
        """
        names = self._events or tuple(event.name for event in self._list())
        report = Report(
            dimensions=("date", "eventName"), metrics=("keyEvents", "eventCount"), window=window, events=self._events
        )
        result = self._run(report)
        rows: list[Row] = []
        undated = 0
        for (text, event), values in result.rows:
            day = report_day(text)
            if day is None:
                undated += 1
                continue
            key, counted = number("keyEvents", values[0]), number("eventCount", values[1])
            conversions = counted if self._leads == "event_count" else key
            if conversions or (event in names and counted):
                rows.append(
                    {
                        "day": day,
                        "event": event,
                        "conversions": conversions,
                        "event_count": counted,
                        "revenue": None,
                        "is_final": self._source.is_final(day, EVENTS),
                    }
                )
        return Answer(rows=rows, quality=result.quality, doubts=(*result.doubts, *without_a_day(undated)))

    def rates(self, window: Window) -> Answer:
        """Sessions, and those with a key event: rate times sessions, as whole sessions."""
        result = self._run(Report(dimensions=("date",), metrics=("sessions", "sessionKeyEventRate"), window=window))
        rows: list[Row] = []
        undated = 0
        for (text,), values in result.rows:
            day = report_day(text)
            if day is None:
                undated += 1
                continue
            sessions, rate = as_whole(Node(values[0], "sessions")), number("sessionKeyEventRate", values[1])
            rows.append(
                {
                    "day": day,
                    "visits": sessions,
                    "converted_visits": round(rate * sessions),
                    "is_final": self._source.is_final(day, RATES),
                }
            )
        doubts = [*result.doubts, *without_a_day(undated)]
        if self._events:
            doubts.append(Doubt(code="rate_of_all_events"))
        return Answer(rows=rows, quality=result.quality, doubts=tuple(doubts))

    def channels(self, window: Window) -> Answer:
        """Sessions and conversions of each channel and day."""
        by_channel = ("date", "sessionDefaultChannelGroup")
        result = self._run(
            Report(dimensions=by_channel, metrics=("sessions", "engagedSessions", "keyEvents"), window=window)
        )
        told = list(result.doubts)
        named: dict[tuple[date, str], float] | None = None
        if self._events:
            named, of_named = self._named_by_channel(by_channel, window)
            told += [doubt for doubt in of_named if doubt not in told]
        found: dict[tuple[date, str], Row] = {}
        undated = 0
        unknown: set[str] = set()
        for (text, label), values in result.rows:
            day = report_day(text)
            if day is None:
                undated += 1
                continue
            if not is_known(label):
                unknown.add(label)
            found[day, label] = {
                "day": day,
                "label": label,
                "channel": channel_of(label),
                "sessions": as_whole(Node(values[0], "sessions")),
                "conversions": number("keyEvents", values[2]) if named is None else named.pop((day, label), 0.0),
                "is_final": self._source.is_final(day, CHANNELS),
            }
        for (day, label), conversions in (named or {}).items():  # of a session that began the day before
            found[day, label] = {
                "day": day,
                "label": label,
                "channel": channel_of(label),
                "sessions": 0,
                "conversions": conversions,
                "is_final": self._source.is_final(day, CHANNELS),
            }
        doubts = [*told, *without_a_day(undated)]
        if unknown:
            doubts.append(Doubt(code="channel_unknown", what=", ".join(sorted(unknown))))
        return Answer(rows=list(found.values()), quality=result.quality, doubts=tuple(doubts))

    def _named_by_channel(
        self, by_channel: tuple[str, ...], window: Window
    ) -> tuple[dict[tuple[date, str], float], tuple[Doubt, ...]]:
        """Conversions of the named events only, and what Google says against them."""
        metric = "eventCount" if self._leads == "event_count" else "keyEvents"
        result = self._run(Report(dimensions=by_channel, metrics=(metric,), window=window, events=self._events))
        counted = {
            (day, label): number(metric, values[0])
            for (text, label), values in result.rows
            if (day := report_day(text)) is not None
        }
        return counted, result.doubts


def number(metric: str, text: str) -> float:
    """A figure with decimals."""
    return as_number(Node(text, metric))
