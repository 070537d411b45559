"""Plausible's Stats API v2: ``POST /api/v2/query`` over the event log, without cookies and without delay.

What belongs here: checking a query, answering it, Plausible's errors. What does not: selecting and grouping views
(``web_views.py``). A visitor is a hash with a salt that changes at midnight UTC; a visit that goes on past it keeps its
hash. So a person who comes on three days is three visitors of the month: true to Plausible, and no bug of the sandbox.
Hosts lose their ``www.`` as they do there. Known as it happens: Plausible restates nothing.

Words of errors and the reply's shape are those of Plausible's published source; nobody has compared them with a live
reply. Not spoken: filters but one on goals, imported statistics (a site has none here).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.vendors.web_views import Coded, Grouped, coded_addresses, coded_days, grouped, views_of
from connectors.sandbox.world import Brand
from connectors.sandbox.world.conversions import CONVERSIONS
from connectors.sandbox.world.days import HORIZON_START, Ints
from connectors.sandbox.world.visits import CHANNELS, WebLog

MOST_ROWS = 10_000
MISSING_KEY = "Missing API key. Please use a valid Plausible API key as a Bearer Token."
INVALID_KEY = (
    "Invalid API key or site ID."
    " Please make sure you're using a valid API key with access to the site you've requested."
)
THROTTLED = (
    "Too many API requests. Your API key is limited to 600 requests per hour."
    " Please contact us to request more capacity."
)
SESSION_METRICS = frozenset({"bounce_rate", "views_per_visit", "visit_duration"})
TIMES = ("time", "time:day", "time:month")


class PlausibleError(Exception):
    """An answer other than success: ``{"error": ...}``."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        return json_reply({"error": self.message}, status=self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A checked query. ``first`` and ``last`` are days in the site's zone."""

    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    first: date
    last: date
    order_by: tuple[tuple[str, bool], ...]
    """Name and whether it descends."""
    limit: int
    offset: int
    include: Json
    goals: tuple[str, ...] | None = None
    """Only views in which one of these was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """What a metric is computed from: views in groups."""

    log: WebLog
    rows: Ints
    groups: Grouped
    of_goals: bool = False
    """Of goals, and not of all views."""

    def visitors(self) -> list[int]:
        """Distinct hashes: a person on the UTC day on which the visit began."""
        starts = np.zeros(int(self.log.session.max()) + 1, dtype=np.int64)
        heads = np.flatnonzero(self.log.starts_session)
        starts[self.log.session[heads]] = self.log.at[heads] // 86_400
        hashes = self.log.visitor[self.rows].astype(np.int64) * 100_000 + starts[self.log.session[self.rows]]
        return self.groups.distinct(hashes)

    def visits(self) -> list[int]:
        """Distinct visits."""
        return self.groups.distinct(self.log.session[self.rows])

    def pageviews(self) -> list[int]:
        """Views."""
        return self.groups.count()

    def per_visit(self) -> list[float]:
        """Views per visit."""
        return [round(views / visits, 2) for views, visits in zip(self.pageviews(), self.visits(), strict=True)]

    def bounce_rate(self) -> list[int]:
        """Visits of one view, in per cent of all."""
        sessions, views = np.unique(self.log.session[self.rows], return_counts=True)
        single = self.groups.count(np.isin(self.log.session[self.rows], sessions[views == 1]))
        return [round(100 * bounced / visits) for bounced, visits in zip(single, self.visits(), strict=True)]

    def duration(self) -> list[int]:
        """Mean seconds from a visit's first view to its last."""
        _, heads = np.unique(self.log.session[self.rows], return_index=True)
        _, tails = np.unique(self.log.session[self.rows][::-1], return_index=True)
        lengths = np.zeros(self.rows.size)
        lengths[heads] = self.log.at[self.rows[self.rows.size - 1 - tails]] - self.log.at[self.rows[heads]]
        return [round(sum_ / visits) for sum_, visits in zip(self.groups.total(lengths), self.visits(), strict=True)]

    def events(self) -> list[int]:
        """Views, and of goals each time that one was reached."""
        return self.groups.total(np.maximum(self.log.firings[self.rows], 1)) if self.of_goals else self.pageviews()


METRICS: dict[str, Callable[[Visits], list[int] | list[float]]] = {
    "visitors": Visits.visitors,
    "visits": Visits.visits,
    "pageviews": Visits.pageviews,
    "events": Visits.events,
    "views_per_visit": Visits.per_visit,
    "bounce_rate": Visits.bounce_rate,
    "visit_duration": Visits.duration,
}


def _host(host: str) -> str:
    return host.removeprefix("www.")


