"""Matomo's Reporting API: ``/index.php?module=API`` over the event log, with a cookie's visitor id.

What belongs here: parameters, the four methods that a connector needs, Matomo's errors. What does not: selecting and
grouping views (``web_views.py``). As in Matomo: errors come with HTTP 200; an empty report is ``[]``; a report of
several periods is keyed by them; distinct visitors are counted for days, weeks and months but not for years and ranges;
a list has 100 rows unless ``filter_limit`` says otherwise, and a day at most 500 pages, the rest being one row without
address; ``nb_actions`` holds outlinks too; campaign and click parameters and the host are no part of a page's name.

The site was set up on ``SET_UP``, and reports know nothing from before. Its tracker uses the heart beat timer, so that
``sum_time_spent`` is time in the foreground. The token may only be used in a POST. Assumed, not compared with a live
server: the order of columns, and ``[]`` for a single empty day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from starlette.responses import HTMLResponse, Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, VersionReject
from connectors.sandbox.vendors.web_views import coded_addresses, grouped, views_of
from connectors.sandbox.world import Brand
from connectors.sandbox.world.conversions import CONVERSIONS
from connectors.sandbox.world.days import Ints, day_start
from connectors.sandbox.world.distinct import distinct
from connectors.sandbox.world.visits import CHANNELS, WebLog

SET_UP = date(2024, 1, 1)
MOST_PAGES, USUAL_LIMIT = 500, 100
NOT_AUTHENTICATED = (
    "Unable to authenticate with the provided token."
    " It is either invalid, expired or is required to be sent as a POST parameter."
)
UNIQUE_PERIODS = frozenset({"day", "week", "month"})
PERIODS = ("day", "week", "month", "year", "range")


class MatomoError(Exception):
    """An answer other than success: HTTP 200 and ``{"result": "error"}``."""

    def response(self) -> Response:
        """The HTTP answer."""
        return json_reply({"result": "error", "message": str(self)})


def parameters(call: Call) -> dict[str, str]:
    """Query and form together, as PHP's request has them."""
    form = call.body.decode("utf-8", "replace") if call.request.method == "POST" else ""
    return dict(parse_qsl(call.raw_query(), keep_blank_values=True)) | dict(parse_qsl(form, keep_blank_values=True))


def _authorised(call: Call, given: dict[str, str]) -> Brand:
    token, site = given.get("token_auth", ""), given.get("idSite", "")
    in_body = dict(parse_qsl(call.body.decode("utf-8", "replace"))).get("token_auth") if call.body else None
    if token and (token != call.sandbox.token("matomo") or in_body != token):
        raise MatomoError(NOT_AUTHENTICATED)
    if call.brand is None:
        raise MatomoError(f"An unexpected website was found in the request: website id was set to '{site}' .")
    if not token:
        raise MatomoError(f"You can't access this resource as it requires 'view' access for the website id = {site}.")
    return call.brand


