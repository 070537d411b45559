"""What a person sees while a night runs: a spinner with the last line on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.status import Status


class NightProgress:
    """A progress that writes to stderr, so that stdout stays the command's answer."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._status: Status | None = None

    def __enter__(self) -> NightProgress:
        if sys.stderr.isatty():
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __call__(self, line: str) -> None:
        if self._status is not None:
            self._status.update(line)
        else:
            print(line, file=sys.stderr, flush=True)
