"""Meta's Graph API in the sandbox: routes, versions, tokens and their proof, call budgets, errors and faults.

An expired version is answered by the oldest that lives, as the ``facebook-api-version`` header says. From memory
(API.md section 16): that rule, the subcodes 458 and 467, and code 2635 for a version that is refused. What belongs
here: what every call has in common. What does not: pages (``pages.py``), Instagram (``instagram.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, VersionReject
from connectors.sandbox.vendors.meta import instagram as meta_instagram
from connectors.sandbox.vendors.meta import pages as meta_pages
from connectors.sandbox.vendors.meta.common import MetaError, not_there
from connectors.sandbox.vendors.meta.tokens import token_error, token_state
from connectors.sandbox.world import Brand

SUNSETS = {
    20: date(2026, 9, 24),
    21: date(2027, 1, 21),
    22: date(2027, 5, 20),
    23: date(2027, 10, 8),
    24: date(2028, 2, 18),
    25: date(2028, 7, 29),
    26: date.max,
}
APP_CALLS_PER_DAY = 100_000
ISSUED, DATA_ACCESS_ENDS = datetime(2026, 10, 12, 9, tzinfo=UTC), datetime(2027, 1, 10, 9, tzinfo=UTC)
SCOPES = (
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "read_insights", "instagram_basic",
    "instagram_manage_insights",
)  # fmt: skip
_PACIFIC = ZoneInfo("America/Los_Angeles")


def served_version(call: Call) -> str:
    """The version that answers: the one asked for while it lives, else the oldest that does."""
    asked = int(float(call.path("version")))
    today = call.world.now.date()
    living = [number for number, end in SUNSETS.items() if end > today]
    if asked > max(SUNSETS):
        raise MetaError(2500, f"Unknown path components: /v{call.path('version')}")
    return f"v{asked if asked in living else min(living)}.0"


def _usage(call: Call, units: int = 1) -> dict[str, str]:
    """Budgets as headers, in percent; the calls of one virtual day are counted."""
    account = call.brand.slug if call.brand else "-"
    day = call.world.now.astimezone(_PACIFIC).date()
    used = call.sandbox.usage.add(quota="meta", account=account, day=day, units=units)
    percent = used * 100 // APP_CALLS_PER_DAY
    return usage_headers(call, percent=percent, regain_minutes=0)


def usage_headers(call: Call, *, percent: int, regain_minutes: int) -> dict[str, str]:
    """``X-App-Usage`` and ``X-Business-Use-Case-Usage`` at a percentage."""
    counts = {"call_count": percent, "total_cputime": percent // 2, "total_time": percent // 2}
    entry = {"type": _business(call), **counts, "estimated_time_to_regain_access": regain_minutes}
    return {
        "X-App-Usage": json.dumps(counts),
        "X-Business-Use-Case-Usage": json.dumps({str(call.request.path_params.get("node", "0")): [entry]}),
    }


def _business(call: Call) -> str:
    return "instagram" if platform_of(call) == "instagram" else "pages"


def _check_token(call: Call) -> None:
    given = call.bearer or call.request.query_params.get("access_token")
    if not given:
        raise token_error("empty")
    state = token_state(call.sandbox, given, now=call.world.now)
    if state != "valid":
        raise token_error(state)
    proof = call.request.query_params.get("appsecret_proof")
    secret = call.sandbox.token("meta_app_secret")
    right = hmac.new(secret.encode(), given.encode(), hashlib.sha256).hexdigest()
    if proof is not None and not hmac.compare_digest(proof, right):
        message = "Invalid appsecret_proof provided in the API argument"
        raise MetaError(100, message, kind="GraphMethodException")


def _handler(answers: Mapping[str, Callable[[Call], Response]]) -> Callable[[Call], Response]:
    """Checks that every call passes, then the answer for the platform whose account it names, or Graph's error."""

    def handle(call: Call) -> Response:
        try:
            version = served_version(call)
            _check_token(call)
            platform = platform_of(call)
            if platform not in answers:
                raise not_there(str(call.request.path_params.get("node", "")))
            reply = answers[platform](call)
        except MetaError as error:
            reply, version = error.response(), ""
        for name, value in {**_usage(call), "facebook-api-version": version}.items():
            if value:
                reply.headers.setdefault(name, value)
        return reply

    return handle