DIMENSIONS: dict[str, Callable[[WebLog, Ints], Coded]] = {
    "time": coded_days,
    "time:day": coded_days,
    "time:month": lambda log, rows: coded_days(log, rows, by_month=True),
    "event:page": lambda log, rows: coded_addresses(log, rows, [address.path for address in log.addresses]),
    "event:hostname": lambda log, rows: coded_addresses(log, rows, [_host(address.host) for address in log.addresses]),
}


GOAL = "event:goal"
GOALS = ("", *(each.goal for each in CONVERSIONS))
CHANNEL_LABELS = [*(name if name != "AI Assistant" else "AI Assistants" for name in CHANNELS)]
DIMENSIONS |= {
    GOAL: lambda log, rows: (log.conversion[rows].astype(np.int64), list(GOALS)),
    "visit:channel": lambda log, rows: (log.channel[rows].astype(np.int64), CHANNEL_LABELS),
}


def _goals(body: Json) -> tuple[str, ...] | None:
    """The goals that a filter lets through; None: without one. Raises ``PlausibleError`` for another filter."""
    match body.get("filters"):
        case None | []:
            return None
        case [["is", "event:goal", [*names]]]:
            if unknown := [name for name in names if name not in GOALS[1:]]:
                message = f"The goal `{unknown[0]}` is not configured for this site. Find out how to configure goals"
                raise PlausibleError(400, f"Invalid filters. {message} here: https://plausible.io/docs/stats-api-v2")
            return tuple(map(str, names))
    raise PlausibleError(400, "#/filters: the sandbox knows one on event:goal only")


def _body(call: Call) -> Json:
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        raise PlausibleError(400, "#: Type mismatch. Expected Object but got String.") from None
    return body if isinstance(body, dict) else {}


def _range(given: Any, *, today: date) -> tuple[date, date]:
    match given:
        case "all":
            return HORIZON_START, today
        case "day":
            return today, today
        case "month":
            return today.replace(day=1), today
        case [str(first), str(last)]:
            try:
                return date.fromisoformat(first), date.fromisoformat(last)
            except ValueError:
                pass
    raise PlausibleError(400, f"#/date_range: Invalid date range {json.dumps(given)}")


def _names(body: Json, field: str, known: frozenset[str]) -> tuple[str, ...]:
    given = body.get(field, [])
    if not isinstance(given, list):
        raise PlausibleError(400, f"#/{field}: Type mismatch. Expected Array.")
    for number, name in enumerate(given):
        if name not in known:
            raise PlausibleError(400, f"#/{field}/{number}: Invalid {field.rstrip('s')} {json.dumps(name)}")
    return tuple(given)


def parse(call: Call, zone: str) -> Query:
    """The query in the body. Raises ``PlausibleError``."""
    body = _body(call)
    metrics = _names(body, "metrics", frozenset(METRICS) - call.faults.removed())
    dimensions = _names(body, "dimensions", frozenset(DIMENSIONS))
    if not metrics:
        raise PlausibleError(400, "#/metrics: Expected a minimum of 1 items but got 0.")
    goals = _goals(body)
    mixed = [name for name in metrics if name in SESSION_METRICS]
    if mixed and any(name.startswith("event:") for name in dimensions):
        raise PlausibleError(
            400, f"Session metric(s) `{', '.join(mixed)}` cannot be queried along with event dimensions."
        )
    first, last = _range(body.get("date_range"), today=call.world.now.astimezone(ZoneInfo(zone)).date())
    order_by = [(str(name), way == "desc") for name, way in body.get("order_by", [])]
    if unknown := [name for name, _ in order_by if name not in metrics + dimensions]:
        entry = f"Invalid order_by entry '{unknown[0]}'. Entry is not a queried metric or dimension."
        raise PlausibleError(400, entry)
    pagination, include = body.get("pagination", {}), body.get("include", {})
    limit, offset = int(pagination.get("limit", MOST_ROWS)), int(pagination.get("offset", 0))
    if not 1 <= limit <= MOST_ROWS:
        raise PlausibleError(400, f"#/pagination/limit: Expected the value to be <= {MOST_ROWS}")
    if include.get("time_labels") and not any(name in TIMES for name in dimensions):
        raise PlausibleError(400, "Invalid include.time_labels: requires a time dimension.")
    return Query(
        metrics=metrics,
        dimensions=dimensions,
        first=first,
        last=last,
        order_by=tuple(order_by),
        limit=limit,
        offset=offset,
        include=include,
        goals=goals,
    )


