"""GA4's dimensions and metrics that the sandbox knows: names, types, and how each is computed from the event log.

What belongs here: one entry a name. What does not: parsing requests (``request.py``), grouping
(``report.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.conversions import CONVERSIONS
from connectors.sandbox.world.days import Ints, from_epoch_day
from connectors.sandbox.world.distinct import distinct, distinct_by_group, renumbered
from connectors.sandbox.world.pages import Address
from connectors.sandbox.world.visits import CHANNELS, COUNTRIES, DEVICES, WebLog

Labels = list[str]
Coded = tuple[npt.NDArray[Any], Labels]
"""An integer code for each event, and the text of each code."""

SOURCES = ("google", "(direct)", "linkedin.com", "dn.se", "newsletter", "chatgpt.com")
MEDIUMS = ("organic", "(none)", "social", "referral", "email", "ai-assistant")
EVENT_NAMES = ("page_view", *(each.event for each in CONVERSIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension; ``code`` is given the log and the rows asked for."""

    name: str
    title: str
    category: str
    code: Callable[[WebLog, Ints], Coded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Selected events with the number of the group each is in."""

    log: WebLog
    rows: Ints
    group: Ints
    count: int
    by_event: bool = False
    """Grouped or filtered by event, so that a view is its one event."""

    def total(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Sum of a value a row, by group."""
        return np.rint(np.bincount(self.group, weights=values, minlength=self.count)).astype(np.int64)

    def distinct(self, values: npt.NDArray[Any], where: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[Any]:
        """How many different values each group holds, among the rows ``where`` is true."""
        group, values = (self.group, values) if where is None else (self.group[where], values[where])
        return distinct_by_group(group, values, groups=self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric; ``compute`` gives one value a group."""

    name: str
    title: str
    category: str
    type: str
    compute: Callable[[Groups], npt.NDArray[Any]]


METRIC_TYPES = {"TYPE_INTEGER": 1, "TYPE_FLOAT": 2, "TYPE_SECONDS": 4, "TYPE_STANDARD": 8, "TYPE_CURRENCY": 9}
"""Numbers of ``MetricType`` in the API's protocol buffer, for ``enum-encoding=int``."""


def _by_day(text: Callable[[date], str]) -> Callable[[WebLog, Ints], Coded]:
    def code(log: WebLog, rows: Ints) -> Coded:
        days, inverse = renumbered(log.day[rows])
        return _merged(inverse, [text(from_epoch_day(int(day))) for day in days])

    return code


def _merged(codes: npt.NDArray[Any], labels: Labels) -> Coded:
    """One code a text, where several codes have the same text."""
    number = {label: n for n, label in enumerate(dict.fromkeys(labels))}
    return np.array([number[label] for label in labels], dtype=np.int64)[codes] if labels else codes, list(number)


def _by_address(text: Callable[[Address], str]) -> Callable[[WebLog, Ints], Coded]:
    return lambda log, rows: _merged(log.address[rows], [text(address) for address in log.addresses])


def _listed(column: str, labels: tuple[str, ...]) -> Callable[[WebLog, Ints], Coded]:
    return lambda log, rows: (getattr(log, column)[rows].astype(np.int64), list(labels))


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}{week:02d}"


def _landing(log: WebLog, rows: Ints) -> Coded:
    """The first page of the session, which may lie outside the rows asked for."""
    starts = np.flatnonzero(log.starts_session)
    first = np.zeros(int(log.session.max()) + 1, dtype=np.int64)
    first[log.session[starts]] = log.address[starts]
    return _merged(first[log.session[rows]], [address.path for address in log.addresses])


def _engaged_sessions(groups: Groups) -> npt.NDArray[Any]:
    """Sessions with at least two views, or ten seconds of engagement; judged over the whole session."""
    log = groups.log
    sessions = log.session[groups.rows]
    wanted = distinct(sessions)
    near = (
        slice(max(int(groups.rows[0]) - 20_000, 0), int(groups.rows[-1]) + 20_000) if groups.rows.size else slice(0, 0)
    )
    around = log.session[near]
    inside = np.isin(around, wanted)
    size = int(wanted.max()) + 1 if wanted.size else 0
    views = np.bincount(around[inside], minlength=size)
    seconds = np.bincount(around[inside], weights=log.engaged[near][inside], minlength=size)
    engaged = (views >= 2) | (seconds >= 10)
    return groups.distinct(sessions.astype(np.int64), engaged[sessions]) if size else groups.distinct(sessions)


def _sessions(groups: Groups) -> npt.NDArray[Any]:
    return groups.distinct(groups.log.session[groups.rows].astype(np.int64))


def _active(groups: Groups) -> npt.NDArray[Any]:
    log, rows = groups.log, groups.rows
    return groups.distinct(log.visitor[rows].astype(np.int64), (log.engaged[rows] > 0) | log.first_visit[rows])


def _events(groups: Groups) -> npt.NDArray[Any]:
    """page_view, and session_start, first_visit and user_engagement where they come with it."""
    log, rows = groups.log, groups.rows
    if groups.by_event:
        return groups.total(np.maximum(log.firings[rows], 1))
    more = log.starts_session[rows].astype(np.int64) + log.first_visit[rows] + (log.engaged[rows] > 0)
    return groups.total(1 + more)


def _is_key(log: WebLog, rows: Ints) -> npt.NDArray[np.bool_]:
    """Views with a conversion that was a key event by then: marking one is not retroactive."""
    marked = np.array([np.iinfo(np.int64).max, *(int(each.marked_at.timestamp()) for each in CONVERSIONS)])
    is_key: npt.NDArray[np.bool_] = log.at[rows] >= marked[log.conversion[rows]]
    return is_key


def _key_events(groups: Groups) -> npt.NDArray[Any]:
    """Once a visit where it is counted so, else as often as it was sent."""
    log, rows = groups.log, groups.rows
    once = np.array([True, *(each.counting == "ONCE_PER_SESSION" for each in CONVERSIONS)])[log.conversion[rows]]
    return groups.total(np.where(_is_key(log, rows), np.where(once, 1, log.firings[rows]), 0))


def _key_event_rate(groups: Groups) -> npt.NDArray[Any]:
    sessions = groups.log.session[groups.rows].astype(np.int64)
    return _over(groups.distinct(sessions, _is_key(groups.log, groups.rows)), groups.distinct(sessions))


def _over(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[Any]:
    rate: npt.NDArray[np.float64] = np.divide(part, whole, out=np.zeros(whole.size), where=whole > 0)
    return rate


def _visitors(groups: Groups) -> npt.NDArray[Any]:
    return groups.distinct(groups.log.visitor[groups.rows].astype(np.int64))


def _engagement_rate(groups: Groups) -> npt.NDArray[Any]:
    return _over(_engaged_sessions(groups), _sessions(groups))


def _bounce_rate(groups: Groups) -> npt.NDArray[Any]:
    return _over(_sessions(groups) - _engaged_sessions(groups), _sessions(groups))


def _with_query(address: Address) -> str:
    return f"{address.path}?{address.query}" if address.query else address.path


_PAGE, _TRAFFIC = "Page / screen", "Traffic source"

DIMENSIONS: dict[str, Dimension] = {
    name: Dimension(name=name, title=title, category=category, code=code)
    for name, title, category, code in (
        ("date", "Date", "Time", _by_day(lambda day: f"{day:%Y%m%d}")),
        ("year", "Year", "Time", _by_day(lambda day: f"{day:%Y}")),
        ("month", "Month", "Time", _by_day(lambda day: f"{day:%m}")),
        ("yearMonth", "Year month", "Time", _by_day(lambda day: f"{day:%Y%m}")),
        ("isoYearIsoWeek", "ISO year ISO week", "Time", _by_day(_iso_week)),
        ("dayOfWeek", "Day of week", "Time", _by_day(lambda day: str(day.isoweekday() % 7))),
        ("hostName", "Hostname", "General", _by_address(lambda address: address.host)),
        ("pagePath", "Page path", _PAGE, _by_address(lambda address: address.path)),
        ("pagePathPlusQueryString", "Page path + query string", _PAGE, _by_address(_with_query)),
        ("landingPage", "Landing page", _PAGE, _landing),
        ("sessionDefaultChannelGroup", "Session default channel group", _TRAFFIC, _listed("channel", CHANNELS)),
        ("sessionSource", "Session source", _TRAFFIC, _listed("channel", SOURCES)),
        ("sessionMedium", "Session medium", _TRAFFIC, _listed("channel", MEDIUMS)),
        ("eventName", "Event name", "Event", _listed("conversion", EVENT_NAMES)),
        ("country", "Country", "Geography", _listed("country", COUNTRIES)),
        ("deviceCategory", "Device category", "Platform / device", _listed("device", DEVICES)),
    )
}

METRICS: dict[str, Metric] = {
    name: Metric(name=name, title=title, category=category, type=type_, compute=compute)
    for name, title, category, type_, compute in (
        ("activeUsers", "Active users", "User", "TYPE_INTEGER", _active),
        ("totalUsers", "Total users", "User", "TYPE_INTEGER", _visitors),
        ("newUsers", "New users", "User", "TYPE_INTEGER", lambda g: g.total(g.log.first_visit[g.rows])),
        ("sessions", "Sessions", "Session", "TYPE_INTEGER", _sessions),
        ("engagedSessions", "Engaged sessions", "Session", "TYPE_INTEGER", _engaged_sessions),
        ("screenPageViews", "Views", _PAGE, "TYPE_INTEGER", lambda g: g.total(np.ones(g.rows.size))),
        ("userEngagementDuration", "User engagement", "User", "TYPE_SECONDS", lambda g: g.total(g.log.engaged[g.rows])),
        ("eventCount", "Event count", "Event", "TYPE_INTEGER", _events),
        ("keyEvents", "Key events", "Event", "TYPE_FLOAT", _key_events),
        ("sessionKeyEventRate", "Session key event rate", "Session", "TYPE_FLOAT", _key_event_rate),
        ("engagementRate", "Engagement rate", "Session", "TYPE_FLOAT", _engagement_rate),
        ("bounceRate", "Bounce rate", "Session", "TYPE_FLOAT", _bounce_rate),
    )
}
