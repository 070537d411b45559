"""An end to a whole HTTP call, whatever the other side does: at its deadline the socket is shut.

A time limit on each read does not bound a call: a body or a header that comes byte by byte, or 100 Continue without
end, never lets one pass. What belongs here: watching the call that a thread makes. What does not: what a call that was
cut off means (``reply.py``), and the connections that it goes over (``adapter.py``).
"""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_CURRENT = threading.local()
"""The watch of the call that this thread is making."""


class Watch:
    """One call. ``expired``: it was cut off at its deadline."""

    def __init__(self) -> None:
        self.expired = self.is_over = False
        self._connection: Any = None
        self._socket: socket.socket | None = None

    def on(self, connection: Any) -> None:
        """The call goes over this connection; its socket may be made later."""
        self._connection, self._socket = connection, connection.sock

    def cut(self) -> None:
        """Shut the socket, so that whoever reads from it goes on at once."""
        self.expired = True
        # a connection that ends with its reply gives its socket up before the reply is read
        found = getattr(self._connection, "sock", None) or self._socket
        if isinstance(found, socket.socket):
            with suppress(OSError):
                # the plain one, also of an encrypted connection, whose own would take part in the reading
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    def end(self) -> None:
        """The call has ended, and what it went over is another's."""
        self.is_over = True
        self._connection = self._socket = None


class _Watchman:
    """One thread that cuts off whichever call is at its deadline, for all calls of this process.

    It sleeps until the first of the deadlines. A call that ended before its own is left in the list until then, without
    what it went over: to wake the thread for each call would cost more than the call's own bookkeeping.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def watch(self, watch: Watch, *, seconds: float) -> None:
        with self._changed:
            due = time.monotonic() + seconds
            is_first = not self._waiting or due < self._waiting[0][0]
            heapq.heappush(self._waiting, (due, next(self._numbers), watch))
            # there is none in a process that was forked either
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif is_first:
                self._changed.notify()

    def over(self, watch: Watch) -> None:
        with self._changed:
            watch.end()

    def _run(self) -> None:
        with self._changed:
            while True:
                while self._waiting and (self._waiting[0][2].is_over or self._waiting[0][0] <= time.monotonic()):
                    _, _, watch = heapq.heappop(self._waiting)
                    if not watch.is_over:
                        watch.cut()
                self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)


_WATCHMAN = _Watchman()


@contextmanager
def watched(seconds: float) -> Iterator[Watch]:
    """Calls that this thread makes inside end after so many seconds; one inside of another has its own end."""
    watch, around = Watch(), getattr(_CURRENT, "watch", None)
    _CURRENT.watch = watch
    _WATCHMAN.watch(watch, seconds=seconds)
    try:
        yield watch
    finally:
        _WATCHMAN.over(watch)
        _CURRENT.watch = around


def tell(connection: Any) -> None:
    """The call that this thread makes goes over this connection."""
    watch = getattr(_CURRENT, "watch", None)
    if watch is not None:
        watch.on(connection)
