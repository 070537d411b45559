"""The working database made ready for one run: of this version's schema, and with what a lost one can have back.

What belongs here: the order, the schema's version and its migrations. What does not: connections (``db.py``) and the
tables (``schema.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from pipelines.warehouse.db import CATALOG, Connection, DatabaseUnusable, connect, first_row, transaction
from pipelines.warehouse.home import Home
from pipelines.warehouse.schema import declared_fingerprint, declared_tables, ensure_schema
from pipelines.warehouse.takeover import TakenOver, take_over

VERSION = 1
"""Of the schema. One more for a change that ``ensure_schema`` can't make by itself, with its migration."""
MIGRATIONS: dict[int, Callable[[Connection], None]] = {}
"""What brings a database of the version before to this one; absent: tables and columns that are only added."""
_MAKE = "create table if not exists meta.schema_version (version integer not null)"
_MAKE_DECLARED = "create table if not exists meta.declared (fingerprint varchar not null)"
_SPARE = "okr.before-schema-{version}.duckdb"


def open_warehouse(home: Home) -> Connection:
    """The working database, ready for use. Raises ``DatabaseUnusable``, also for one of a newer schema."""
    prepare(home)
    con = connect(home)
    try:
        make_ready(con, home)
    except BaseException:
        con.close()
        raise
    return con


def prepare(home: Home) -> None:
    """Before it is opened for writing: a newer one is refused, and of an older one a copy is kept beside it.

    Raises ``DatabaseUnusable``.
    """
    if not home.database.exists():
        return
    con = connect(home, read_only=True)
    try:
        found = version_of(con)
    finally:
        con.close()
    if found is not None and found > VERSION:
        detail = f"its schema is {found}, this version's {VERSION}"
        raise DatabaseUnusable(path=home.database, problem="newer", detail=detail)
    if found is not None and found < VERSION:
        keep_spare(home, version=found)


def make_ready(con: Connection, home: Home) -> TakenOver | None:
    """Bring the schema to this version, and let a new database take over what is published; what that was."""
    migrate(con, version_of(con))
    return take_over(con, home)


def version_of(con: Connection) -> int | None:
    """The schema's version; 0 where it was made before there were any, None where there is no table yet."""
    known = _tables(con)
    if ("meta", "schema_version") in known:
        row = first_row(con, "select max(version) from meta.schema_version")
        return int(row[0]) if row and row[0] is not None else 0
    return 0 if ("ops", "loads") in known else None


def _tables(con: Connection) -> list[tuple[str, str]]:
    return con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ?", [CATALOG]
    ).fetchall()


def migrate(con: Connection, found: int | None) -> None:
    """Bring the schema to ``VERSION``, all of it or nothing; one that this version made and nobody changed is left."""
    declared = declared_fingerprint()
    if found == VERSION and _is_as_declared(con, declared):
        return
    with transaction(con):
        for version in range((found or 0) + 1, VERSION + 1):
            if found is not None and version in MIGRATIONS:
                MIGRATIONS[version](con)
        ensure_schema(con)
        if found != VERSION:
            con.execute("create schema if not exists meta")
            con.execute(_MAKE)
            con.execute("delete from meta.schema_version")
            con.execute("insert into meta.schema_version values (?)", [VERSION])
        con.execute(_MAKE_DECLARED)
        con.execute("delete from meta.declared")
        con.execute("insert into meta.declared values (?)", [declared])


def _is_as_declared(con: Connection, fingerprint: str) -> bool:
    """Whether the tables were made of what is declared now, and none is missing: asking costs less than making."""
    there = {(schema, name) for schema, name in _tables(con)}
    if ("meta", "declared") not in there or any((t.schema, t.name) not in there for t in declared_tables()):
        return False
    return first_row(con, "select max(fingerprint) from meta.declared") == (fingerprint,)


def keep_spare(home: Home, *, version: int) -> Path:
    """A copy of the closed database, and of its log, as that version left it; one that is there already stays."""
    spare = home.warehouse / _SPARE.format(version=version)
    if not spare.exists():
        log = home.database.with_name(home.database.name + ".wal")
        for source, target in ((log, spare.with_name(spare.name + ".wal")), (home.database, spare)):
            if source.exists():
                building = target.with_name(target.name + ".tmp")
                shutil.copyfile(source, building)
                building.replace(target)
    return spare
