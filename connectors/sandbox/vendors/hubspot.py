"""HubSpot's CRM: search, properties and the account's details, at the dated paths and at v3, over the CRM's log.

What belongs here: checking a request, answering it, HubSpot's errors. What does not: records (``world/business.py``).
As in HubSpot: every value is a text or null, an unknown property is null without a word, a won deal that was reopened
is open again, deleted records are gone, and beyond 10,000 results there is 400. Which account is meant, its key says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.world import Brand
from connectors.sandbox.world.business import NEVER, CrmLog, crm_log
from connectors.sandbox.world.world import utc

MOST_RESULTS, MOST_ROWS = 10_000, 200
KEYS = {"fjallglas": "hubspot", "lindhs": "hubspot_lindhs"}
"""Under which name the sandbox keeps the key of each brand's account."""
PROPERTIES = {
    "contacts": ("createdate", "lifecyclestage", "hs_object_source", "email"),
    "deals": ("closedate", "hs_is_closed_won", "amount", "deal_currency_code", "amount_in_home_currency", "dealname"),
    "tickets": ("createdate", "closed_date", "time_to_first_agent_reply", "first_agent_reply_date", "subject"),
}
CORRELATION = "00000000-0000-4000-8000-000000000001"
Row = dict[str, str | None]


class HubSpotError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        self.status, self.message, self.more = status, message, more
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        body = {"status": "error", "message": self.message, "correlationId": CORRELATION, **self.more}
        return json_reply(body, status=self.status)


def _authorised(call: Call) -> Brand:
    if call.brand is None or call.bearer != call.sandbox.token(KEYS[call.brand.slug]):
        message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        raise HubSpotError(401, message, category="INVALID_AUTHENTICATION")
    return call.brand


def _iso(second: int) -> str:
    return f"{utc(second):%Y-%m-%dT%H:%M:%S.000Z}"


def records(log: CrmLog, kind: str, now: datetime) -> Iterator[tuple[int, Row]]:
    """Every record of a kind as it is now, by its id."""
    second = int(now.timestamp())
    if kind == "contacts":
        there = (log.contact_created <= second) & (log.contact_deleted > second)
        for number in np.flatnonzero(there).tolist():
            yield 1000 + number, {"createdate": _iso(int(log.contact_created[number])), "lifecyclestage": "lead"}
    elif kind == "deals":
        # deals that close within a month are open, with their close as a forecast
        for number in np.flatnonzero(log.deal_closed <= second + 30 * 86_400).tolist():
            won = log.deal_closed[number] <= second < log.deal_reopened[number]
            amount = f"{log.deal_amount[number]:.2f}"
            yield (
                500_000 + number,
                {
                    "closedate": _iso(int(log.deal_closed[number])),
                    "hs_is_closed_won": "true" if won else "false",
                    "amount": amount,
                    "amount_in_home_currency": amount,
                    "deal_currency_code": "SEK",
                },
            )
    else:
        for number in np.flatnonzero(log.ticket_created <= second).tolist():
            created, answered = int(log.ticket_created[number]), int(log.ticket_answered[number])
            has_answer = answered != NEVER and answered <= second
            yield (
                900_000 + number,
                {
                    "createdate": _iso(created),
                    "time_to_first_agent_reply": str((answered - created) * 1000) if has_answer else None,
                    "first_agent_reply_date": _iso(answered) if has_answer else None,
                },
            )


def _comparable(text: str | None) -> float | str | None:
    """A value as HubSpot compares it: instants and milliseconds alike."""
    if text is None:
        return None
    if text.isdigit():
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp() * 1000
    except ValueError:
        return text


_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "GTE": lambda value, edge: value >= edge,
    "GT": lambda value, edge: value > edge,
    "LTE": lambda value, edge: value <= edge,
    "LT": lambda value, edge: value < edge,
}


def _passes(row: Row, number: int, filters: list[Json]) -> bool:
    for each in filters:
        name, operator = str(each.get("propertyName")), str(each.get("operator"))
        value = str(number) if name == "hs_object_id" else row.get(name)
        if operator == "EQ":
            if value != str(each.get("value")):
                return False
        elif operator in _OPERATORS:
            left, right = _comparable(value), _comparable(str(each.get("value")))
            both = isinstance(left, float) and isinstance(right, float)
            if not (both and _OPERATORS[operator](left, right)):  # type: ignore[arg-type]
                return False
        else:
            raise HubSpotError(400, f"Invalid operator {operator}", category="VALIDATION_ERROR")
    return True


