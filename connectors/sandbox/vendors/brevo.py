"""Brevo's API v3: sent newsletters with their statistics, and lists of contacts.

What belongs here: routes, paging, Brevo's errors. What does not: newsletters (``world/mailing.py``). As in Brevo: the
list's statistics know only the last six months' events, and ``totalSubscribers`` is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.world import Brand
from connectors.sandbox.world.mailing import Newsletter, newsletters, subscribers

ORGANIZATION, MOST = "sandbox-organization", 100
LISTED = timedelta(days=180)


class BrevoError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """The HTTP answer."""
        return json_reply({"code": self.code, "message": self.message}, status=self.status, headers=headers)


def _authorised(call: Call) -> Brand:
    if call.request.headers.get("api-key") != call.sandbox.token("brevo") or call.brand is None:
        raise BrevoError(401, "unauthorized", "Key not found")
    return call.brand


def _statistics(one: Newsletter, now: datetime, *, whole: bool) -> Json:
    """What a newsletter received; in the list only the events of the last six months."""
    shown = whole or now - one.sent_at <= LISTED
    return {
        "sent": one.recipients,
        "delivered": one.delivered,
        "clickers": one.grown(one.clicks, now) if shown else 0,
        "uniqueClicks": one.grown(one.unique_clicks, now) if shown else 0,
        "hardBounces": one.hard_bounces,
        "softBounces": one.soft_bounces,
    }


def _shown(one: Newsletter, now: datetime, brand: Brand, *, whole: bool) -> Json:
    sent = one.sent_at.astimezone(ZoneInfo(brand.site.zone)).isoformat(timespec="milliseconds")
    stats = {"globalStats": _statistics(one, now, whole=whole)}
    return {"id": one.number, "name": f"Nyhetsbrev {one.number}", "sentDate": sent, "statistics": stats}


def campaigns(call: Call) -> Response:
    """``GET /v3/emailCampaigns``."""
    brand, asked, now = _authorised(call), call.request.query_params, call.world.now
    limit, offset = int(asked.get("limit", 50)), int(asked.get("offset", 0))
    if ("startDate" in asked) != ("endDate" in asked):
        raise BrevoError(400, "missing_parameter", "startDate and endDate go together")
    try:
        start, end = (
            datetime.fromisoformat(asked[name]) if name in asked else default
            for name, default in (("startDate", now - timedelta(days=730)), ("endDate", now))
        )
    except ValueError:
        raise BrevoError(400, "invalid_parameter", "Invalid date") from None
    if limit > MOST or end - start > timedelta(days=731) or end > now + timedelta(minutes=1):
        raise BrevoError(400, "invalid_parameter", "Invalid dates or limit")
    zone, empty = ZoneInfo(brand.site.zone), call.faults.empty_days()
    found = [
        _shown(one, now, brand, whole=False)
        for one in newsletters(brand, call.world.seed)
        if start <= one.sent_at <= min(end, now) and one.sent_at.astimezone(zone).date() not in empty
    ]
    total = len(found)
    if offset and call.faults.has(PageDrift):
        found = [found[-1], *found[:-1]]
    first = offset - 1 if offset and call.faults.has(DuplicateRow) else offset
    return json_reply({"count": total, "campaigns": found[first : offset + limit]})


def campaign(call: Call) -> Response:
    """``GET /v3/emailCampaigns/{id}``, with everything that it ever received."""
    brand = _authorised(call)
    for one in newsletters(brand, call.world.seed):
        if str(one.number) == call.path("id"):
            return json_reply(_shown(one, call.world.now, brand, whole=True))
    raise BrevoError(404, "document_not_found", "Campaign ID does not exist")


def lists(call: Call) -> Response:
    """``GET /v3/contacts/lists``."""
    brand = _authorised(call)
    today = call.world.now.astimezone(ZoneInfo(brand.site.zone)).date()
    members = subscribers(brand, call.world.seed, today - timedelta(days=1))
    found = [{"id": 2, "name": "Nyhetsbrev", "totalSubscribers": 0, "uniqueSubscribers": members}]
    offset = int(call.request.query_params.get("offset", 0))
    return json_reply({"count": 1, "lists": found[offset:]})


def account(call: Call) -> Response:
    """``GET /v3/account``."""
    _authorised(call)
    return json_reply({"organization_id": ORGANIZATION, "companyName": "Sandbox"})


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except BrevoError as error:
            return error.response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Brevo's shape; a throttle says when it ends."""
    match fault:
        case AuthReject():
            return BrevoError(401, "unauthorized", "Key not found").response()
        case RateLimit():
            reset = "1" if fault.kind == "concurrent" else "1800"
            headers = {"x-sib-ratelimit-remaining": "0", "x-sib-ratelimit-reset": reset}
            return BrevoError(429, "too_many_requests", "Too many requests").response(headers)
        case Status(code=403):
            return BrevoError(403, "permission_denied", "Not allowed").response()
        case Status():
            return BrevoError(fault.code, "error", "Something went wrong").response()
    return BrevoError(404, "not_found", "Route not found").response()


def brand_of(call: Call) -> Brand | None:
    """The one brand with an account, by its key."""
    return call.world.brand_of("brevo", ORGANIZATION)


VENDOR = Vendor(
    name="brevo",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_worded(handler))
        for path, handler in (
            ("/v3/emailCampaigns", campaigns),
            ("/v3/emailCampaigns/{id}", campaign),
            ("/v3/contacts/lists", lists),
            ("/v3/account", account),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