def platform_of(call: Call) -> str:
    """What the call's node is: a page, an Instagram account, or nothing that is known."""
    node = str(call.request.path_params.get("node", ""))
    if not node:
        return "token"
    found = [name for name in ("facebook", "instagram") if call.world.brand_of(name, node)]
    return found[0] if found else ""


def debug_token(call: Call) -> Response:
    """``GET /debug_token``: what a token is, until when, and for which accounts."""
    book, value = call.sandbox.tokens, call.request.query_params.get("input_token", "")
    found = book.find("meta", value)
    if found is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return json_reply({"data": {"error": error, "is_valid": False, "scopes": []}})
    owned = [
        brand.account(name).account_id
        for brand in call.world.brands
        for name in ("facebook", "instagram")
        if name in brand.account_ids()
    ]
    ended = call.world.now >= DATA_ACCESS_ENDS or book.state("meta", value, now=call.world.now) != "valid"
    facts: Json = {
        "app_id": "1029384756",
        "type": "PAGE",
        "application": "Sandbox",
        "data_access_expires_at": int(DATA_ACCESS_ENDS.timestamp()),
        "expires_at": int(found.expires_at.timestamp()) if found.expires_at else 0,
        "is_valid": not ended,
        "issued_at": int((found.issued_at or ISSUED).timestamp()),
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": owned} for scope in SCOPES],
        "user_id": "122100000000000",
    }
    return json_reply({"data": facts})


def brand_of(call: Call) -> Brand | None:
    """The brand whose page or account the call names."""
    node = str(call.request.path_params.get("node", ""))
    return call.world.brand_of("facebook", node) or call.world.brand_of("instagram", node)


def _throttle(fault: RateLimit, call: Call) -> MetaError:
    """A throttle by kind: a custom one that passes, the app's hour, or the account's business use case for a day."""
    if fault.kind == "concurrent":
        return MetaError(613, "(#613) Calls to this api have exceeded the rate limit.", is_transient=False)
    if fault.kind == "hour":
        headers = usage_headers(call, percent=100, regain_minutes=0)
        return MetaError(4, "(#4) Application request limit reached", status=403, headers=headers)
    is_instagram = _business(call) == "instagram"
    code, what = (80002, "Instagram") if is_instagram else (80001, "Page")
    message = (
        f"(#{code}) There have been too many calls to this {what} account. Wait a bit and try again. For more info,"
        " please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
    )
    return MetaError(code, message, subcode=2446079, headers=usage_headers(call, percent=100, regain_minutes=47))


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Graph's shape."""
    if isinstance(fault, AuthReject):
        return token_error(fault.reason).response()
    if isinstance(fault, RateLimit):
        return _throttle(fault, call).response()
    if isinstance(fault, VersionReject):
        message = "(#2635) You are calling a deprecated version of the API. Please update to the latest version: v26.0."
        return MetaError(2635, message).response()
    code = fault.code if isinstance(fault, Status) else 500
    if code >= 500:
        message = "An unexpected error has occurred. Please retry your request later."
        return MetaError(2, message, status=code, is_transient=True).response()
    if code == 403:
        return MetaError(200, "(#200) Provide valid app ID", status=code).response()
    node = str(call.request.path_params.get("node", ""))
    return MetaError(803, f"(#803) Some of the aliases you requested do not exist: {node}", status=code).response()


VENDOR = Vendor(
    name="meta",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_handler(answers))
        for path, answers in (
            ("/v{version:float}/debug_token", {"token": debug_token}),
            ("/v{version:float}/{node}", {"facebook": meta_pages.page, "instagram": meta_instagram.account}),
            ("/v{version:float}/{node}/published_posts", {"facebook": meta_pages.published_posts}),
            ("/v{version:float}/{node}/media", {"instagram": meta_instagram.media}),
            (
                "/v{version:float}/{node}/insights",
                {"facebook": meta_pages.insights, "instagram": meta_instagram.insights},
            ),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
