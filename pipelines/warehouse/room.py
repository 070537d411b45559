"""How much memory DuckDB may hold, and where it puts what does not fit: in the home folder, never beside what is read.

What belongs here: the setting, the folder and what a killed process left in it. What does not: connections (``db.py``).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

MEMORY_VARIABLE = "OKR_MEMORY"
"""The most that one connection's tables, caches and half-done work may take of memory, such as ``2GB``."""
LEAST_MEGABYTES = 400
MEGABYTES_A_CORE = 100
"""Each thread that sorts or groups has buffers of its own, which can't be put aside."""
MORE_MEMORY = f"let DuckDB hold more of it: {MEMORY_VARIABLE}=4GB in the environment"
SPILL = "spill"
"""The folder in ``warehouse/`` with a place for each connection that needs one."""
OWN_ONLY = 0o700
DAY_SECONDS = 24 * 60 * 60

_SIZE = re.compile(r"[1-9][0-9]*\s*[kmgt]i?b", re.IGNORECASE)
_MINE: dict[Path, str] = {}
"""Places of this process, by the file that is open."""


class BadMemory(ValueError):
    """The setting is no size."""

    def __init__(self, given: str) -> None:
        super().__init__(f"{MEMORY_VARIABLE} is {given!r}, and must be a size such as 800MB or 4GB")


def memory_limit(environ: Mapping[str, str], *, threads: int) -> str:
    """The size, as DuckDB reads it. Raises ``BadMemory``."""
    given = environ.get(MEMORY_VARIABLE, "").strip()
    if not given:
        return f"{max(LEAST_MEGABYTES, MEGABYTES_A_CORE * threads)}MB"
    if not _SIZE.fullmatch(given):
        raise BadMemory(given)
    return given


def is_short(detail: str) -> bool:
    """Whether DuckDB's words say that the memory it may hold was too little, also with what it can spill."""
    return "Out of Memory Error" in detail


def spill_folder(warehouse: Path) -> Path:
    """Where they lie, whether it is there or not."""
    return warehouse / SPILL


def make_spill_folder(warehouse: Path) -> None:
    """Have it, for nobody else to read, and without what a killed process left."""
    folder = spill_folder(warehouse)
    folder.mkdir(mode=OWN_ONLY, parents=True, exist_ok=True)
    with suppress(OSError):  # another user's, who keeps it so
        folder.chmod(OWN_ONLY)
    sweep(folder)


def place_to_spill(warehouse: Path, file: Path) -> str:
    """Where what is read of ``file`` spills: DuckDB makes it when it needs it and takes it away when it is closed.

    Empty, which is nowhere, for one who may not write to the home folder. One place for each file of a process, as
    DuckDB has one instance for each and refuses to open it by other settings.
    """
    folder = spill_folder(warehouse)
    if not os.access(folder, os.W_OK | os.X_OK):
        return ""
    # two containers over one folder may have a process of the same number
    name = _MINE.setdefault(file, f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(4)}")
    return str(folder / name)


def sweep(folder: Path) -> None:
    """Take away the places of processes that are no more."""
    for place in folder.iterdir():
        with suppress(FileNotFoundError):  # its own process took it away
            if place.name not in _MINE.values() and _is_left(place):
                shutil.rmtree(place, ignore_errors=True)


def _is_left(place: Path) -> bool:
    """Whether its process is gone; of another machine's that can't be asked, and after a day nobody is at work."""
    node, _, pid = place.name.rpartition("-")[0].rpartition("-")
    if node == os.uname().nodename and pid.isdecimal():
        return int(pid) == os.getpid() or not _is_alive(int(pid))
    with tempfile.TemporaryFile(dir=place.parent) as now:  # by the clock that dates the files
        return os.fstat(now.fileno()).st_mtime - place.stat().st_mtime > DAY_SECONDS


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