def _day(text: str, *, today: date) -> date:
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return named[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = (
            f"Date format must be: YYYY-MM-DD, or 'today' or 'yesterday' or any keyword supported by the strtotime"
            f" function (see http://php.net/strtotime for more information): {text}"
        )
        raise MatomoError(message) from None


def _around(day: date, period: str) -> tuple[str, date, date]:
    """Key, first and last day of the period that a day lies in."""
    if period == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
        return f"{first},{last}", first, last
    if period == "month":
        last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return f"{day:%Y-%m}", day.replace(day=1), last
    if period == "year":
        return str(day.year), day.replace(month=1, day=1), day.replace(month=12, day=31)
    return str(day), day, day


def _periods(given: dict[str, str], *, today: date) -> Iterator[tuple[str, date, date]]:
    """Periods asked for, oldest first; one with an empty key where the report is not keyed."""
    period, text = given.get("period", ""), given.get("date", "")
    if period not in PERIODS:
        raise MatomoError(f"The period '{period}' is not supported. Try any of the following instead: day, week, month")
    if "," not in text:
        yield ("", *_around(_day(text, today=today), period)[1:])
        return
    first, last = (_day(part, today=today) for part in text.split(",", 1))
    if period == "range":
        yield "", first, last
        return
    while first <= last:
        key, begins, ends = _around(first, period)
        yield key, begins, ends
        first = ends + timedelta(days=1)


def _views(call: Call, brand: Brand, first: date, last: date) -> Ints:
    log, empty = call.world.web(brand.slug), call.faults.empty_days()
    return views_of(log, first=max(first, SET_UP), last=last, now=call.world.now, empty=empty)


def visits_summary(call: Call, brand: Brand, given: dict[str, str], rows: Ints) -> Json:
    """``VisitsSummary.get`` of one period. A visit that goes on past midnight begins anew."""
    log = call.world.web(brand.slug)
    keys = log.session[rows].astype(np.int64) * 100_000 + log.day[rows]
    _, heads, views = np.unique(keys, return_index=True, return_counts=True)
    _, tails = np.unique(keys[::-1], return_index=True)
    length = int((log.at[rows[rows.size - 1 - tails]] - log.at[rows[heads]]).sum())
    visits, bounces = len(views), int((views == 1).sum())
    # every so often somebody leaves by a link, which is an action and no page view
    actions = rows.size + int((log.at[rows] % 29 == 0).sum())
    plain = given.get("format_metrics") == "0"
    report: Json = {"nb_uniq_visitors": len(distinct(log.visitor[rows])), "nb_users": 0}
    if given["period"] not in UNIQUE_PERIODS:
        report = {}
    return report | {
        "nb_visits": visits,
        "nb_actions": actions,
        "nb_visits_converted": 0,
        "bounce_count": bounces,
        "sum_visit_length": length,
        "max_actions": int(views.max()),
        "bounce_rate": round(bounces / visits, 2) if plain else f"{round(100 * bounces / visits)}%",
        "nb_actions_per_visit": round(actions / visits, 1),
        "avg_time_on_site": round(length / visits),
    }


def actions_get(call: Call, brand: Brand, given: dict[str, str], rows: Ints) -> Json:
    """``Actions.get`` of one period."""
    log = call.world.web(brand.slug)
    outlinks = int((log.at[rows] % 29 == 0).sum())
    seen = distinct(log.session[rows].astype(np.int64) * 1_000_000 + log.address[rows]).size
    return {
        "nb_pageviews": int(rows.size),
        "nb_uniq_pageviews": int(seen),
        "nb_downloads": 0,
        "nb_uniq_downloads": 0,
        "nb_outlinks": outlinks,
        "nb_uniq_outlinks": outlinks,
        "nb_searches": 0,
        "nb_keywords": 0,
    }


def page_urls(call: Call, brand: Brand, given: dict[str, str], rows: Ints) -> list[Json]:
    """``Actions.getPageUrls`` of one period, by visits; without ``flat=1`` by the first folder."""
    log, flat = call.world.web(brand.slug), given.get("flat") == "1"
    paths = [address.path if flat else _folder(address.path) for address in log.addresses]
    groups = grouped(rows.size, [coded_addresses(log, rows, paths)])
    people = log.visitor[rows].astype(np.int64) * 100_000 + log.day[rows]
    uniques = "nb_uniq_visitors" if given["period"] == "day" else "sum_daily_nb_uniq_visitors"
    columns = (
        groups.labels,
        groups.distinct(log.session[rows]),
        groups.distinct(people),
        groups.count(),
        groups.total(log.engaged[rows]),
    )
    pages: list[Json] = [
        {
            "label": _label(path) if flat else path,
            "nb_visits": visits,
            uniques: visitors,
            "nb_hits": hits,
            "sum_time_spent": seconds,
        }
        | ({"url": f"https://{brand.site.host}{path}"} if flat else {})
        for (path,), visits, visitors, hits, seconds in zip(*columns, strict=True)
    ]
    pages.sort(key=lambda page: (-page["nb_visits"], page["label"]))
    if len(pages) > MOST_PAGES:
        rest = pages[MOST_PAGES - 1 :]
        summed = {name: sum(page[name] for page in rest) for name in ("nb_visits", "nb_hits", "sum_time_spent")}
        pages = [*pages[: MOST_PAGES - 1], {"label": "Others", **summed}]
    limit, offset = int(given.get("filter_limit", USUAL_LIMIT)), int(given.get("filter_offset", 0))
    return pages[offset:] if limit < 0 else pages[offset : offset + limit]


GOALS = {number: each.goal for number, each in enumerate(CONVERSIONS, start=1)}
REFERRER_TYPES = {
    "Organic Search": (2, "Sökmotorer"),
    "Direct": (1, "Direktinträde"),
    "Organic Social": (7, "Sociala nätverk"),
    "Referral": (3, "Webbplatser"),
    "Email": (6, "Kampanjer"),
    "AI Assistant": (8, "AI-assistenter"),
}
"""Labels are in the language of the token's owner."""


def _visits(log: WebLog, rows: Ints) -> Ints:
    """A visit's number for each view; one that goes on past midnight begins anew."""
    keys: Ints = log.session[rows].astype(np.int64) * 100_000 + log.day[rows]
    return keys


def goals_get(call: Call, brand: Brand, given: dict[str, str], rows: Ints) -> Json:
    """``Goals.get`` of one period: of one goal, or of all; nothing is sold here, so there are no orders."""
    log = call.world.web(brand.slug)
    visits, which = _visits(log, rows), log.conversion[rows]
    every = len(distinct(visits))

    def of(chosen: npt.NDArray[np.bool_], prefix: str = "") -> Json:
        converted = len(distinct(visits[chosen]))
        return {
            f"{prefix}nb_conversions": converted,
            f"{prefix}nb_visits_converted": converted,
            f"{prefix}revenue": 0,
            f"{prefix}conversion_rate": round(converted / every, 4),
        }

    if "idGoal" in given:
        return of(which == int(given["idGoal"]))
    report = of(which > 0)
    if given.get("showAllGoalSpecificMetrics") == "1":
        report["nb_visits"] = every
        for number in GOALS:
            report |= of(which == number, f"goal_{number}_")
    return report


def referrer_types(call: Call, brand: Brand, given: dict[str, str], rows: Ints) -> list[Json]:
    """``Referrers.getReferrerType`` of one period; a type without visits is not there."""
    log = call.world.web(brand.slug)
    visits, which, channel = _visits(log, rows), log.conversion[rows], log.channel[rows]
    found: list[Json] = []
    for number, name in enumerate(CHANNELS):
        mine = channel == number
        if not mine.any():
            continue
        kind, label = REFERRER_TYPES[name]
        goals = {
            f"idgoal={goal}": {"nb_conversions": converted, "nb_visits_converted": converted, "revenue": 0}
            for goal in GOALS
            if (converted := len(distinct(visits[mine & (which == goal)])))
        }
        row: Json = {"label": label, "referrer_type": kind, "nb_visits": len(distinct(visits[mine]))}
        row["nb_visits_converted"] = len(distinct(visits[mine & (which > 0)]))
        found.append(row | ({"goals": goals} if goals else {}))
    return sorted(found, key=lambda row: -int(row["nb_visits"]))


def goals_list() -> Json:
    """``Goals.getGoals``: numbers as text."""
    return {
        str(number): {
            "idsite": "1",
            "idgoal": str(number),
            "name": name,
            "description": "",
            "match_attribute": "manually",
            "allow_multiple": "0",
            "revenue": "0",
            "deleted": "0",
            "event_value_as_revenue": "0",
        }
        for number, name in GOALS.items()
    }


def _folder(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    return unquote(parts[0]) if parts else "/index"


def _label(path: str) -> str:
    return unquote(path) + ("index" if path.endswith("/") else "")


Report = Callable[[Call, Brand, dict[str, str], Ints], Json | list[Json]]
REPORTS: dict[str, Report] = {
    "VisitsSummary.get": visits_summary,
    "Actions.get": actions_get,
    "Actions.getPageUrls": page_urls,
    "Goals.get": goals_get,
    "Referrers.getReferrerType": referrer_types,
}


def site(call: Call, brand: Brand) -> Json:
    """``SitesManager.getSiteFromId``."""
    created = np.datetime64(day_start(SET_UP, brand.site.zone), "s")
    return {
        "idsite": int(brand.ids["matomo"]),
        "name": brand.name,
        "main_url": f"https://{brand.site.host}",
        "ts_created": str(created).replace("T", " "),
        "ecommerce": 0,
        "timezone": brand.site.zone,
        "timezone_name": brand.site.zone,
        "currency": "SEK",
        "excluded_parameters": "",
        "group": "",
        "type": "website",
        "keep_url_fragment": 0,
    }


def _without(report: Json | list[Json], names: frozenset[str]) -> Json | list[Json]:
    if isinstance(report, list):
        return [{name: value for name, value in row.items() if name not in names} for row in report]
    return {name: value for name, value in report.items() if name not in names}


def answer(call: Call) -> Response:
    """Any method of the API."""
    given = parameters(call)
    if given.get("format", "xml").lower() != "json":
        text = '<?xml version="1.0" encoding="utf-8" ?>\n<result>\n\t<error message="only JSON here" />\n</result>'
        return Response(text, media_type="text/xml")
    method = given.get("method", "")
    brand = _authorised(call, given)
    if method == "SitesManager.getSiteFromId":
        return json_reply(site(call, brand))
    if method == "Goals.getGoals":
        return json_reply(goals_list())
    if method not in REPORTS:
        raise MatomoError(_no_method(method))
    today = call.world.now.astimezone(ZoneInfo(brand.site.zone)).date()
    found: Json = {}
    for key, first, last in _periods(given, today=today):
        rows = _views(call, brand, first, last)
        report: Json | list[Json] = REPORTS[method](call, brand, given, rows) if rows.size else []
        found[key] = _without(report, call.faults.removed())
    return json_reply(found[""] if set(found) == {""} else found)


def _no_method(method: str) -> str:
    module = method.partition(".")[0]
    return (
        f"The method '{method.partition('.')[2]}' does not exist or is not available in the module"
        f" '\\Piwik\\Plugins\\{module}\\API'."
    )


def handle(call: Call) -> Response:
    """The answer, or Matomo's words for what is wrong."""
    try:
        return answer(call)
    except MatomoError as error:
        return error.response()


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Matomo's shape; throttles and breakdowns come from the web server in front of it."""
    match fault:
        case AuthReject():
            return MatomoError(NOT_AUTHENTICATED).response()
        case VersionReject():
            return MatomoError(_no_method(parameters(call).get("method", ""))).response()
        case RateLimit():
            headers = {"Retry-After": str(fault.retry_after_seconds or 1)}
            return HTMLResponse("<h1>429 Too Many Requests</h1>", status_code=429, headers=headers)
        case Status():
            return HTMLResponse(f"<h1>{fault.code}</h1>", status_code=fault.code)


def brand_of(call: Call) -> Brand | None:
    """The brand whose site a call names."""
    return call.world.brand_of("matomo", parameters(call).get("idSite", ""))


VENDOR = Vendor(
    name="matomo",
    endpoints=(Endpoint(methods=("GET", "POST"), path="/index.php", handler=handle),),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