def _known(call: Call, brand: Brand, kind: str) -> list[tuple[int, Row]]:
    """Every record of a kind as it is now, once for all the pages that are asked for."""
    log, world = crm_log(brand, call.world.seed), call.world
    return world.as_of(None, ("hubspot", brand.slug, kind), lambda _: list(records(log, kind, world.now)))


def search(call: Call) -> Response:
    """``POST …/{object}/search``."""
    brand, kind = _authorised(call), call.path("kind")
    try:
        body = json.loads(call.body or b"{}")
    except ValueError:
        raise HubSpotError(400, "Invalid input JSON", category="VALIDATION_ERROR") from None
    groups, limit, after = body.get("filterGroups") or [], int(body.get("limit", 10)), int(body.get("after") or 0)
    if not 1 <= limit <= MOST_ROWS or len(groups) > 5 or after + limit > MOST_RESULTS:
        raise HubSpotError(400, "There was a problem with the request.", category="VALIDATION_ERROR")
    zone, empty = ZoneInfo(brand.site.zone), call.faults.empty_days()

    def day_of(row: Row) -> date:
        moment = datetime.fromisoformat(str(row.get("createdate") or row.get("closedate")))
        return moment.astimezone(zone).date()

    found = [
        (number, row)
        for number, row in _known(call, brand, kind)
        if (not groups or any(_passes(row, number, group.get("filters", [])) for group in groups))
        and not (empty and day_of(row) in empty)
    ]
    total = len(found)
    if after and call.faults.has(PageDrift):
        found = [found[-1], *found[:-1]]
    start = after - 1 if after and call.faults.has(DuplicateRow) else after
    wanted = [name for name in body.get("properties", []) if name not in call.faults.removed()]
    results = [
        {
            "id": str(number),
            "properties": {name: row.get(name) for name in wanted} | {"hs_object_id": str(number)},
            "createdAt": row.get("createdate"),
            "archived": False,
        }
        for number, row in found[start : after + limit]
    ]
    more = {"paging": {"next": {"after": str(after + limit)}}} if after + limit < total else {}
    return json_reply({"total": total, "results": results, **more})


def properties(call: Call) -> Response:
    """``GET …/properties/…/{object}``."""
    _authorised(call)
    names = [name for name in PROPERTIES[call.path("kind")] if name not in call.faults.removed()]
    return json_reply({"results": [{"name": name, "type": "string", "label": name} for name in names]})


def details(call: Call) -> Response:
    """``GET /account-info/…/details``."""
    brand = _authorised(call)
    return json_reply({"portalId": int(brand.ids["hubspot"]), "timeZone": brand.site.zone, "companyCurrency": "SEK"})


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except HubSpotError as error:
            return error.response()
        except KeyError:
            return HubSpotError(404, "resource not found", category="OBJECT_NOT_FOUND").response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in HubSpot's shape."""
    match fault:
        case AuthReject():
            return HubSpotError(
                401, "Authentication credentials not found.", category="INVALID_AUTHENTICATION"
            ).response()
        case RateLimit(kind="day"):
            return HubSpotError(429, "You have reached your daily limit.", policyName="DAILY").response()
        case RateLimit():
            return HubSpotError(429, "You have reached your secondly limit.", policyName="SECONDLY").response()
        case Status(code=403):
            scopes = [{"message": "scopes", "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]
            return HubSpotError(403, "missing scopes", category="MISSING_SCOPES", errors=scopes).response()
        case Status():
            return HubSpotError(fault.code, "internal error").response()
    return HubSpotError(404, "resource not found", category="OBJECT_NOT_FOUND").response()


def brand_of(call: Call) -> Brand | None:
    """The brand whose account the key opens; for a key that opens none, the first one."""
    slugs = [slug for slug, name in KEYS.items() if call.bearer == call.sandbox.token(name)]
    return call.world.brand(slugs[0] if slugs else next(iter(KEYS)))


_ENDPOINTS = (
    ("POST", "/crm/objects/{version}/{kind}/search", search),
    ("POST", "/crm/v3/objects/{kind}/search", search),
    ("GET", "/crm/properties/{version}/{kind}", properties),
    ("GET", "/crm/v3/properties/{kind}", properties),
    ("GET", "/account-info/{version}/details", details),
)
VENDOR = Vendor(
    name="hubspot",
    endpoints=tuple(
        Endpoint(methods=(method,), path=path, handler=_worded(handler)) for method, path, handler in _ENDPOINTS
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
