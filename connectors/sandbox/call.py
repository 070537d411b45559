"""What a vendor's handler is given, and what a vendor module gives the server.

What belongs here: ``Call``, ``Endpoint`` and ``Vendor``, the shapes between the server and the vendor modules, and
small helpers for replies. What does not: any vendor's words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connectors.sandbox.faults import Active, AuthReject, RateLimit, Status, VersionReject
from connectors.sandbox.state import Sandbox
from connectors.sandbox.world import Brand, World

Json = dict[str, Any]
"""JSON of the outside world; its shape is the vendor's."""

ReplyFault = AuthReject | RateLimit | VersionReject | Status
"""Faults that answer in place of the handler."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to a vendor."""

    request: Request
    body: bytes
    sandbox: Sandbox
    brand: Brand | None = None
    faults: Active = field(default_factory=Active)

    @property
    def world(self) -> World:
        """The world, at its virtual now."""
        return self.sandbox.world

    @property
    def bearer(self) -> str | None:
        """Token of the ``Authorization: Bearer`` header; None where there is no such header."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def path(self, name: str) -> str:
        """A part of the path, percent-decoded."""
        return str(self.request.path_params[name])

    def raw_query(self) -> str:
        """The query string as sent, for syntaxes in which encoding carries meaning."""
        return str(self.request.scope["query_string"].decode("latin-1"))


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One route: methods, path in starlette's syntax (vendor's version included) and who answers."""

    methods: tuple[str, ...]
    path: str
    handler: Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's API. ``name`` is the key under which faults are set and calls are recorded."""

    name: str
    endpoints: tuple[Endpoint, ...]
    brand_of: Callable[[Call], Brand | None]
    """Whose account a call is about; None where it names none that exists."""
    fault_reply: Callable[[ReplyFault, Call], Response]
    """A fault in the vendor's own shape."""


def json_reply(
    content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None, content_type: str = "application/json"
) -> Response:
    """A JSON answer; letters beyond ASCII as they are."""
    return Response(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(),
        status_code=status,
        headers=dict(headers or {}),
        media_type=content_type,
    )
