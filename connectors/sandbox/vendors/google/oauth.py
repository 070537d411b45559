"""Google's OAuth token endpoint: the jwt-bearer grant of service accounts and the refresh_token grant of users.

Errors are Google's: status 400 (401 for an unknown client) and ``{"error", "error_description"}``.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status, TokenRotates
from connectors.sandbox.google_accounts import GOOGLE_TOKEN_AUDIENCE, LIFETIME_SECONDS, InvalidGrant

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _error(code: str, description: str, *, status: int = 400) -> Response:
    return json_reply({"error": code, "error_description": description}, status=status)


def _issued(call: Call, *, holder: str, scopes: list[str], refresh_token: str | None = None) -> Response:
    value = call.sandbox.google.issue(holder=holder, scopes=scopes)
    reply = {"access_token": value, "expires_in": LIFETIME_SECONDS - 1, "token_type": "Bearer"}
    if refresh_token is not None:
        reply["refresh_token"] = refresh_token
    return json_reply(reply, headers={"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"})


def token(call: Call) -> Response:
    """``POST /token``."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    grant = form.get("grant_type")
    google = call.sandbox.google
    try:
        if grant == JWT_BEARER:
            if "assertion" not in form:
                return _error("invalid_request", "Missing required parameter: assertion")
            own = str(call.request.url.replace(query=""))
            holder, claims = google.verify_assertion(form["assertion"], audiences=[GOOGLE_TOKEN_AUDIENCE, own])
            scopes = str(claims.get("scope", "")).split()
            if not scopes:
                return _error("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
            return _issued(call, holder=holder, scopes=scopes)
        if grant == "refresh_token":
            holder, given = google.refresh(
                client_id=form.get("client_id", ""),
                client_secret=form.get("client_secret", ""),
                refresh_token=form.get("refresh_token", ""),
            )
            new = google.rotate(form["refresh_token"]) if call.faults.has(TokenRotates) else None
            return _issued(call, holder=holder, scopes=sorted(given), refresh_token=new)
    except InvalidGrant as refused:
        return _error("invalid_grant", refused.description)
    return _error("unsupported_grant_type", f"Invalid grant_type: {grant or ''}")


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """Google's token endpoint refusing."""
    if isinstance(fault, AuthReject):
        descriptions = {
            "empty": "Bad Request",
            "invalid": "Invalid JWT Signature.",
            "expired": "Token has been expired or revoked.",
            "revoked": "Token has been expired or revoked.",
        }
        return _error("invalid_grant", descriptions[fault.reason])
    if isinstance(fault, RateLimit):
        return _error("rate_limit_exceeded", "Rate Limit Exceeded", status=403)
    code = fault.code if isinstance(fault, Status) else 400
    return _error("internal_failure", "Backend Error", status=code)


VENDOR = Vendor(
    name="google_oauth",
    endpoints=(Endpoint(methods=("POST",), path="/token", handler=token),),
    brand_of=lambda call: None,
    fault_reply=fault_reply,
)
