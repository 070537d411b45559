"""What LinkedIn's resources share: the error shape, milliseconds, organisations named by a call."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import unquote

from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.vendors.restli import Value
from connectors.sandbox.world import Brand

Query = dict[str, Value]
_ORGANIZATION = re.compile(r"urn:li:organization:\d+")


class LinkedInError(Exception):
    """An answer other than success; becomes LinkedIn's error body."""

    def __init__(self, status: int, message: str, *, code: str, service_error_code: int | None = None) -> None:
        self.status, self.message, self.code, self.number = status, message, code, service_error_code
        super().__init__(message)

    def body(self) -> Json:
        """The body, also as it stands in a batch's ``errors``."""
        body: Json = {"status": self.status, "code": self.code, "message": self.message}
        return body if self.number is None else {"status": self.status, "serviceErrorCode": self.number, **body}

    def response(self) -> Response:
        """The HTTP answer."""
        return json_reply(self.body(), status=self.status)


def invalid(message: str) -> LinkedInError:
    """400 for a parameter's value."""
    return LinkedInError(400, message, code="ILLEGAL_ARGUMENT")


def not_found(urn: str) -> LinkedInError:
    """404 for an entity."""
    return LinkedInError(404, f"Entity {urn} not found", code="NOT_FOUND")


def organization_urn(call: Call) -> str | None:
    """The organisation named in path or query, however encoded."""
    path = call.request.scope.get("raw_path", b"").decode("latin-1")
    found = _ORGANIZATION.search(unquote(f"{path}?{call.raw_query()}"))
    return found.group(0) if found else None


def path_urn(call: Call) -> str:
    """The URN in the path, which Rest.li 2.0 wants percent-encoded."""
    raw = call.request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0].rpartition("/")[2]
    if ":" in raw or not unquote(raw).startswith("urn:li:"):
        raise invalid("Syntax exception in path variables")
    return unquote(raw)


def the_brand(call: Call) -> Brand:
    """The brand the call is about; 400 where it names none."""
    if call.brand is None:
        raise invalid("Invalid query parameters passed to request")
    return call.brand


def millis(instant: datetime) -> int:
    """Milliseconds since 1970 in UTC."""
    return int(instant.timestamp() * 1000)
