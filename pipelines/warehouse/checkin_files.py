"""``checkins/CLIENT.csv`` in the home folder: read for a night, and added to by ``okr checkin``.

What belongs here: finding, reading and writing the files. What does not: their format
(``okr_models/checkins/file.py``), the table that a night keeps of them (``okr/checkins.py``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock

from okr_models.checkins.file import LAYOUTS, CheckIn, layout_of, read_checkins, with_row
from okr_models.client.model import Client
from pipelines.warehouse.home import Home

LOCK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInFile:
    """What a client's file gave. ``faults``: each as ``file:line: what is wrong``."""

    checkins: tuple[CheckIn, ...] = ()
    faults: tuple[str, ...] = ()


def key_results_of(client: Client) -> frozenset[str]:
    """Every key result as a check-in names it: ``objective/key_result``."""
    return frozenset(
        f"{objective.id}/{result.id}" for objective in client.objectives for result in objective.key_results
    )


def read_file(home: Home, client: Client, *, today: date) -> CheckInFile:
    """A client's check-ins; none where there is no file. A file that can't be read is a fault."""
    path = home.checkins_of(client.client)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return CheckInFile()
    except OSError as error:
        return CheckInFile(faults=(f"{_shown(path, home)}: can't be read: {error.strerror or error}",))
    rows, faults = read_checkins(content, key_results=key_results_of(client), today=today)
    return CheckInFile(
        checkins=rows, faults=tuple(f"{_shown(path, home)}:{fault.line}: {fault.message}" for fault in faults)
    )


def append(home: Home, client: Client, checkin: CheckIn) -> Path:
    """Add one row, whole or not at all: a reader or a crash never meets half a row. Raises ``NotACheckIn``.

    What stands in the file stays byte for byte, in the dialect that it has.
    """
    path = home.checkins_of(client.client)
    path.parent.mkdir(parents=True, exist_ok=True)
    # two who check in at once each keep their row
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS):
        content = path.read_bytes() if path.exists() else b""
        layout = layout_of(content) if content.strip(b"\xef\xbb\xbf \r\n") else LAYOUTS[client.csv_dialect]
        building = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with building.open("wb") as stream:
                stream.write(with_row(content, checkin, layout=layout))
                stream.flush()
                os.fsync(stream.fileno())
            building.replace(path)
        finally:
            building.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path


def _shown(path: Path, home: Home) -> str:
    return str(path.relative_to(home.root))
