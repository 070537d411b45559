"""Kept replies served again in place of the network, so that the same reader parses them anew.

What belongs here: which kept reply answers which request, and the context of a replayed reading. What does not: where
replies are kept and what becomes of the rows (``pipelines/warehouse/ingest/replay.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import requests
from requests.adapters import BaseAdapter

from connectors.core.protocol import Context
from connectors.core.redaction import HIDDEN, redact_names
from okr_models.client.sources import SourceSettings

NOWHERE = "https://replay.invalid"
"""Base address while replaying: a kept reply answers from wherever it once came."""
NO_SECRET = "no-secret-is-needed-to-replay"  # noqa: S105 - says that there is none
_REFUSED = re.compile(r"HTTP (\d{3}) ")
_VERSION = re.compile(r"/v\d+(\.\d+)?(?=/)")


class NotKept(Exception):
    """The reader asked for something that it did not ask for when the reading was taken."""

    def __init__(self, *, request: str) -> None:
        super().__init__(f"{request} was not asked then, so there is no reply to parse anew")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What makes two requests the same: path and query, without host, API version or credentials."""

    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, url: str) -> _Asked:
        parts = urlsplit(redact_names(url).replace(HIDDEN, "hidden-secret"))
        query = parse_qsl(parts.query, keep_blank_values=True)
        shown = sorted((name, value) for name, value in query if "hidden-secret" not in value)
        credentials = {"access_token", "appsecret_proof"}
        return cls(_VERSION.sub("", parts.path), tuple(pair for pair in shown if pair[0] not in credentials))

    def answers(self, asked: _Asked) -> bool:
        """Whether a reply to this is one to ``asked``, which has no prefix of a proxy before its path."""
        return self.query == asked.query and self.path.endswith(asked.path)


@dataclass(frozen=True, slots=True)
class _Kept:
    asked: _Asked
    url: str
    status: int
    body: bytes


class KeptReplies(BaseAdapter):
    """A transport for ``requests`` that answers from one reading's replies, each once and in order. Raises ``NotKept``.

    ``replies`` are (request without secrets, body), as in ``Batch``.
    """

    def __init__(self, replies: Iterable[tuple[str, bytes]]) -> None:
        super().__init__()
        self._left = [_kept(request, body) for request, body in replies]

    def send(  # noqa: PLR0917 - as requests calls it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The first reply left that answers ``request``."""
        url = request.url or ""
        asked = _Asked.of(url)
        place = next((place for place, kept in enumerate(self._left) if kept.asked.answers(asked)), None)
        if place is None:
            raise NotKept(request=redact_names(url).removeprefix(NOWHERE))
        kept = self._left.pop(place)
        response = requests.Response()
        response.status_code, response.url, response.request = kept.status, url, request
        response.raw = BytesIO(kept.body)
        following = self._left[place] if place < len(self._left) else None
        # headers are not kept; the page that was asked for next is the one that this reply named
        is_last = following is None or following.asked.path != kept.asked.path
        address, relation = (kept.url, "self") if following is None or is_last else (following.url, "next")
        response.headers["Link"] = f'<{address}>; rel="{relation}"'
        return response

    def close(self) -> None:
        """Nothing is open."""


def refused_request(status: int, request: str) -> str:
    """How the request of a reply that was an error is kept, after which the reader went on all the same."""
    return f"HTTP {status} {request}"


def _kept(request: str, body: bytes) -> _Kept:
    refused = _REFUSED.match(request)
    url = request[refused.end() :] if refused else request
    return _Kept(_Asked.of(url), url, int(refused.group(1)) if refused else 200, body)


def replay_context(
    *, client: str, client_zone: ZoneInfo, taken_at: datetime, home: Path, replies: Iterable[tuple[str, bytes]]
) -> Context:
    """The context in which a reading of ``taken_at`` is read again: its own time, no secret, no network."""
    return Context(
        client=client,
        client_zone=client_zone,
        now=taken_at,
        home=home,
        secret=lambda _: NO_SECRET,
        base_url=NOWHERE,
        sleep=lambda _: None,
        transport=KeptReplies(replies),
    )


def without_optional_secrets(settings: SourceSettings) -> SourceSettings:
    """Settings for a replay: a secret that a source can do without changes none of its counters."""
    fields = type(settings).model_fields
    named = {name.partition(".")[0] for name in settings.secrets()}
    return settings.model_copy(update={name: None for name in named if not fields[name].is_required()})
