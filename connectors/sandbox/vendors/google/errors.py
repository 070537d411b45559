"""The error shape of Google's newer APIs: ``{"error": {"code", "message", "status"}}``, and bearer checks."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from connectors.sandbox.call import Call, Json, ReplyFault, json_reply
from connectors.sandbox.faults import AuthReject, RateLimit, Status
from connectors.sandbox.google_accounts import AccessToken

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_MESSAGES = {
    500: "An internal error has occurred. Please retry or report in https://developers.google.com/analytics.",
    503: "The service is currently unavailable.",
    504: "Deadline expired before operation could complete.",
}
_CREDENTIALS = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential."
    " See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class GoogleError(Exception):
    """An answer other than success; becomes Google's error body."""

    def __init__(self, code: int, message: str, *, reason: str | None = None) -> None:
        self.code, self.message, self.reason = code, message, reason
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        error: Json = {
            "code": self.code,
            "message": self.message,
            "status": STATUS_NAMES.get(self.code, "UNKNOWN"),
        }
        if self.reason:
            info = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": "googleapis.com",
            }
            error["details"] = [info]
        return json_reply({"error": error}, status=self.code)


def unauthenticated(*, missing: bool, reason: str | None = None) -> GoogleError:
    """401, without a credential or with one that is not valid."""
    if missing:
        return GoogleError(
            401,
            f"Request is missing required authentication credential. {_CREDENTIALS}",
            reason=reason or "CREDENTIALS_MISSING",
        )
    return GoogleError(
        401, f"Request had invalid authentication credentials. {_CREDENTIALS}", reason=reason or "ACCESS_TOKEN_EXPIRED"
    )


def authorised(call: Call, *, scopes: Iterable[str], audience: str) -> AccessToken:
    """Who calls; raises 401 without a valid token and 403 without one of the scopes."""
    if call.bearer is None:
        raise unauthenticated(missing=True)
    token = call.sandbox.google.bearer(call.bearer, jwt_audience=audience)
    if token is None:
        raise unauthenticated(missing=False)
    if token.scopes and not token.scopes & set(scopes):
        raise GoogleError(
            403, "Request had insufficient authentication scopes.", reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        )
    return token


def common_fault(fault: ReplyFault, *, throttled: dict[str, str]) -> Response:
    """Generic faults in Google's shape; ``throttled`` words the quota's message by kind."""
    if isinstance(fault, AuthReject):
        reasons = {"revoked": "ACCESS_TOKEN_TYPE_UNSUPPORTED", "expired": "ACCESS_TOKEN_EXPIRED"}
        return unauthenticated(missing=fault.reason == "empty", reason=reasons.get(fault.reason)).response()
    if isinstance(fault, RateLimit):
        return GoogleError(429, throttled[fault.kind]).response()
    if isinstance(fault, Status):
        return GoogleError(fault.code, _MESSAGES.get(fault.code, "Unknown error.")).response()
    return GoogleError(404, "Requested entity was not found.").response()
