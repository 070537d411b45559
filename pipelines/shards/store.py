"""The store: a folder that all machines see, or a bucket. Files that never change, and documents changed by comparing.

What belongs here: the role, its errors, and what is a bounded retry. What does not: where it is kept (``folder.py``,
``bucket.py``) and what is kept in it (``state.py``, ``plan.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")
ATTEMPTS = 3
BETWEEN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it is now. ``tag`` names this state of it: another one is there once anybody has changed it."""

    content: bytes
    tag: str


class StoreUnavailable(RuntimeError):
    """The store did not do what it was asked; whether it did a part of it is not known. A retry may help."""

    def __init__(self, *, store: str, attempted: str, detail: str) -> None:
        super().__init__(f"the store {store} failed while {attempted}: {detail}; it is tried again the next night")


class Conflict(RuntimeError):
    """Somebody else changed a document first; what they wrote stands."""

    def __init__(self, *, store: str, key: str) -> None:
        super().__init__(f"{key} in {store} was changed by another process meanwhile; what that wrote stands")


class Missing(FileNotFoundError):
    """A file that a document names is not there."""

    def __init__(self, *, store: str, key: str) -> None:
        super().__init__(f"{key} is not in the store {store}")


class Store(Protocol):
    """Keys are paths with ``/``. A document is small and only changed by ``create`` and ``swap``; a file is whole.

    Every method raises ``StoreUnavailable`` where the store could not be asked.
    """

    address: str

    def read(self, key: str) -> Found | None:
        """A document; None where there is none."""

    def create(self, key: str, content: bytes) -> str:
        """A new document's tag. Raises ``Conflict`` where there is one."""

    def swap(self, key: str, content: bytes, *, tag: str) -> str:
        """The new tag of a document that still had ``tag``. Raises ``Conflict`` where it has another."""

    def put_file(self, key: str, path: Path) -> None:
        """Copy a file in, whole or not at all; over one of the same key."""

    def get_file(self, key: str, path: Path) -> None:
        """Copy a file out. Raises ``Missing``."""

    def has_file(self, key: str) -> bool:
        """Whether there is a file of that key."""

    def files(self, prefix: str) -> tuple[str, ...]:
        """Keys of the files below ``prefix`` (a folder, without a slash at its end), in order."""

    def drop_file(self, key: str) -> None:
        """Take a file away; one that is gone is no error."""


class Patient:
    """A store that asks again where it was not answered, a bounded number of times.

    A swap that failed may have been done all the same: a document that reads as it was to be written was ours, since no
    two writers write the same.
    """

    def __init__(self, store: Store, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store, self._sleep = store, sleep
        self.address = store.address

    def read(self, key: str) -> Found | None:
        return self._again(lambda: self._store.read(key))

    def create(self, key: str, content: bytes) -> str:
        return self._written(key, content, lambda: self._store.create(key, content))

    def swap(self, key: str, content: bytes, *, tag: str) -> str:
        return self._written(key, content, lambda: self._store.swap(key, content, tag=tag))

    def put_file(self, key: str, path: Path) -> None:
        self._again(lambda: self._store.put_file(key, path))

    def get_file(self, key: str, path: Path) -> None:
        self._again(lambda: self._store.get_file(key, path))

    def has_file(self, key: str) -> bool:
        return self._again(lambda: self._store.has_file(key))

    def files(self, prefix: str) -> tuple[str, ...]:
        return self._again(lambda: self._store.files(prefix))

    def drop_file(self, key: str) -> None:
        self._again(lambda: self._store.drop_file(key))

    def _again(self, action: Callable[[], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except StoreUnavailable:
                if attempt == ATTEMPTS:
                    raise
                self._sleep(BETWEEN_SECONDS * attempt)
        raise AssertionError("unreachable")

    def _written(self, key: str, content: bytes, action: Callable[[], str]) -> str:
        failed = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return action()
            except StoreUnavailable:
                failed = True
                if attempt == ATTEMPTS:
                    raise
                self._sleep(BETWEEN_SECONDS * attempt)
            except Conflict:
                found = self.read(key) if failed else None
                if found is not None and found.content == content:
                    return found.tag
                raise
        raise AssertionError("unreachable")
