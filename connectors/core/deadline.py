"""An end to a whole HTTP call, whatever the other side does: at its deadline the socket is shut.

A time limit on each read does not bound a call: a body or a header that comes byte by byte, or 100 Continue without
end, never lets one pass. What belongs here: watching the call that a thread makes. What does not: what a call that was
cut off means (``reply.py``).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

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


def watch_session(session: requests.Session) -> None:
    """Let a session's calls be watched."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())


def _tell(connection: Any) -> None:
    watch = getattr(_CURRENT, "watch", None)
    if watch is not None:
        watch.on(connection)


class _Plain(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _tell(self)
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        _tell(self)
        return super().getresponse()


class _Encrypted(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _tell(self)
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        _tell(self)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


_POOLS = {"http": _PlainPool, "https": _EncryptedPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = dict(_POOLS)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = dict(_POOLS)
        return manager
