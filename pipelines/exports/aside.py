"""A folder filled beside its target, so that a client's files are of one night even where the making of one fails.

What belongs here: the folder while it is made, and where in the exports a killed process may have left one. What does
not: what is written into it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines import leftovers


@contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target``, gone afterwards; held meanwhile, which says that somebody fills it."""
    aside = leftovers.beside(target)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        descriptor = _held(aside)
        try:
            yield aside
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _held(aside: Path) -> int:
    """Make the folder and hold it: again where another took it for a leftover between the two."""
    # what it lies in first: a fault of that is every client's, and in the same words
    aside.parent.mkdir(parents=True, exist_ok=True)
    while True:
        aside.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(aside, os.O_RDONLY)
        except FileNotFoundError:
            continue
        leftovers.hold(descriptor)
        with suppress(FileNotFoundError):
            if aside.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """What killed processes left in the exports: folders that nobody holds, which would stay for ever."""
    for pattern in (".*", "*/.*"):
        leftovers.remove_leftovers(path for path in folder.glob(pattern) if path.is_dir())
