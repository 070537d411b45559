"""The error shape of Google's older APIs (Search Console, YouTube): ``errors`` with a domain and a reason each.

Whether Search Console throttles with 403 or 429 is not settled (API.md, section 16); here a rate is 429, a load 403.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from connectors.sandbox.call import Call, Json, ReplyFault, json_reply
from connectors.sandbox.faults import AuthReject, Status
from connectors.sandbox.vendors.google.errors import STATUS_NAMES, GoogleError, unauthenticated

REASONS = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    500: "backendError",
    503: "backendError",
}


class ClassicError(Exception):
    """An answer other than success, with a reason in a domain."""

    def __init__(
        self, code: int, message: str, *, reason: str | None = None, domain: str = "global", service: str | None = None
    ) -> None:
        self.code, self.message, self.domain, self.service = code, message, domain, service
        self.reason = reason or REASONS.get(code, "backendError")
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        error: Json = {
            "code": self.code,
            "message": self.message,
            "errors": [{"message": self.message, "domain": self.domain, "reason": self.reason}],
            "status": STATUS_NAMES.get(self.code, "UNKNOWN"),
        }
        if self.service:
            info = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": info, "reason": self.service, "domain": "googleapis.com"}]
        return json_reply({"error": error}, status=self.code)


def worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """Google's error body for what the handler raises."""

    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except (ClassicError, GoogleError) as error:
            return error.response()

    return answer


def common_fault(fault: ReplyFault) -> Response | None:
    """Faults that all of them word alike; None for those of an API's own."""
    if isinstance(fault, AuthReject):
        return unauthenticated(missing=fault.reason == "empty").response()
    if isinstance(fault, Status):
        messages = {403: "Forbidden", 404: "Not Found", 500: "Backend Error", 503: "Service unavailable."}
        return ClassicError(fault.code, messages.get(fault.code, "Backend Error")).response()
    return None