def _rows(call: Call, brand: Brand, query: Query) -> list[Json]:
    """Every row, in order; a query without dimensions always has one."""
    log = call.world.web(brand.slug)
    empty = call.faults.empty_days()
    rows = views_of(log, first=query.first, last=query.last, now=call.world.now, empty=empty, live=True)
    of_goals = query.goals is not None or GOAL in query.dimensions
    if of_goals:
        wanted = [number for number, name in enumerate(GOALS) if number and name in (query.goals or GOALS)]
        rows = rows[np.isin(log.conversion[rows], wanted)]
    if not rows.size:
        return [] if query.dimensions else [{"dimensions": [], "metrics": [0] * len(query.metrics)}]
    groups = grouped(rows.size, [DIMENSIONS[name](log, rows) for name in query.dimensions])
    visits = Visits(log=log, rows=rows, groups=groups, of_goals=of_goals)
    columns = [METRICS[name](visits) for name in query.metrics]
    found: list[Json] = [
        {"dimensions": list(labels), "metrics": list(values)}
        for labels, *values in zip(groups.labels, *columns, strict=True)
    ]
    by_time = [(name, False) for name in query.dimensions if name in TIMES]
    for name, descending in reversed(query.order_by or [*by_time[:1], (query.metrics[0], True)]):
        kind, at = (
            ("metrics", query.metrics.index(name))
            if name in query.metrics
            else ("dimensions", query.dimensions.index(name))
        )
        found.sort(key=lambda row, kind=kind, at=at: row[kind][at], reverse=descending)  # type: ignore[misc]
    return found


def _labels(query: Query) -> list[str]:
    days = [query.first + timedelta(days=number) for number in range((query.last - query.first).days + 1)]
    if "time:month" in query.dimensions:
        return sorted({str(day.replace(day=1)) for day in days})
    return [str(day) for day in days]


def answer(call: Call) -> Response:
    """``POST /api/v2/query``."""
    if call.bearer is None:
        raise PlausibleError(401, MISSING_KEY)
    if call.bearer != call.sandbox.token("plausible"):
        raise PlausibleError(401, INVALID_KEY)
    if not _body(call).get("site_id"):
        raise PlausibleError(400, "Missing site ID. Please provide the required site_id parameter with your request.")
    if call.brand is None:
        raise PlausibleError(401, INVALID_KEY)
    zone = call.brand.site.zone
    query = parse(call, zone)
    found, offset = _rows(call, call.brand, query), query.offset
    meta: Json = {}
    if query.include.get("imports"):
        meta = {"imports_included": False, "imports_skip_reason": "no_imported_data"}
    if query.include.get("time_labels"):
        meta["time_labels"] = _labels(query)
    if query.include.get("total_rows"):
        meta["total_rows"] = len(found)
    if offset and call.faults.has(PageDrift):
        found = [found[-1], *found[:-1]]
    if offset and call.faults.has(DuplicateRow):
        offset -= 1
    info = ZoneInfo(zone)
    edges = [
        datetime.combine(query.first, time(0), info).isoformat(),
        datetime.combine(query.last, time(23, 59, 59), info).isoformat(),
    ]
    resolved: Json = {
        "site_id": _body(call)["site_id"],
        "metrics": list(query.metrics),
        "date_range": edges,
        "filters": [],
        "dimensions": list(query.dimensions),
        "order_by": [[name, "desc" if descending else "asc"] for name, descending in query.order_by],
        "include": {name: value for name, value in query.include.items() if value},
        "pagination": {"offset": query.offset, "limit": query.limit},
    }
    return json_reply({"results": found[offset : offset + query.limit], "meta": meta, "query": resolved})


def handle(call: Call) -> Response:
    """The answer, or Plausible's words for what is wrong."""
    try:
        return answer(call)
    except PlausibleError as error:
        return error.response()


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Plausible's shape."""
    match fault:
        case AuthReject(reason="empty"):
            return PlausibleError(401, MISSING_KEY).response()
        case AuthReject():
            return PlausibleError(401, INVALID_KEY).response()
        case RateLimit():
            return PlausibleError(429, THROTTLED).response()
        case Status(code=402):
            message = "This Plausible site is locked due to missing active subscription."
            return PlausibleError(402, message).response()
        case Status():
            return PlausibleError(fault.code, "Server error").response()
    return Response(f"Nothing here: {call.request.url.path}", status_code=404, media_type="text/html")


def brand_of(call: Call) -> Brand | None:
    """The brand whose site the query names."""
    try:
        return call.world.brand_of("plausible", str(_body(call).get("site_id")))
    except PlausibleError:
        return None


VENDOR = Vendor(
    name="plausible",
    endpoints=(Endpoint(methods=("POST",), path="/api/v2/query", handler=handle),),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
