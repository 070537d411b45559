"""One document a shard: its versions and who may make the next one. Every change of it is a compare-and-swap.

The lease is a part of the document that it guards, so fencing needs nothing more: whoever takes the lease changes the
document, and what an older holder then writes is refused, however long it slept. What belongs here: the document, and
holding its lease. What does not: what a version's files are (``files.py``) and where they lie (``store.py``).
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.shards.store import Conflict, Store, StoreUnavailable
from pipelines.warehouse.clock import SystemClock

LEASE_SECONDS = 120.0
"""A holder renews at a third of it. Clocks of the machines may differ by less than this; fencing needs no clock."""
KEPT_VERSIONS = 3
RUN_KEY = "shards/run"
"""The document whose lease one run, split or move holds at a time."""
_LOOK_AGAIN_SECONDS = 0.5


class Version(BaseModel):
    """What one night left of a shard. ``files``: SHA-256 by path in the home folder, ``clients``: whose rows it has.

    ``asked``: the clients that had a file in a night that succeeded; None where that is not known.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    run_id: str
    made_at: datetime
    clients: tuple[str, ...]
    files: Mapping[str, str]
    exit_code: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    asked: tuple[str, ...] | None = None


class Lease(BaseModel):
    """``fence`` is one more each time that the lease is taken. ``until``: NULL where it was given back."""

    model_config = ConfigDict(frozen=True)

    fence: int
    holder: str
    run_id: str
    until: datetime | None


class State(BaseModel):
    """``versions``: the newest last. ``exported``: the number of the version whose exports are out."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    versions: tuple[Version, ...] = Field(default=())
    exported: int = 0
    lease: Lease | None = None

    @property
    def newest(self) -> Version | None:
        return self.versions[-1] if self.versions else None


class Busy(RuntimeError):
    """Somebody else holds the lease."""

    def __init__(self, *, what: str, lease: Lease) -> None:
        self.lease = lease
        super().__init__(f"run {lease.run_id} ({lease.holder}) is at work on {what}; wait until it has ended")


class LeaseLost(RuntimeError):
    """Somebody else took the lease meanwhile; nothing was written."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"the lease of {what} ran out and another run took it; nothing of this one was kept")


def document_of(shard: int) -> str:
    """The key of a shard's document."""
    return f"shards/{shard:04}/state"


def file_key(shard: int, digest: str) -> str:
    """Where a shard's file of that content lies."""
    return f"shards/{shard:04}/files/{digest}"


def read_state(store: Store, key: str) -> State:
    """A document as it is; an empty one where there is none yet."""
    found = store.read(key)
    return State.model_validate_json(found.content) if found else State()


class Held:
    """A document while this process holds its lease. Safe to use from more than one thread."""

    def __init__(self, store: Store, key: str, state: State, tag: str, *, seconds: float) -> None:
        self.store, self.key = store, key
        self.state, self._tag, self._seconds = state, tag, seconds
        self._lock, self._ended = threading.Lock(), threading.Event()
        self.is_lost = False

    def keep(self) -> None:
        """Renew until ``end``, in a thread of its own. A store that fails is asked again while the lease lasts."""
        while not self._ended.wait(self._seconds / 3):
            try:
                self._change(lambda state: state.model_copy(update={"lease": self._renewed(state)}))
            except StoreUnavailable:
                continue
            except LeaseLost:
                return

    def add(self, version: Version) -> None:
        """Make ``version`` the newest. Raises ``LeaseLost``."""
        self._change(lambda state: state.model_copy(update={"versions": (*state.versions, version)[-KEPT_VERSIONS:]}))

    def exported(self, number: int) -> None:
        """Note that this version's exports are out. Raises ``LeaseLost``."""
        self._change(lambda state: state.model_copy(update={"exported": number}))

    def check(self) -> None:
        """Raise ``LeaseLost`` where somebody else has it by now."""
        self._change(lambda state: state.model_copy(update={"lease": self._renewed(state)}))

    def end(self) -> None:
        """Give the lease back; one that is lost, or a store that fails, is left to run out."""
        self._ended.set()
        try:
            self._change(lambda state: state.model_copy(update={"lease": self._given_back(state)}))
        except (LeaseLost, StoreUnavailable):
            return

    def _change(self, change: Callable[[State], State]) -> None:
        with self._lock:
            if self.is_lost:
                raise LeaseLost(what=self.key)
            state = change(self.state)
            try:
                self._tag = self.store.swap(self.key, _bytes(state), tag=self._tag)
            except Conflict as error:
                self.is_lost = True
                raise LeaseLost(what=self.key) from error
            self.state = state

    def _renewed(self, state: State) -> Lease | None:
        return state.lease and state.lease.model_copy(update={"until": _now() + timedelta(seconds=self._seconds)})

    def _given_back(self, state: State) -> Lease | None:
        return state.lease and state.lease.model_copy(update={"until": None})


@contextmanager
def held(
    store: Store,
    key: str,
    *,
    run_id: str,
    seconds: float = LEASE_SECONDS,
    wait: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Held]:
    """Hold a document's lease, renewed in the background. Raises ``Busy`` where somebody else has it.

    An earlier attempt of the same run is taken over from at once: the engine has given it up. With ``wait``, one that
    is not renewed is waited for until it runs out: its holder was killed.
    """
    mine = _taken(store, key, run_id=run_id, seconds=seconds, wait=wait, sleep=sleep)
    keeper = threading.Thread(target=mine.keep, name=f"lease of {key}", daemon=True)
    keeper.start()
    try:
        yield mine
    finally:
        mine.end()
        keeper.join(timeout=seconds)


def _taken(store: Store, key: str, *, run_id: str, seconds: float, wait: bool, sleep: Callable[[float], None]) -> Held:
    seen: tuple[str, datetime] | None = None
    while True:
        found = store.read(key)
        state = State.model_validate_json(found.content) if found else State()
        lease = state.lease
        if lease is not None and lease.until is not None and lease.until > _now() and lease.run_id != run_id:
            if not wait or (seen is not None and seen != (lease.holder, lease.until)):
                raise Busy(what=key, lease=lease)  # it is renewed: its holder lives
            seen = (lease.holder, lease.until)
            sleep(_LOOK_AGAIN_SECONDS)
            continue
        taken = Lease(
            fence=lease.fence + 1 if lease else 1,
            # by which one swap is told from another's of the same run
            holder=f"{socket.gethostname()}, process {os.getpid()}, {uuid.uuid4().hex[:8]}",
            run_id=run_id,
            until=_now() + timedelta(seconds=seconds),
        )
        state = state.model_copy(update={"lease": taken})
        try:
            tag = store.swap(key, _bytes(state), tag=found.tag) if found else store.create(key, _bytes(state))
        except Conflict:
            seen = None
            continue
        return Held(store, key, state, tag, seconds=seconds)


def _bytes(state: State) -> bytes:
    return state.model_dump_json(indent=1).encode()


def _now() -> datetime:
    # a lease is of this hour, whatever night the run is of (OKR_TODAY)
    return SystemClock().now()
