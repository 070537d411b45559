"""A folder filled beside its target, so that a client's files are of one night even where the making of one fails.

What belongs here: the folder while it is made, and what is left of it where a process was killed. What does not: what
is written into it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = re.compile(r"\..+\.[0-9]+")


@contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target``, gone afterwards; locked meanwhile, which says that somebody fills it."""
    # the process in its name, so that a night and an export by hand don't write into each other's
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        descriptor = _locked(aside)
        try:
            yield aside
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _locked(aside: Path) -> int:
    """Make the folder and lock it: again where another took it for a leftover between the two."""
    while True:
        aside.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(aside, os.O_RDONLY)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # a file system without locks: nobody else gets one either, and nothing is removed
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if aside.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """What killed processes left in the exports: folders that nobody holds, which would stay for ever."""
    for pattern in (".*", "*/.*"):
        for path in folder.glob(pattern):
            if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    # one that can't be told or removed is left: it costs room, and nothing else
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(descriptor)
