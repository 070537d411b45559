"""Opening the DuckDB files, and how statements are run on them: quoted, whole, and cleaned up after.

What belongs here: connections, and what every statement has to mind. What does not: any table (``schema.py``) and any
query.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipelines.warehouse.home import Home
from pipelines.warehouse.room import BadMemory, make_spill_folder, memory_limit, place_to_spill

Connection = duckdb.DuckDBPyConnection
Settings = dict[str, str | bool | int | float | list[str]]
Problem = Literal[
    "locked", "missing", "damaged", "damaged copy", "unreadable", "newer", "misnamed", "sharded", "misset"
]

CORES_VARIABLE = "OKR_CORES"
"""How many cores this process may use where others share the machine; unset: all."""
CATALOG = "warehouse"
"""Name under which the working database is attached."""

MISREAD = ("?", "\\")
"""Signs of a path that DuckDB takes for something else: where its log begins, a / between folders."""

_HOLDER = re.compile(r"\(PID (\d+)\)")
_CURES: dict[Problem, str] = {
    "misnamed": "DuckDB would look in another folder, as there is a {detail} in the path; name the folder without it",
    "sharded": "the home's clients are in shards, each with a database of its own: okr run --engine ray runs their"
    " nights; what needs the one database of a home can't be asked of it",
    "locked": "process{holder} has it open; wait for it to end or close it, and analyse published/okr.duckdb",
    "missing": "it does not exist yet; `okr run` makes it",
    "damaged": "it is damaged or no DuckDB database; put back a backup, or move it away{way}",
    "damaged copy": "it is damaged or no DuckDB database; okr run publishes it anew",
    "newer": "a newer version of this program made it; upgrade this one, or put back the backup from before",
    "misset": "write it so, or leave it out",
    "unreadable": "check that the folder exists and that this user may read and write it",
}
HANDED_OUT_FORMAT = "v1.2.0"
"""Of files that others open: what the drivers of BI tools read, which follow DuckDB by a year or two."""


class DatabaseUnusable(RuntimeError):
    """A DuckDB file could not be opened."""

    def __init__(self, *, path: Path, problem: Problem, detail: str, holder: int | None = None) -> None:
        self.path, self.problem, self.holder = path, problem, holder
        cure = _CURES[problem].format(holder=f" {holder}" if holder else "", way=way_from_damage(path), detail=detail)
        super().__init__(f"can't open {path}: {cure} [{detail}]")


def way_from_damage(path: Path) -> str:
    """What a run without the working database has back, and what is lost then."""
    if (path.parent.parent / "published" / "okr.duckdb").exists():
        return (
            " with its .wal: okr run then makes a new one, takes past results and the ledger over from published/ and"
            " reads again what the sources still give (counters of days gone by are lost)"
        )
    return (
        " with its .wal and let okr run load it anew; nothing is published to take over, so that past progress, how"
        " forecasts turned out and counters of days gone by are lost"
    )


def cure_of_damage(home: Home) -> str:
    """What helps where the working database turns out to be damaged while it is used."""
    return f"{home.database}: {_CURES['damaged'].format(way=way_from_damage(home.database))}"


def is_damage(detail: str) -> bool:
    """Whether DuckDB's words say that a file's content is wrong."""
    words = ("not a valid DuckDB", "Corrupt", "checksum", "Could not read enough bytes", "Serialization")
    return any(word in detail for word in words)


def quote(identifier: str) -> str:
    """An identifier for SQL text. Values never go through here: they are bound parameters."""
    if not identifier or "\x00" in identifier:
        raise ValueError(f"not an identifier: {identifier!r}")
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal for the few statements that take no bound parameter (comments, attach)."""
    return "'" + text.replace("'", "''") + "'"


def connect(home: Home, read_only: bool = False) -> Connection:
    """The working database as catalog ``warehouse``, sessions in UTC. Raises ``DatabaseUnusable``.

    Attached under a name of its own: opened directly, the file's name ``okr`` would make every ``okr.table``
    ambiguous between catalog and schema. A cursor of this connection needs its own ``use warehouse``.
    """
    if home.is_sharded:
        raise DatabaseUnusable(path=home.database, problem="sharded", detail="shards/plan")
    if not read_only:
        for sign in MISREAD:
            if sign in str(home.database):
                raise DatabaseUnusable(path=home.database, problem="misnamed", detail=sign)
        home.warehouse.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            make_spill_folder(home.warehouse)
    con = configured(duckdb.connect(config=settings(home.warehouse, home.database)))
    try:
        con.execute(f"attach {literal(str(home.database))} as {CATALOG} (read_only {'true' if read_only else 'false'})")
    except duckdb.Error as error:
        con.close()
        raise _explain(home.database, error) from error
    con.execute(f"use {CATALOG}")
    return con


