"""``checkins/CLIENT.csv`` in the home folder: read for a night, and added to by ``okr checkin``.

What belongs here: finding, reading and writing the files. What does not: their format
(``okr_models/checkins/file.py``), the table that a night keeps of them (``okr/checkins.py``).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from okr_models.checkins.file import LAYOUTS, CheckIn, layout_of, read_checkins, with_row
from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.leftovers import write_whole
from pipelines.warehouse.db import DatabaseUnusable, open_published
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


def read_file(home: Home, client: Client, *, today: date, former: Collection[str] = ()) -> CheckInFile:
    """A client's check-ins; none where there is no file. A file that can't be read is a fault.

    ``former``: key results that were judged once and have left the client's file; what was said of them still counts.
    """
    path = home.checkins_of(client.client)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return CheckInFile()
    except OSError as error:
        return CheckInFile(faults=(f"{_shown(path, home)}: can't be read: {error.strerror or error}",))
    rows, faults = read_checkins(content, key_results=key_results_of(client) | set(former), today=today)
    return CheckInFile(
        checkins=rows, faults=tuple(f"{_shown(path, home)}:{fault.line}: {fault.message}" for fault in faults)
    )


def judged_before(con: duckdb.DuckDBPyConnection, schema: str) -> Mapping[str, frozenset[str]]:
    """By client every key result that ``schema``'s progress has a row of, as a check-in names it."""
    rows = con.execute(
        f"""
        select client, list(distinct objective_id || '/' || key_result_id)
        from {schema}.key_result_progress group by client
        """,  # noqa: S608 - okr or marts
    ).fetchall()
    return {client: frozenset(names) for client, names in rows}


def bad_rows(home: Home, clients: Iterable[Client], *, now: datetime) -> tuple[str, ...]:
    """What is wrong in the check-in files of ``clients`` as they are now, each as ``file:line: what is wrong``."""
    asked = [client for client in clients if home.checkins_of(client.client).exists()]
    former = _published_before(home) if asked else {}
    return tuple(
        fault
        for client in asked
        for fault in read_file(
            home,
            client,
            today=local_date(now, ZoneInfo(client.timezone)),
            former=former.get(client.client, ()),
        ).faults
    )


def _published_before(home: Home) -> Mapping[str, frozenset[str]]:
    if not home.published_database.exists():
        return {}
    try:
        with open_published(home) as con:
            return judged_before(con, "marts")
    except (DatabaseUnusable, duckdb.Error):
        return {}


def append(home: Home, client: Client, checkin: CheckIn) -> Path:
    """Add one row, whole or not at all: a reader or a crash never meets half a row. Raises ``NotACheckIn``.

    What stands in the file stays byte for byte, in the dialect that it has.
    """
    from filelock import FileLock

    path = home.checkins_of(client.client)
    path.parent.mkdir(parents=True, exist_ok=True)
    # two who check in at once each keep their row
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_SECONDS):
        content = path.read_bytes() if path.exists() else b""
        layout = layout_of(content) if content.strip(b"\xef\xbb\xbf \r\n") else LAYOUTS[client.csv_dialect]
        write_whole(path, with_row(content, checkin, layout=layout))
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path


def _shown(path: Path, home: Home) -> str:
    return str(path.relative_to(home.root))
