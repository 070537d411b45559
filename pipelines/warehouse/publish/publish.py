"""The published database: built fresh in a temporary file, then swapped in whole (INTERFACE.md, section 1).

A reader never waits, never blocks a run and never sees half of one: the link is replaced in one step, and the file a
reader has open stays what it was. What belongs here: the file and its swap. What does not: the rows' meaning
(``tables.py`` says what is copied, ``dbt_like_sql`` and the OKR step what it says).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import nullcontext
from pathlib import Path

from pipelines.warehouse.db import HANDED_OUT_FORMAT, Connection, afterwards, literal, quote
from pipelines.warehouse.home import Home
from pipelines.warehouse.publish.tables import copy_tables
from pipelines.warehouse.served import served_beside

KEPT = 3
READ_ONLY = 0o444
_BUILDING = "building-"
_ALIAS = "publication"


def publish(con: Connection, home: Home, *, run_id: str, held: Collection[str] = ()) -> Path:
    """Build and swap in the published database; the path of the new file.

    Of the clients that are ``held`` back it has what was published before. Runs outside any transaction,
    under the run lock. Whatever goes wrong, the database published before stays.
    """
    home.published.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(home)
    building = home.published / f"{_BUILDING}{os.getpid()}.duckdb"
    try:
        with served_beside(con, home) if held else nullcontext():
            _build(con, building, held=held)
        return put_in_place(building, home, run_id=run_id)
    except BaseException:
        _remove_leftovers(home)
        raise


def put_in_place(building: Path, home: Home, *, run_id: str) -> Path:
    """Make a finished file the one that is published; its path. It lies in ``home.published`` already."""
    _sync(building)
    building.chmod(READ_ONLY)
    final = _free_name(home, run_id)
    building.rename(final)
    _sync(home.published)
    _swap_link(home, final)
    _drop_old(home, keep=final)
    return final


def _build(con: Connection, path: Path, *, held: Collection[str]) -> None:
    con.execute(f"attach {literal(str(path))} as {quote(_ALIAS)} (storage_version {literal(HANDED_OUT_FORMAT)})")
    with afterwards(con, f"detach {quote(_ALIAS)}"):
        copy_tables(con, target=_ALIAS, held=held)
        con.execute(f"checkpoint {quote(_ALIAS)}")


def _free_name(home: Home, run_id: str) -> Path:
    """``okr-<run>.duckdb``, numbered where the same run published before."""
    run = re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id).strip("-.") or "run"
    path, number = home.published / f"okr-{run}.duckdb", 1
    while path.exists():
        number += 1
        path = home.published / f"okr-{run}-{number}.duckdb"
    return path


def _swap_link(home: Home, target: Path) -> None:
    temporary = home.published / f"{_BUILDING}{os.getpid()}.link"
    temporary.symlink_to(target.name)
    temporary.replace(home.published_database)
    _sync(home.published)


def _remove_leftovers(home: Home) -> None:
    """What a killed run was building; nobody reads it."""
    for path in home.published.glob(f"{_BUILDING}*"):
        path.unlink(missing_ok=True)


def _drop_old(home: Home, *, keep: Path) -> None:
    """Keep the newest files. A reader that still has an older one open keeps it until it closes."""
    files = [path for path in home.published.glob("okr-*.duckdb") if path != keep and not path.is_symlink()]
    files.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    for path in files[KEPT - 1 :]:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
