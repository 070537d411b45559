"""What lets the calls of a session of requests be watched (``deadline.py``): connections that tell of themselves.

What belongs here: the classes of requests and urllib3 that are extended. What does not: when a call is cut off.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors.core.deadline import tell


def watch_session(session: requests.Session) -> None:
    """Let a session's calls be watched."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())


class _Telling:
    """Before anything is sent and before anything is read, the watcher knows the connection."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        tell(self)
        super().request(*args, **kwargs)  # type: ignore[misc]

    def getresponse(self) -> Any:
        tell(self)
        return super().getresponse()  # type: ignore[misc]


class _Plain(_Telling, HTTPConnection):
    pass


class _Encrypted(_Telling, HTTPSConnection):
    pass


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
