"""The sandbox in a process of its own, which answers what it was asked before from memory: a server that costs
nothing.

    python -m benchmarks.recorded_sandbox

Prints its variables as one line of JSON and serves until its standard input ends. Faults, tokens and everything
else are the sandbox's own; only a request with the same address and body as an earlier one gets the earlier bytes.
What belongs here: the server. What does not: who asks it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from connectors.sandbox.server import SandboxServer

Message = dict[str, Any]
FRESH = ("/token", "/sandbox/")
"""Never from memory: what is answered there is made anew each time."""


class Recorder:
    """An ASGI app before the sandbox's. Only good replies are kept."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.kept: dict[tuple[object, ...], list[Message]] = {}

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith(FRESH):
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        asked = (scope["method"], scope["raw_path"], scope["query_string"], _same(body))
        messages = self.kept.get(asked)
        if messages is None:
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


def _same(body: bytes) -> bytes:
    """A JSON body in one spelling, whoever wrote it."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except ValueError:
        return body


def main() -> None:
    """Serve until nobody holds the other end of standard input."""
    server = SandboxServer()
    server.app = Recorder(server.app)  # type: ignore[assignment]
    with server:
        print(json.dumps(server.environment()), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
