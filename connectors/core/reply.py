"""One HTTP exchange: sent with its bounds, read whole, and turned into a reply or a failure; never an exception.

What belongs here: the wire. What does not: retries (``http.py``) or what a reply means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connectors.core.columns import Report, ReportShape, columns_of
from connectors.core.deadline import watched
from connectors.core.errors import BadReply, SourceError, TimedOut, Unavailable
from connectors.core.shape import Json, Node

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES = 64 * 1024
_EXCERPT_CHARACTERS = 200
_BYTES_A_CHARACTER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No usable reply: nothing answered, not in time, or broken off."""

    error: type[SourceError]
    detail: str


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole reply. ``headers`` ignores case. ``url`` may hold secrets: redact before showing.

    Its body is parsed once, however many hooks look into it: of a large reply that is most of the work. Of a report
    with a ``shape`` it is parsed into columns, and into Python's objects only where that can't be.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    shape: ReportShape | None = None

    def parsed(self) -> Json:
        """The body as JSON, or None where it is none; for ``classify`` hooks."""
        return self._document[0] if self._document else None

    def json(self) -> Node:
        """The body as JSON; call only where ``json_problem`` is None."""
        return Node(self._document[0] if self._document else json.loads(self.body))

    def report(self) -> Report:
        """The body as a report; call only where ``json_problem`` is None."""
        return self._report or Report(document=self.json())

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def field(self, *path: str) -> Json:
        """A value in a JSON body by its path of names, None where any step is missing; for ``classify`` hooks."""
        value = self.parsed()
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def json_problem(self) -> str | None:
        """Why the body is not JSON, in words; None where it is."""
        if self._report is not None or self._document is not None:
            return None
        if self.looks_like_html():
            return f"a web page instead of JSON ({self.excerpt()})"
        return "the JSON is cut off or malformed" if self.body.strip() else "an empty body instead of JSON"

    @cached_property
    def _report(self) -> Report | None:
        return columns_of(self.body, self.shape) if self.shape is not None else None

    @cached_property
    def _document(self) -> tuple[Json] | None:
        """The parsed body in a tuple of its own, as ``null`` is a document too; None where it is no JSON."""
        try:
            return (json.loads(self.body),)
        except (ValueError, RecursionError):
            return None

    def looks_like_html(self) -> bool:
        """Whether it is a web page: a proxy's, a login's, a maintenance notice."""
        start = self.body[:256].lstrip().lower()
        return start.startswith((b"<!doctype html", b"<html")) or "text/html" in self.headers.get("Content-Type", "")

    def excerpt(self) -> str:
        """The error's own message where there is one, else the beginning of the body, on one line."""
        for path in (("error", "message"), ("message",), ("error_description",), ("error",), ("detail",)):
            value = self.field(*path)
            if isinstance(value, str) and value:
                return " ".join(value.split())[:_EXCERPT_CHARACTERS]
        start = self.body[: _BYTES_A_CHARACTER * 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace")
        return " ".join(start[: 4 * _EXCERPT_CHARACTERS].split())[:_EXCERPT_CHARACTERS]


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, Any],
    timeout: tuple[float, float],
    longest_call_seconds: float,
    largest_body_bytes: int,
    monotonic: Callable[[], float],
) -> Reply | Failure:
    """Send once and read the body within its bounds of time and size."""
    import requests

    deadline = monotonic() + longest_call_seconds
    too_long = Failure(error=TimedOut, detail=f"the reply took over {longest_call_seconds:.0f} s")
    with watched(longest_call_seconds) as watch:
        try:
            with session.request(
                method, url, headers=dict(headers), timeout=timeout, allow_redirects=False, stream=True, **query
            ) as response:
                body = bytearray()
                for chunk in response.iter_content(_CHUNK_BYTES):
                    body += chunk
                    if len(body) > largest_body_bytes:
                        return Failure(error=BadReply, detail=f"the reply is larger than {largest_body_bytes} bytes")
                    if monotonic() > deadline:
                        return too_long
                # what was cut off at the deadline may look like an end
                return too_long if watch.expired else _reply(response, bytes(body), url)
        except (requests.RequestException, ValueError) as error:
            return too_long if watch.expired else _failure(error)


def _reply(response: requests.Response, body: bytes, url: str) -> Reply:
    return Reply(status=response.status_code, headers=response.headers, body=body, url=response.url or url)


def _failure(error: Exception) -> Failure:
    """An exception of requests as a class and fixed words: its own text may hold the address, token and all."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    kind: type[SourceError] = BadReply
    match error:
        case requests.ConnectTimeout():
            kind, detail = TimedOut, "timed out while connecting"
        case requests.Timeout():
            kind, detail = TimedOut, "timed out while waiting for the reply"
        case requests.exceptions.ChunkedEncodingError():
            detail = "the reply was cut off"
        case requests.exceptions.ContentDecodingError():
            detail = "the reply's compression is broken"
        case requests.exceptions.SSLError():
            kind, detail = Unavailable, "no secure connection: the certificate does not fit this address"
        case requests.ConnectionError() if any(isinstance(part, ReadTimeoutError) for part in error.args):
            kind, detail = TimedOut, "timed out while reading the reply"
        case requests.ConnectionError():
            kind, detail = Unavailable, "nothing answered at this address"
        case _:
            detail = f"the address cannot be used ({type(error).__name__})"
    return Failure(error=kind, detail=detail)
