"""Mailchimp's Marketing API 3.0: lists, growth history and reports over a brand's newsletters.

What belongs here: routes, paging, Mailchimp's errors. What does not: newsletters (``world/mailing.py``). As in
Mailchimp: ten items a page unless asked for more, the running month in the history, 429 without a header.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.world import Brand
from connectors.sandbox.world.days import HORIZON_START
from connectors.sandbox.world.mailing import newsletters, subscribers

ACCOUNT, LIST = "sandbox-account", "a1b2c3d4e5"
_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class MailchimpError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        self.status, self.title, self.detail = status, title, detail
        super().__init__(title)

    def response(self) -> Response:
        """The HTTP answer."""
        body = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": "x",
        }
        return json_reply(body, status=self.status, content_type="application/problem+json")


def _authorised(call: Call) -> Brand:
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    try:
        key = base64.b64decode(given).decode().partition(":")[2] if scheme.lower() == "basic" else ""
    except ValueError:
        key = ""
    if key != call.sandbox.token("mailchimp") or call.brand is None:
        raise MailchimpError(
            401, "API Key Invalid", "Your API key may be invalid, or you've attempted to access the wrong dc"
        )
    return call.brand


def _page(call: Call, items: Sequence[Json], name: str) -> Response:
    asked = call.request.query_params
    count, offset = int(asked.get("count", 10)), int(asked.get("offset", 0))
    shown = list(items)
    if offset and call.faults.has(PageDrift):
        shown = [shown[-1], *shown[:-1]]
    start = offset - 1 if offset and call.faults.has(DuplicateRow) else offset
    return json_reply({name: shown[start : offset + count], "total_items": len(items)})


def account(call: Call) -> Response:
    """``GET /3.0/``."""
    brand = _authorised(call)
    return json_reply({"account_id": ACCOUNT, "account_timezone": brand.site.zone})


def _today(call: Call, brand: Brand) -> date:
    return call.world.now.astimezone(ZoneInfo(brand.site.zone)).date()


def lists(call: Call) -> Response:
    """``GET /3.0/lists``."""
    brand = _authorised(call)
    members = subscribers(brand, call.world.seed, _today(call, brand) - timedelta(days=1))
    return _page(call, [{"id": LIST, "name": "Nyhetsbrev", "stats": {"member_count": members}}], "lists")


def growth(call: Call) -> Response:
    """``GET /3.0/lists/{id}/growth-history``, the running month as it stands."""
    brand, months = _authorised(call), list[Json]()
    month, today = HORIZON_START, _today(call, brand)
    while month <= today:
        following = (month + timedelta(days=32)).replace(day=1)
        last = min(following - timedelta(days=1), today)
        level = subscribers(brand, call.world.seed, last)
        months.append({"list_id": LIST, "month": f"{month:%Y-%m}", "subscribed": level, "existing": 0, "imports": 0})
        month = following
    return _page(call, months, "history")


def _instant(text: str | None, default: datetime) -> datetime:
    """An instant that was asked for; without a zone it is UTC's."""
    try:
        found = datetime.fromisoformat(text) if text is not None else default
    except ValueError:
        detail = "The resource submitted could not be validated."
        raise MailchimpError(400, "Invalid Resource", detail) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reports(call: Call) -> Response:
    """``GET /3.0/reports`` of what was sent in a time, with clicks as they are by now."""
    brand, asked, now = _authorised(call), call.request.query_params, call.world.now
    zone, empty = ZoneInfo(brand.site.zone), call.faults.empty_days()
    since, before = _instant(asked.get("since_send_time"), _EVER[0]), _instant(asked.get("before_send_time"), _EVER[1])
    found: list[Json] = [
        {
            "id": f"c{one.number:05d}",
            "campaign_title": f"Nyhetsbrev {one.number}",
            "send_time": one.sent_at.isoformat(),
            "emails_sent": one.recipients,
            "bounces": {"hard_bounces": one.hard_bounces, "soft_bounces": one.soft_bounces},
            "clicks": {
                "clicks_total": one.grown(one.clicks, now),
                "unique_clicks": one.grown(one.unique_clicks, now),
                "unique_subscriber_clicks": one.grown(one.unique_clicks, now),
            },
        }
        for one in newsletters(brand, call.world.seed)
        if since <= one.sent_at <= min(before, now) and one.sent_at.astimezone(zone).date() not in empty
    ]
    return _page(call, found, "reports")


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except MailchimpError as error:
            return error.response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Mailchimp's shape."""
    match fault:
        case AuthReject():
            return MailchimpError(401, "API Key Invalid").response()
        case RateLimit():
            return MailchimpError(429, "Too Many Requests").response()
        case Status(code=code) if code >= 500:
            return HTMLResponse("<h1>Service Unavailable</h1>", status_code=code)
        case Status():
            return MailchimpError(fault.code, "Refused").response()
    return MailchimpError(404, "Resource Not Found").response()


def brand_of(call: Call) -> Brand | None:
    """The one brand with an account, by its key."""
    return call.world.brand_of("mailchimp", ACCOUNT)


VENDOR = Vendor(
    name="mailchimp",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_worded(handler))
        for path, handler in (
            ("/3.0/", account),
            ("/3.0/lists", lists),
            ("/3.0/lists/{list}/growth-history", growth),
            ("/3.0/reports", reports),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
