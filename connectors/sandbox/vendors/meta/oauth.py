"""Meta's token endpoints in the sandbox: Facebook Login's exchange, and Instagram Login's refresh.

Both take a token that still lives and give one of 60 days; the old one lives on, unless ``TokenRotates`` is set. From
memory (API.md section 16): the words for a token too young and the codes of a refused client. What does not belong
here: what a token may read (``server.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, TokenRotates
from connectors.sandbox.vendors.meta.common import MetaError, bad_parameter
from connectors.sandbox.vendors.meta.tokens import token_error

LIVES = timedelta(days=60)
YOUNGEST = timedelta(hours=24)
CLIENT_ID = "1029384756"


def _checked(call: Call, vendor: str, value: str) -> None:
    state = call.sandbox.tokens.state(vendor, value, now=call.world.now)
    if state != "valid":
        raise token_error(state if value else "empty")


def _granted(call: Call, vendor: str, old: str, *, prefix: str) -> Response:
    book = call.sandbox.tokens
    new = book.grant(vendor, now=call.world.now, lives=LIVES, prefix=prefix)
    if call.faults.has(TokenRotates):
        book.end(vendor, old)
    return json_reply({"access_token": new.value, "token_type": "bearer", "expires_in": int(LIVES.total_seconds())})


def exchange(call: Call) -> Response:
    """``GET /oauth/access_token?grant_type=fb_exchange_token``."""
    query = call.request.query_params
    if query.get("grant_type") != "fb_exchange_token":
        raise bad_parameter("Invalid grant_type")
    if query.get("client_id") != CLIENT_ID:
        raise MetaError(101, "Error validating application. Cannot get application info due to a system error.")
    if query.get("client_secret") != call.sandbox.token("meta_app_secret"):
        raise MetaError(1, "Error validating client secret.")
    old = query.get("fb_exchange_token", "")
    _checked(call, "meta", old)
    return _granted(call, "meta", old, prefix="EAA")


def refresh(call: Call) -> Response:
    """``GET /refresh_access_token?grant_type=ig_refresh_token``."""
    query = call.request.query_params
    if query.get("grant_type") != "ig_refresh_token":
        raise bad_parameter("Invalid grant_type")
    old = query.get("access_token") or call.bearer or ""
    _checked(call, "instagram_login", old)
    issued = call.sandbox.tokens.find("instagram_login", old)
    if issued is not None and issued.issued_at is not None and call.world.now - issued.issued_at < YOUNGEST:
        raise MetaError(10, "The access token must be at least 24 hours old to be refreshed")
    return _granted(call, "instagram_login", old, prefix="IGAA")


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """The token endpoint refusing, in Graph's shape."""
    if isinstance(fault, AuthReject):
        return token_error(fault.reason).response()
    if isinstance(fault, RateLimit):
        return MetaError(4, "(#4) Application request limit reached", status=403).response()
    code = fault.code if isinstance(fault, Status) else 500
    return MetaError(2, "Service temporarily unavailable", status=code, is_transient=True).response()


def _handler(answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def handle(call: Call) -> Response:
        try:
            return answer(call)
        except MetaError as error:
            return error.response()

    return handle


VENDOR = Vendor(
    name="meta_oauth",
    endpoints=(
        Endpoint(methods=("GET", "POST"), path="/v{version:float}/oauth/access_token", handler=_handler(exchange)),
        Endpoint(methods=("GET",), path="/refresh_access_token", handler=_handler(refresh)),
    ),
    brand_of=lambda call: None,
    fault_reply=fault_reply,
)
