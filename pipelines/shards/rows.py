"""Clients' rows in DuckDB files: whose are there, taking some away, and bringing them from another file.

What belongs here: whole rows by their column ``client``, of whatever table has one; a new table of the warehouse needs
no line here. What does not: which client goes where (``plan.py``) and the store (``moving.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.warehouse.db import Connection, configured, literal, quote, spilling_in

_MINE, _OTHER, _NEW = "mine", "other", "compacted"


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]
    """Names and types."""

    def at(self, catalog: str) -> str:
        return f"{quote(catalog)}.{quote(self.schema)}.{quote(self.name)}"


def clients_in(path: Path) -> frozenset[str]:
    """Every client that has a row in a table of the file."""
    with _opened(path, read_only=True) as con:
        tables = _tables(con, _MINE)
        if not tables:
            return frozenset()
        every = " union ".join(f"select client from {table.at(_MINE)}" for table in tables)  # noqa: S608
        rows = con.execute(f"select client from ({every}) where client is not null").fetchall()  # noqa: S608 - quoted
        return frozenset(client for (client,) in rows)


def counted(path: Path) -> dict[tuple[str, str], int]:
    """How many rows each client has in each table of the file, those without any left out."""
    found: dict[tuple[str, str], int] = {}
    with _opened(path, read_only=True) as con:
        for table in _tables(con, _MINE):
            rows = con.execute(f"select client, count(*) from {table.at(_MINE)} group by client").fetchall()  # noqa: S608
            found |= {(client, f"{table.schema}.{table.name}"): count for client, count in rows}
    return found


def keep_only(path: Path, clients: Collection[str]) -> None:
    """Take the rows of all others away. The file gives the room back."""
    with _opened(path) as con:
        for table in _tables(con, _MINE):
            con.execute(
                f"delete from {table.at(_MINE)} where not list_contains($kept, client)",  # noqa: S608 - quoted
                {"kept": sorted(clients)},
            )
    _compact(path)


def take_away(path: Path, clients: Collection[str]) -> None:
    """Take the rows of these clients away."""
    with _opened(path) as con:
        _delete(con, clients)
    _compact(path)


def bring(path: Path, other: Path, clients: Collection[str]) -> None:
    """Have the rows of these clients that ``other`` has in place of whatever ``path`` had of them."""
    with _opened(path) as con:
        _delete(con, clients)
        con.execute(f"attach {literal(str(other))} as {_OTHER} (read_only)")
        mine = {(table.schema, table.name): table for table in _tables(con, _MINE)}
        for table in _tables(con, _OTHER):
            there = mine.get((table.schema, table.name))
            if there is None:
                con.execute(f"create schema if not exists {_MINE}.{quote(table.schema)}")
                con.execute(f"create table {table.at(_MINE)} as from {table.at(_OTHER)} limit 0")
            else:
                had = dict(there.columns)
                for column, kind in table.columns:
                    if column not in had:
                        con.execute(f"alter table {table.at(_MINE)} add column {quote(column)} {kind}")
            con.execute(
                f"insert into {table.at(_MINE)} by name select * from {table.at(_OTHER)}"  # noqa: S608 - quoted
                " where list_contains($brought, client)",
                {"brought": sorted(clients)},
            )
        _doubt_models(con)
        con.execute(f"detach {_OTHER}")


def _doubt_models(con: Connection) -> None:
    """Have a model's table made anew that now holds rows which other SQL made: no part of them would look changed."""
    builds, place = "(schema_name, table_name, fingerprint)", "cache.model_builds"
    with_notes = {
        catalog
        for (catalog,) in con.execute(
            "select database_name from duckdb_tables() where schema_name || '.' || table_name = ?", [place]
        ).fetchall()
    }
    if _MINE in with_notes:
        same = f" where {builds} not in (select {builds} from {_OTHER}.{place})" if _OTHER in with_notes else ""  # noqa: S608 - constants
        con.execute(f"delete from {_MINE}.{place}{same}")  # noqa: S608 - constants


def _delete(con: Connection, clients: Collection[str]) -> None:
    for table in _tables(con, _MINE):
        con.execute(
            f"delete from {table.at(_MINE)} where list_contains($gone, client)",  # noqa: S608 - quoted
            {"gone": sorted(clients)},
        )


def _tables(con: Connection, catalog: str) -> list[_Table]:
    rows = con.execute(
        """
        select schema_name, table_name, list((column_name, data_type) order by column_index)
        from duckdb_columns()
        where database_name = $catalog and (schema_name, table_name) in (
            select (schema_name, table_name) from duckdb_tables() where database_name = $catalog
        )
        group by all having bool_or(column_name = 'client')
        order by schema_name, table_name
        """,
        {"catalog": catalog},
    ).fetchall()
    return [_Table(schema, name, tuple(columns)) for schema, name, columns in rows]


def _compact(path: Path) -> None:
    """DuckDB reuses the room of deleted rows but keeps the file's length: copied, it is as long as what is in it."""
    building = path.with_name(f"{path.name}.{_NEW}")
    building.unlink(missing_ok=True)
    with _opened(path, read_only=True) as con:
        con.execute(f"attach {literal(str(building))} as {_NEW}")
        con.execute(f"copy from database {_MINE} to {_NEW}")
        con.execute(f"detach {_NEW}")
    building.replace(path)


@contextmanager
def _opened(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    if not read_only:
        path.chmod(path.stat().st_mode | 0o200)  # what is published is read-only
    con = configured(duckdb.connect(config=spilling_in(path.parent, path)))
    try:
        con.execute(f"attach {literal(str(path))} as {_MINE}{' (read_only)' if read_only else ''}")
        yield con
        con.execute(f"detach {_MINE}")
    finally:
        con.close()


def copied(source: Path, target: Path) -> Path:
    """A copy that may be changed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target
