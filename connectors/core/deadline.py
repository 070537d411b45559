"""An end to a whole HTTP call, whatever the other side does: at its deadline the socket is shut.

A time limit on each read does not bound a call: a body or a header that comes byte by byte, or 100 Continue without
end, never lets one pass. What belongs here: watching the call that a thread makes. What does not: what a call that was
cut off means (``reply.py``), and the connections that it goes over (``adapter.py``).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_CURRENT = threading.local()
"""The watch of the call that this thread is making."""


class Watch:
    """One call. ``expired``: it was cut off at its deadline."""

    def __init__(self) -> None:
        self.expired = False
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


@contextmanager
def watched(seconds: float) -> Iterator[Watch]:
    """Calls that this thread makes inside end after so many seconds; one inside of another has its own end."""
    watch, around = Watch(), getattr(_CURRENT, "watch", None)
    timer = threading.Timer(seconds, watch.cut)
    timer.daemon = True
    _CURRENT.watch = watch
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _CURRENT.watch = around


def tell(connection: Any) -> None:
    """The call that this thread makes goes over this connection."""
    watch = getattr(_CURRENT, "watch", None)
    if watch is not None:
        watch.on(connection)
