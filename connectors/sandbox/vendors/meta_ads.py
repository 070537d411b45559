"""Meta's ad insights: what an ad account spent by day, in Graph's manner.

What belongs here: the account and its insights. What does not: costs (``world/mailing.py``), Graph's errors
(``meta/common.py``). As there: days without cost are absent, and a start more than 37 months back is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, Vendor, json_reply
from connectors.sandbox.faults import DuplicateRow
from connectors.sandbox.vendors.meta.common import MetaError, address, bad_parameter
from connectors.sandbox.vendors.meta.server import fault_reply
from connectors.sandbox.vendors.meta.tokens import token_error, token_state
from connectors.sandbox.world import Brand
from connectors.sandbox.world.days import HORIZON_START
from connectors.sandbox.world.mailing import ad_costs

ACCOUNT, USUAL = "9001234567", 25


def _authorised(call: Call) -> Brand:
    given = call.bearer or call.request.query_params.get("access_token")
    state = token_state(call.sandbox, given, now=call.world.now) if given else "empty"
    if state != "valid":
        raise token_error(state)
    if call.brand is None:
        raise MetaError(100, "Unsupported get request.", subcode=33)
    return call.brand


def account(call: Call) -> Response:
    """``GET /act_{id}``."""
    brand = _authorised(call)
    return json_reply({"timezone_name": brand.site.zone, "currency": "SEK", "id": f"act_{ACCOUNT}"})


def insights(call: Call) -> Response:
    """``GET /act_{id}/insights`` by day."""
    brand, asked = _authorised(call), call.request.query_params
    try:
        window = json.loads(asked.get("time_range", ""))
        since, until = (date.fromisoformat(window[name]) for name in ("since", "until"))
    except (ValueError, KeyError, TypeError):
        raise bad_parameter("param time_range must be valid") from None
    today = call.world.now.astimezone(ZoneInfo(brand.site.zone)).date()
    if (today - since).days > 37 * 30.5:
        message = "(#3018) The start date of the time range cannot be beyond 37 months from the current date"
        raise MetaError(3018, message)
    costs, empty = ad_costs(brand, call.world.seed), call.faults.empty_days()
    days = [since + timedelta(days=n) for n in range((min(until, today) - since).days + 1)]
    found: list[Json] = []
    for day in days:
        number = (day - HORIZON_START).days
        if day in empty or not 0 <= number < len(costs) or not costs[number]:
            continue
        shown = {"spend": f"{costs[number]:.2f}", "impressions": str(int(costs[number] * 9)), "account_currency": "SEK"}
        clicks = {"clicks": str(int(costs[number] / 7)), "date_start": str(day), "date_stop": str(day)}
        found.append({name: value for name, value in (shown | clicks).items() if name not in call.faults.removed()})
    limit, after = int(asked.get("limit", USUAL)), int(asked.get("after", 0) or 0)
    start = after - 1 if after and call.faults.has(DuplicateRow) else after
    reply: Json = {"data": found[start : after + limit]}
    if after + limit < len(found):
        reply["paging"] = {"cursors": {"after": str(after + limit)}, "next": address(call, after=after + limit)}
    return json_reply(reply)


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except MetaError as error:
            return error.response()

    return answer


def brand_of(call: Call) -> Brand | None:
    """The brand whose ad account the path names."""
    return call.world.brand_of("meta_ads", call.path("account"))


VENDOR = Vendor(
    name="meta_ads",
    endpoints=(
        Endpoint(methods=("GET",), path="/v{version:float}/act_{account}", handler=_worded(account)),
        # as Meta's own client writes it
        Endpoint(methods=("GET",), path="/v{version:float}/act_{account}/", handler=_worded(account)),
        Endpoint(methods=("GET",), path="/v{version:float}/act_{account}/insights", handler=_worded(insights)),
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
