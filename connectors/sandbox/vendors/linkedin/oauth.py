"""LinkedIn's token endpoints in the sandbox: the ``refresh_token`` grant and ``introspectToken``.

A token lives 60 days; the refresh token 365 from the day of the sign-in, however often it is used. From memory (API.md
section 16): the error words. What does not belong here: what a token may read (``server.py``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, TokenRotates

SIGNED_IN = datetime(2026, 6, 1, 9, tzinfo=UTC)
REFRESH_ENDS = SIGNED_IN + timedelta(days=365)
LIVES = timedelta(days=60)
CLIENT_ID, CLIENT_SECRET = "86sandboxlinkedin", "sandbox-linkedin-client-secret"
_SCOPE = "r_organization_social,rw_organization_admin"
_GONE = "The provided authorization grant or refresh token is invalid, expired or revoked"


def _error(code: str, description: str, *, status: int = 400) -> Response:
    return json_reply({"error": code, "error_description": description}, status=status)


def _form(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def _refused_client(form: dict[str, str]) -> Response | None:
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return _error("invalid_client", "Client authentication failed", status=401)
    return None


def access_token(call: Call) -> Response:
    """``POST /oauth/v2/accessToken``."""
    form, book, now = _form(call), call.sandbox.tokens, call.world.now
    if form.get("grant_type") != "refresh_token":
        return _error("unsupported_grant_type", "The grant type is not supported")
    refused = _refused_client(form)
    if refused is not None:
        return refused
    if form.get("refresh_token") != book.refresh_token("linkedin") or now >= REFRESH_ENDS:
        return _error("invalid_grant", _GONE)
    granted = book.grant("linkedin", now=now, lives=LIVES, prefix="AQV-")
    refresh = book.rotate("linkedin") if call.faults.has(TokenRotates) else form["refresh_token"]
    return json_reply(
        {
            "access_token": granted.value,
            "expires_in": int(LIVES.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int((REFRESH_ENDS - now).total_seconds()),
            "scope": _SCOPE,
        }
    )


def introspect(call: Call) -> Response:
    """``POST /oauth/v2/introspectToken``."""
    form, book, now = _form(call), call.sandbox.tokens, call.world.now
    refused = _refused_client(form)
    if refused is not None:
        return refused
    state, found = book.state("linkedin", form.get("token", ""), now=now), book.find("linkedin", form.get("token", ""))
    if found is None:
        return json_reply({"active": False})
    created = found.issued_at or now
    expires = found.expires_at or created + LIVES
    return json_reply(
        {
            "active": state == "valid",
            "client_id": CLIENT_ID,
            "authorized_at": int(SIGNED_IN.timestamp()),
            "created_at": int(created.timestamp()),
            "status": "active" if state == "valid" else state,
            "expires_at": int(expires.timestamp()),
            "scope": _SCOPE,
            "auth_type": "3L",
        }
    )


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """The token endpoint refusing."""
    if isinstance(fault, AuthReject):
        if fault.reason == "empty":
            return _error("invalid_request", 'A required parameter "refresh_token" is missing')
        return _error("invalid_grant", _GONE)
    if isinstance(fault, RateLimit):
        return json_reply({"message": "Too many requests", "status": 429}, status=429)
    code = fault.code if isinstance(fault, Status) else 500
    return json_reply({"message": "Internal Server Error", "status": code}, status=code)


VENDOR = Vendor(
    name="linkedin_oauth",
    endpoints=(
        Endpoint(methods=("POST",), path="/oauth/v2/accessToken", handler=access_token),
        Endpoint(methods=("POST",), path="/oauth/v2/introspectToken", handler=introspect),
    ),
    brand_of=lambda call: None,
    fault_reply=fault_reply,
)
