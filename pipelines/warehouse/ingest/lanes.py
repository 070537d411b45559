"""How many sources are read at once: by the credential they are read with, and by the host where a client has its own.

A call is waited for by a thread, which costs memory and no processor; what bounds the calls under way is who answers
them. A source makes one call at a time, so that of one lane never more calls are under way than sources are being read.
What belongs here: lanes, and which source is read next. What does not: how often a vendor may be asked
(``connectors/core/budget.py``), and the reading (``read_source.py``).
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from connectors.core.budget import credential_of
from connectors.core.errors import SourceError
from connectors.core.protocol import SourceType
from connectors.core.secrets import resolve_base_url, secret_resolver
from okr_models.client.sources import EnvRef, SourceSettings

Task = TypeVar("Task")
AT_ONCE = 8
"""Of one credential at a vendor. No vendor here allows fewer (Mailchimp, which is the strictest to say so, ten)."""
AT_ONCE_A_HOST = 2
"""Of one host that is no vendor's: it may be one small machine with the sites of many clients."""
MOST_THREADS = 24
"""Of all: each may hold a window's rows in memory, of the largest ten MB, while it parses or waits to hand over."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Sources of which so many are read at once: ``key`` names their credential or host, and tells nothing of it."""

    key: str
    at_once: int = AT_ONCE


def lane_of(settings: SourceSettings, kind: SourceType, *, client: str, home: Path, environ: Mapping[str, str]) -> Lane:
    """The lane of a source. One that can't be opened as its file has it, or asks no host, has one of its own."""
    alone = Lane(f"{client}/{settings.id}")
    with suppress(SourceError):
        secret = secret_resolver(settings, home=home, environ=environ, client=client)
        secrets = [secret(field) for field in settings.secrets()]
        base_url = resolve_base_url(settings, environ=environ, client=client)
        if kind.vendor_url is not None and (secrets or base_url is None):
            return Lane(credential_of(f"{base_url} {kind.vendor_url}", secrets))
        host = _host(base_url or _own_address(settings, secret, environ))
        if host is not None:
            return Lane(f"host {host}", AT_ONCE_A_HOST)
    return alone


def _own_address(settings: SourceSettings, secret: Callable[[str], str], environ: Mapping[str, str]) -> str:
    """Where a source is that has its address not as ``base_url``: a feed's, a file's, a database's."""
    if "url" in settings.secrets():
        return secret("url")
    given = getattr(settings, "url", None)
    return environ.get(given.env, "") if isinstance(given, EnvRef) else str(given or "")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


class Lanes(Generic[Task]):
    """Which task a free thread takes next, of tasks with their lanes. Safe to use from many threads."""

    def __init__(self, tasks: Iterable[tuple[Lane, Task]]) -> None:
        self._waiting: dict[Lane, deque[Task]] = {}
        for lane, task in tasks:
            self._waiting.setdefault(lane, deque()).append(task)
        self._running: Counter[Lane] = Counter()
        self._changed = threading.Condition()
        self._is_closed = False

    @property
    def at_once(self) -> int:
        """As many tasks as could ever run at once."""
        return sum(min(lane.at_once, len(tasks)) for lane, tasks in self._waiting.items())

    def take(self) -> tuple[Lane, Task] | None:
        """The next task, of the lane with most left to do; waits while all lanes are full. None: there is none left."""
        with self._changed:
            while not self._is_closed:
                left = [lane for lane, tasks in self._waiting.items() if tasks]
                if not left:
                    return None
                free = [lane for lane in left if self._running[lane] < lane.at_once]
                if free:
                    lane = max(free, key=lambda lane: len(self._waiting[lane]))
                    self._running[lane] += 1
                    return lane, self._waiting[lane].popleft()
                self._changed.wait()
        return None

    def done(self, lane: Lane) -> None:
        """A task of it has ended."""
        with self._changed:
            self._running[lane] -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
