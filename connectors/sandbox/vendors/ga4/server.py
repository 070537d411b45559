"""GA4's Data API v1beta: ``runReport``, ``batchRunReports`` and ``metadata`` over HTTP.

What belongs here: routes, who may read which property, quota. What does not: the report itself (``report.py``).
Errors are Google's: see ``google/errors.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.vendors.ga4.names import DIMENSIONS, METRICS
from connectors.sandbox.vendors.ga4.report import run
from connectors.sandbox.vendors.ga4.request import parse
from connectors.sandbox.vendors.google.errors import GoogleError, authorised, common_fault
from connectors.sandbox.world import Brand
from connectors.sandbox.world.conversions import CONVERSIONS

AUDIENCE = "https://analyticsdata.googleapis.com/"
SCOPES = (
    "https://www.googleapis.com/auth/analytics.readonly",
    "https://www.googleapis.com/auth/analytics",
)
TOKENS_PER_DAY, TOKENS_PER_HOUR, TOKENS_PER_PROJECT_PER_HOUR = 200_000, 40_000, 14_000
MOST_IN_BATCH = 5
_THROTTLED = {
    "concurrent": "Exhausted concurrent requests quota. Please send fewer requests concurrently.",
    "hour": (
        "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
        " To learn more, see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
    ),
    "day": (
        "Exhausted property tokens per day. These quota tokens will return at midnight Pacific Time."
        " To learn more, see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas"
    ),
}


def brand_of(call: Call) -> Brand | None:
    """The brand whose property the path names."""
    return call.world.brand_of("ga4", call.path("property"))


def _property(call: Call) -> Brand:
    authorised(call, scopes=SCOPES, audience=AUDIENCE)
    if not call.path("property").isdigit():
        raise GoogleError(
            400,
            f"Invalid property ID: {call.path('property')}. A numeric Property ID is required."
            " To learn more about Property ID, see"
            " https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
        )
    if call.brand is None:
        raise GoogleError(
            403,
            "User does not have sufficient permissions for this property. To learn more about Property ID, see"
            " https://developers.google.com/analytics/devguides/reporting/data/v1/property-id.",
        )
    return call.brand


def _body(call: Call) -> Json:
    try:
        body = json.loads(call.body or b"{}")
    except ValueError as error:
        raise GoogleError(400, "Invalid JSON payload received. Unexpected token.") from error
    if not isinstance(body, dict):
        raise GoogleError(400, "Invalid JSON payload received. Root element must be a message.")
    return body


def _enums_as_int(call: Call) -> bool:
    return "enum-encoding=int" in call.request.query_params.get("$alt", "")


def _quota(call: Call, brand: Brand, rows: int) -> Json:
    """Charge one request and say what is left; raises 429 where the day's tokens are used up."""
    day = call.world.now.astimezone(ZoneInfo("America/Los_Angeles")).date()
    cost = 1 + rows // 2_000
    used = call.sandbox.usage.add(quota="ga4 tokens", account=brand.ids["ga4"], day=day, units=cost)
    if used > TOKENS_PER_DAY:
        raise GoogleError(429, _THROTTLED["day"])
    return {
        "tokensPerDay": {"consumed": cost, "remaining": TOKENS_PER_DAY - used},
        "tokensPerHour": {"consumed": cost, "remaining": max(TOKENS_PER_HOUR - used, 0)},
        "tokensPerProjectPerHour": {"consumed": cost, "remaining": max(TOKENS_PER_PROJECT_PER_HOUR - used, 0)},
        "concurrentRequests": {"remaining": 10},
        "serverErrorsPerProjectPerHour": {"remaining": 10},
        "potentiallyThresholdedRequestsPerHour": {"remaining": 120},
    }


def _report(call: Call, brand: Brand, body: Json) -> Json:
    zone = brand.site.zone
    named = body.get("property")
    if named and named != f"properties/{brand.ids['ga4']}":
        raise GoogleError(400, "The property in the request body does not match the property in the URL.")
    report = parse(body, today=call.world.now.astimezone(ZoneInfo(zone)).date(), removed=call.faults.removed())
    reply = run(
        report,
        log=call.world.web(brand.slug),
        zone=zone,
        now=call.world.now,
        faults=call.faults,
        enums_as_int=_enums_as_int(call),
    )
    quota = _quota(call, brand, len(reply.get("rows", [])))
    if report.wants_quota:
        reply["propertyQuota"] = quota
    return reply


def run_report(call: Call) -> Response:
    """``POST /v1beta/properties/{id}:runReport``."""
    brand = _property(call)
    return json_reply(_report(call, brand, _body(call)))


def batch_run_reports(call: Call) -> Response:
    """``POST /v1beta/properties/{id}:batchRunReports``; each report counts on the quota."""
    brand = _property(call)
    requests = _body(call).get("requests") or []
    if not 1 <= len(requests) <= MOST_IN_BATCH:
        raise GoogleError(
            400, f"Batch requests are limited to {MOST_IN_BATCH} requests. This batch has {len(requests)} requests."
        )
    reports = [_report(call, brand, body) for body in requests]
    return json_reply({"reports": reports, "kind": "analyticsData#batchRunReports"})


def metadata(call: Call) -> Response:
    """``GET /v1beta/properties/{id}/metadata``: what can be asked for."""
    brand = _property(call)
    removed = call.faults.removed()
    return json_reply(
        {
            "name": f"properties/{brand.ids['ga4']}/metadata",
            "dimensions": [
                {"apiName": d.name, "uiName": d.title, "description": d.title, "category": d.category}
                for d in DIMENSIONS.values()
                if d.name not in removed
            ],
            "metrics": [
                {"apiName": m.name, "uiName": m.title, "description": m.title, "category": m.category, "type": m.type}
                for m in METRICS.values()
                if m.name not in removed
            ],
        }
    )


def key_events(call: Call) -> Response:
    """``GET /v1beta/properties/{id}/keyEvents`` of the Admin API, by pages."""
    brand = _property(call)
    asked = call.request.query_params
    size, offset = min(int(asked.get("pageSize", 50)), 200), int(asked.get("pageToken", 0) or 0)
    known = [each for each in CONVERSIONS if each.marked_at <= call.world.now]
    found: Json = {
        "keyEvents": [
            {
                "name": f"properties/{brand.ids['ga4']}/keyEvents/{9000 + number}",
                "eventName": each.event,
                "createTime": f"{each.marked_at:%Y-%m-%dT%H:%M:%S.000000Z}",
                "deletable": True,
                "custom": True,
                "countingMethod": each.counting,
            }
            for number, each in enumerate(known, start=1)
        ][offset : offset + size]
    }
    if offset + size < len(known):
        found["nextPageToken"] = str(offset + size)
    return json_reply(found)


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Google's error body for what the handler raises."""

    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except GoogleError as error:
            return error.response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in GA4's shape."""
    return common_fault(fault, throttled=_THROTTLED)


VENDOR = Vendor(
    name="ga4",
    endpoints=(
        Endpoint(methods=("POST",), path="/v1beta/properties/{property}:runReport", handler=_worded(run_report)),
        Endpoint(
            methods=("POST",), path="/v1beta/properties/{property}:batchRunReports", handler=_worded(batch_run_reports)
        ),
        Endpoint(methods=("GET",), path="/v1beta/properties/{property}/metadata", handler=_worded(metadata)),
        Endpoint(methods=("GET",), path="/v1beta/properties/{property}/keyEvents", handler=_worded(key_events)),
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
