"""A store in a folder that all machines see at the same path: a local disk, NFS or another shared file system.

A document is a folder of numbered states, each made by a hard link, which is made whole or fails where the number is
taken, on NFS too. So two writers that saw the same state can't both write the next one, without a lock that a killed
process would keep. What does not belong here: retries (``store.py``).
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.shards.store import Conflict, Found, Missing, StoreUnavailable

KEPT_STATES = 4
_STATE = ".state"
_ASIDE = ".aside-"


class FolderStore:
    """Keys are paths below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)

    def read(self, key: str) -> Found | None:
        with self._asked(f"reading {key}"):
            while True:
                newest = max(self._states(key), default=0)
                if not newest:
                    return None
                try:
                    return Found(self._state(key, newest).read_bytes(), str(newest))
                except FileNotFoundError:
                    continue  # a newer one came and this one went meanwhile

    def create(self, key: str, content: bytes) -> str:
        return self._write(key, content, after=0)

    def swap(self, key: str, content: bytes, *, tag: str) -> str:
        return self._write(key, content, after=int(tag))

    def put_file(self, key: str, path: Path) -> None:
        target = self.root / key
        with self._asked(f"writing {key}"), self._aside(target) as aside:
            shutil.copyfile(path, aside)
            _sync(aside)
            aside.replace(target)
            _sync(target.parent)

    def get_file(self, key: str, path: Path) -> None:
        with self._asked(f"reading {key}"):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                # with its mode: a secret that everybody may read is refused where it is read
                shutil.copy(self.root / key, path)
            except FileNotFoundError as error:
                raise Missing(store=self.address, key=key) from error

    def has_file(self, key: str) -> bool:
        with self._asked(f"looking for {key}"):
            return (self.root / key).is_file()

    def files(self, prefix: str) -> tuple[str, ...]:
        with self._asked(f"listing {prefix}"):
            found = (path for path in (self.root / prefix).rglob("*") if path.is_file())
            return tuple(
                sorted(
                    path.relative_to(self.root).as_posix()
                    for path in found
                    if not path.name.startswith(_ASIDE) and not path.parent.name.endswith(_STATE)
                )
            )

    def drop_file(self, key: str) -> None:
        with self._asked(f"removing {key}"):
            (self.root / key).unlink(missing_ok=True)

    def _write(self, key: str, content: bytes, *, after: int) -> str:
        target = self._state(key, after + 1)
        with self._asked(f"writing {key}"), self._aside(target) as aside:
            if max(self._states(key), default=0) != after:
                raise Conflict(store=self.address, key=key)
            aside.write_bytes(content)
            _sync(aside)
            try:
                os.link(aside, target)
            except FileExistsError as error:
                raise Conflict(store=self.address, key=key) from error
            _sync(target.parent)
            states = sorted(self._states(key))
            if states[-1] != after + 1:
                # the states after ours were written and ours removed before we wrote it: it never was the newest
                target.unlink(missing_ok=True)
                raise Conflict(store=self.address, key=key)
            for old in states[:-KEPT_STATES]:
                self._state(key, old).unlink(missing_ok=True)
        return str(after + 1)

    def _states(self, key: str) -> list[int]:
        folder = self.root / f"{key}{_STATE}"
        return [int(path.name) for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []

    def _state(self, key: str, number: int) -> Path:
        return self.root / f"{key}{_STATE}" / f"{number:012}"

    @contextmanager
    def _aside(self, target: Path) -> Iterator[Path]:
        """A path beside ``target`` that is gone afterwards."""
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f"{_ASIDE}{uuid.uuid4().hex}")
        try:
            yield aside
        finally:
            aside.unlink(missing_ok=True)

    @contextmanager
    def _asked(self, attempted: str) -> Iterator[None]:
        try:
            yield
        except Missing:
            raise
        except OSError as error:
            raise StoreUnavailable(
                store=self.address, attempted=attempted, detail=error.strerror or str(error)
            ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
