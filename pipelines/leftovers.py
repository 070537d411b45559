"""Files and folders that are made beside their target under the process's number, and those that killed processes left.

Whoever fills one holds a lock on it, which ends with the process, however that ends; one that nobody holds is a
leftover. What does not belong here: what is made.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

_NAME = re.compile(r"\..+\.okr-[0-9]+")
"""Nobody else's: exports may lie in a folder of a person's own, with a ``.python-3.11`` of theirs in it."""


def beside(target: Path) -> Path:
    """Where a process fills what becomes ``target``: a name of its own, so that two don't write into each other's."""
    return target.with_name(f".{target.name}.okr-{os.getpid()}")


def hold(descriptor: int) -> None:
    """Say that somebody fills what is open there, until it is closed."""
    with suppress(OSError):  # a file system without locks: nobody else gets one either, and nothing is removed
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def write_whole(path: Path, content: bytes) -> Path:
    """Replace ``path`` by ``content`` in one step: a reader sees the old file or the new one, never a part.

    What a killed process left half written beside it is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers_of(path)
    temporary = beside(path)
    try:
        with _held_file(temporary) as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _held_file(path: Path) -> BinaryIO:
    """An empty file that is held: again where another took it for a leftover between the two."""
    while True:
        stream = path.open("wb")
        hold(stream.fileno())
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(stream.fileno()).st_ino:
                return stream
        stream.close()


def remove_leftovers_of(target: Path) -> None:
    """What killed processes left of one target."""
    remove_leftovers(target.parent.glob(f".{escape(target.name)}.okr-*"))


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Those of ``paths`` that are named as ``beside`` names them and that nobody holds."""
    for path in paths:
        if _NAME.fullmatch(path.name) and not path.is_symlink():
            _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    # one that can't be told or removed is left: it costs room, and nothing else
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(descriptor)
