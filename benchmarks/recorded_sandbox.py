"""The sandbox in a process of its own, which answers what it was asked before from memory: a server that costs
nothing.

    python -m benchmarks.recorded_sandbox [MILLISECONDS]

Prints its variables as one line of JSON and serves until its standard input ends. Faults, tokens and everything
else are the sandbox's own; only a request with the same address and body as an earlier one, at the same virtual now,
gets the earlier bytes. Every answer to a vendor's call takes so many milliseconds more, during which nothing is
computed. What belongs here: the server, and how many calls it answered. What does not: who asks it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from connectors.sandbox.environment import NOW_PATH
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world import five_in_stockholm

Message = dict[str, Any]
FRESH = ("/token", "/sandbox/")
"""Never from memory: what is answered there is made anew each time."""
CALLS_PATH, PLACES_PATH = "/recorded/calls", "/recorded/places"


class Recorder:
    """An ASGI app before the sandbox's. Only good replies are kept."""

    def __init__(self, app: Any, *, seconds: float = 0.0) -> None:
        self.app, self.seconds = app, seconds
        self.kept: dict[tuple[object, ...], list[Message]] = {}
        self.now = b""
        self.calls = self.computed = 0
        self.places: Counter[str] = Counter()
        """Calls by the first part of their path, which is one vendor's."""

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] in {CALLS_PATH, PLACES_PATH}:
            counts = {"calls": self.calls, "computed": self.computed} if scope["path"] == CALLS_PATH else self.places
            body = json.dumps(counts).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})
            return
        if scope["path"] == NOW_PATH:
            await self.app(scope, self._noting_now(receive), send)
            return
        self.calls += 1
        self.places[scope["path"].strip("/").partition("/")[0]] += 1
        await asyncio.sleep(self.seconds)
        if scope["path"].startswith(FRESH):
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        asked = (self.now, scope["method"], scope["raw_path"], scope["query_string"], _same(body))
        messages = self.kept.get(asked)
        if messages is None:
            self.computed += 1
            messages = []
            delivered = False

            async def once() -> Message:
                nonlocal delivered
                if delivered:
                    return {"type": "http.disconnect"}
                delivered = True
                return {"type": "http.request", "body": body, "more_body": False}

            async def keep(message: Message) -> None:
                messages.append(message)

            await self.app(scope, once, keep)
            if messages[0]["status"] == 200:
                self.kept[asked] = messages
        for message in messages:
            await send(message)

    def _noting_now(self, receive: Any) -> Any:
        """What was said of another day is no answer of this one."""

        async def noted() -> Any:
            part = await receive()
            self.now = part.get("body", b"")
            return part

        return noted


def _same(body: bytes) -> bytes:
    """A JSON body in one spelling, whoever wrote it."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except ValueError:
        return body


@dataclass(frozen=True, slots=True)
class Recorded:
    """The server as its callers see it: the variables of a home folder that reads it, and what it is told and asked."""

    variables: dict[str, str]

    def set_today(self, today: date) -> None:
        """Move the virtual now to 05:00 Europe/Stockholm of a day."""
        body = json.dumps({"now": five_in_stockholm(today).isoformat()}).encode()
        with urllib.request.urlopen(self._url(NOW_PATH), data=body) as reply:
            reply.read()

    def counted(self) -> dict[str, int]:
        """``calls`` answered so far, and how many of them were ``computed`` as nobody had asked them before."""
        return self._told(CALLS_PATH)

    def places(self) -> dict[str, int]:
        """Calls answered so far by the first part of their path."""
        return self._told(PLACES_PATH)

    def _told(self, path: str) -> dict[str, int]:
        with urllib.request.urlopen(self._url(path)) as reply:
            said: dict[str, int] = json.load(reply)
        return said

    def _url(self, path: str) -> str:
        return self.variables["OKR_SANDBOX_URL"] + path


@contextmanager
def recorded(*, milliseconds: int = 0) -> Iterator[Recorded]:
    """The recorded sandbox, while it runs."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.recorded_sandbox", str(milliseconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    try:
        assert server.stdout is not None
        yield Recorded(json.loads(server.stdout.readline()))
    finally:
        server.communicate("")


def main() -> None:
    """Serve until nobody holds the other end of standard input."""
    server = SandboxServer()
    seconds = int(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    server.app = Recorder(server.app, seconds=seconds)  # type: ignore[assignment]
    with server:
        print(json.dumps(server.environment()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
