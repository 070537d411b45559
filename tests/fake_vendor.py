"""A vendor on this machine for connector tests: a real HTTP server in a thread that answers as a test tells it to.

What belongs here: answering and remembering requests, and a context to build a source with. What does not: any vendor's
wire format; each test writes the replies that the vendor documents.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from requests.structures import CaseInsensitiveDict

from connectors.core.protocol import Batch, Context
from connectors.core.token_store import TokenStore

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""05:00 in Stockholm on the demo's day."""
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire. ``target`` is path and query, still encoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """One reply. ``cut``: close the connection after so many bytes of the body."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Answerer = Callable[[Asked], Says]


class Vendor:
    """The running server: its address, what it was asked, and what it answers next."""

    def __init__(self, answer: Answerer | list[Says]) -> None:
        self.asked: list[Asked] = []
        self._script = iter(answer) if isinstance(answer, list) else None
        self._answer = answer if callable(answer) else self._next
        self.url = ""

    def _next(self, asked: Asked) -> Says:
        assert self._script is not None
        return next(self._script, Says({"unexpected": asked.target}, status=418))

    def answer(self, asked: Asked) -> Says:
        self.asked.append(asked)
        return self._answer(asked)


@contextmanager
def vendor(answer: Answerer | list[Says]) -> Iterator[Vendor]:
    """Serve until the block ends. ``answer``: a function of the request, or replies in order (then 418)."""
    state = Vendor(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for the acknowledgement of its headers

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.command, self.path, CaseInsensitiveDict(self.headers.items()), self.rfile.read(length))
            said = state.answer(asked)
            body = said.encoded()
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if said.cut is None else body[: said.cut])
            if said.cut is not None:
                self.close_connection = True

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Tests stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def doubts(batch: Batch) -> dict[str, dict[str, Any]]:
    """What a read says against its figures, by code; of several with one code the last."""
    told = batch.quality.get("doubts", [])
    assert isinstance(told, list)
    return {doubt["code"]: doubt for doubt in told if isinstance(doubt, dict)}  # type: ignore[misc]


class Naps:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def context(
    *,
    secrets: Mapping[str, str] | None = None,
    base_url: str | None = None,
    home: Path = Path("."),
    now: datetime = NOW,
    sleep: Callable[[float], None] | None = None,
    tokens: TokenStore | None = None,
    listed: Iterable[str] | Mapping[str, datetime | None] = (),
) -> Context:
    """A context as the pipeline would inject it, with secrets as plain values and no real waiting."""
    known = dict(secrets or {})
    return Context(
        client="fjallglas",
        listed=listed if isinstance(listed, Mapping) else dict.fromkeys(listed),
        client_zone=STOCKHOLM,
        now=now,
        home=home,
        secret=lambda name: known[name],
        base_url=base_url,
        sleep=sleep or Naps(),
        tokens=tokens,
    )
