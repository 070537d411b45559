"""One run at a time in a home folder, whether from ``okr run``, the schedule or the UI.

The operating system holds the lock, so a killed process leaves none behind; who holds it is written beside it. What
does not belong here: DuckDB's own file lock, which guards the database but can't say which run is going on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.warehouse.home import Home


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that holds the lock. ``started_at`` is ISO 8601, by the program's clock."""

    pid: int
    run_id: str
    started_at: str

    def __str__(self) -> str:
        return f"run {self.run_id} (process {self.pid}, started {self.started_at})"


class RunInProgress(RuntimeError):
    """Another run is going on in this home folder."""

    def __init__(self, *, home: Path, holder: Holder | None) -> None:
        self.holder = holder
        who = str(holder) if holder else "a run"
        super().__init__(f"{who} is already going on in {home}; wait until it has ended")


@contextmanager
def run_lock(home: Home, *, run_id: str, now: datetime) -> Iterator[Holder]:
    """Hold the home folder's lock. Raises ``RunInProgress`` at once where it is taken."""
    home.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.lock, is_singleton=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise RunInProgress(home=home.root, holder=_read_holder(home)) from error
    holder = Holder(os.getpid(), run_id, now.isoformat())
    note = _holder_path(home)
    try:
        # beside the lock file, because taking the lock may truncate it; replaced whole, so a reader sees all or none
        temporary = note.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        temporary.replace(note)
        yield holder
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder_path(home: Home) -> Path:
    return home.lock.with_suffix(".json")


def _read_holder(home: Home) -> Holder | None:
    try:
        return Holder(**json.loads(_holder_path(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