def open_published(home: Home) -> Connection:
    """The published database, read-only, as it is now. Raises ``DatabaseUnusable``.

    The symlink is followed first: DuckDB shares one instance a path in a process, so opening the link's own name
    could give an older night that is still open elsewhere in this process.
    """
    path = home.published_database.resolve()
    try:
        return configured(duckdb.connect(str(path), read_only=True, config=settings(home.warehouse, path)))
    except duckdb.Error as error:
        raise _explain(path, error, damaged="damaged copy") from error


def spilling_in(warehouse: Path, file: Path) -> Settings:
    """The settings for other files than a home's own two, which are read and written in a folder of ours."""
    with suppress(OSError):
        make_spill_folder(warehouse)
    return settings(warehouse, file)


def settings(warehouse: Path, file: Path) -> Settings:
    """How ``file`` is opened: as much memory and as many threads as are allowed, and spilling in ``warehouse``.

    Extensions are never fetched: a night needs no other host than the sources. Raises ``DatabaseUnusable``.
    """
    given = os.environ.get(CORES_VARIABLE, "")
    cores = max(1, int(given)) if given.isdecimal() else None
    try:
        most = memory_limit(os.environ, threads=cores or os.cpu_count() or 1)
    except BadMemory as error:
        raise DatabaseUnusable(path=file, problem="misset", detail=str(error)) from error
    chosen: Settings = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": (place := place_to_spill(warehouse, file)),
    }
    if place:  # a reader who can spill nowhere has to hold all of an answer
        chosen["memory_limit"] = most
    return chosen | ({"threads": cores} if cores else {})


def configured(con: Connection) -> Connection:
    """The connection with the settings that every one of ours has: days begin by UTC unless a zone is named."""
    # global, so that cursors have it too; as a connect option DuckDB refuses it without network
    con.execute("set global timezone = 'UTC'")
    con.execute("set timezone = 'UTC'")
    # packing short strings before each sort costs the many small tables of a night a tenth of their time, and of 6.6
    # million rows saves neither time nor memory (docs/performance.md)
    con.execute("set global disabled_optimizers = 'compressed_materialization'")
    return con


def first_row(con: Connection, sql: str, parameters: object = None) -> tuple[Any, ...] | None:
    """The first row of an answer that is read to its end.

    Never ``fetchone``: it leaves the answer open, and a connection with an open answer refuses what comes next
    (``unregister``, a second cursor's commit), perhaps only where both are in one transaction.
    """
    rows = con.execute(sql, parameters).fetchall()
    return rows[0] if rows else None


@contextmanager
def registered(con: Connection, name: str, rows: object) -> Iterator[None]:
    """``rows`` (an Arrow table or a frame) can be read in SQL as ``name`` meanwhile."""
    con.register(name, rows)
    with _afterwards(lambda: con.unregister(name)):
        yield


@contextmanager
def afterwards(con: Connection, sql: str) -> Iterator[None]:
    """Runs ``sql`` when the block is left, however it is left."""
    with _afterwards(lambda: con.execute(sql)):
        yield


@contextmanager
def _afterwards(undo: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # an error has ended the transaction, and perhaps the whole database: that nothing can be cleaned up then is
        # no news, and must not stand in place of why
        with suppress(duckdb.Error):
            undo()
        raise
    undo()


_IN_TRANSACTION: set[int] = set()
"""Connections inside one; DuckDB does not say, and a second begin would spoil the first."""


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """All or nothing. What went wrong inside is raised after the rollback.

    Inside another one it is part of that: the outer one commits, or undoes it too.
    """
    if id(con) in _IN_TRANSACTION:
        yield
        return
    con.execute("begin transaction")
    _IN_TRANSACTION.add(id(con))
    try:
        yield
        con.execute("commit")
    except BaseException:
        # a failed commit has already rolled back; a second rollback must not hide why
        with suppress(duckdb.TransactionException):
            con.execute("rollback")
        raise
    finally:
        _IN_TRANSACTION.discard(id(con))


def _explain(path: Path, error: duckdb.Error, *, damaged: Problem = "damaged") -> DatabaseUnusable:
    detail = str(error).splitlines()[0]
    holder = _HOLDER.search(detail)
    if isinstance(error, duckdb.ResourceInUseException) or "Could not set lock" in detail:
        pid = int(holder.group(1)) if holder else os.getpid() if "already attached" in detail else None
        return DatabaseUnusable(path=path, problem="locked", detail=detail, holder=pid)
    if "database does not exist" in detail:
        return DatabaseUnusable(path=path, problem="missing", detail=detail)
    if is_damage(detail):
        return DatabaseUnusable(path=path, problem=damaged, detail=detail)
    return DatabaseUnusable(path=path, problem="unreadable", detail=detail)
