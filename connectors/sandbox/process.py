"""The sandbox in a process of its own, beside a program that reads it, so that each has a core.

What belongs here: starting, moving its now, and its end, which comes with that of who started it. What does not:
answers, and the server itself (``server.py``).
"""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from types import TracebackType

import requests

from connectors.sandbox.environment import NOW_PATH
from connectors.sandbox.world import five_in_stockholm

_SECONDS = 30


class SandboxProcess:
    """A sandbox on 127.0.0.1, on a free port. Use it in a ``with`` block."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        if not self._url:
            raise RuntimeError("the sandbox is not running")
        return self._url

    def set_today(self, today: date) -> None:
        """Move the virtual now to 05:00 Europe/Stockholm of a day."""
        self.set_now(five_in_stockholm(today))

    def set_now(self, now: datetime) -> None:
        """Move the virtual now to an instant."""
        reply = requests.post(f"{self.url}{NOW_PATH}", json={"now": now.isoformat()}, timeout=_SECONDS)
        reply.raise_for_status()

    def __enter__(self) -> SandboxProcess:
        command = [sys.executable, "-m", "connectors.sandbox.process", self._now.isoformat()]
        # a session of its own: Ctrl-C is for the program, whose end is the sandbox's
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None  # noqa: S101 - asked for just above
        self._url = self._process.stdout.readline().strip()
        if not self._url:
            raise RuntimeError("the sandbox server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process, self._url = self._process, None, ""
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """Serve from the instant given until the other end of standard input is closed, if only by its death."""
    from connectors.sandbox.server import SandboxServer

    with SandboxServer(now=datetime.fromisoformat(sys.argv[1])) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
