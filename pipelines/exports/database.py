"""One client's published tables as a database of its own, to hand out.

What belongs here: which rows, and the file. What does not: how a table is published (``pipelines/warehouse/publish``).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines import leftovers
from pipelines.exports.aside import made_aside
from pipelines.warehouse.db import HANDED_OUT_FORMAT, literal, quote, spilling_in

_FROM, _TO = "all_clients", "one_client"


class NotHandedOut(RuntimeError):
    """The file was not written; nothing is where it would be."""


def hand_out(published: Path, client: str, target: Path) -> int:
    """Write ``target``: every table and view of ``published`` with the client's rows alone; how many tables.

    A table without a column ``client`` says nothing of anybody and is left out. Raises ``NotHandedOut``.
    """
    if target.exists():
        raise NotHandedOut(f"{target} is there already and is left as it is")
    leftovers.remove_leftovers_of(target)
    try:
        with (
            made_aside(target) as aside,
            duckdb.connect(config=spilling_in(published.parent.parent / "warehouse", target)) as con,
        ):
            building = aside / target.name
            con.execute(f"attach {literal(str(published))} as {_FROM} (read_only)")
            con.execute(f"attach {literal(str(building))} as {_TO} (storage_version {literal(HANDED_OUT_FORMAT)})")
            count = _copy(con, client)
            con.execute(f"detach {_TO}")
            building.replace(target)
    except (OSError, duckdb.Error) as error:
        raise NotHandedOut(f"{target} can't be written: {str(error).splitlines()[0]}") from error
    return count


def _copy(con: duckdb.DuckDBPyConnection, client: str) -> int:
    tables = con.execute(
        """
        select schema_name, table_name, comment from duckdb_tables()
        where database_name = $from and (database_name, schema_name, table_name) in (
            select (database_name, schema_name, table_name) from duckdb_columns() where column_name = 'client'
        )
        union all
        -- of a home in shards the large marts are views over files of every client: they become tables of one
        select schema_name, view_name, comment from duckdb_views()
        where database_name = $from and contains(sql, 'read_parquet(')
        order by all
        """,
        {"from": _FROM},
    ).fetchall()
    for schema, name, comment in tables:
        con.execute(f"create schema if not exists {_TO}.{quote(schema)}")
        place = f"{quote(schema)}.{quote(name)}"
        con.execute(
            f"create table {_TO}.{place} as select * from {_FROM}.{place} where client = ?",  # noqa: S608 - quoted
            [client],
        )
        _comment(con, "table", f"{_TO}.{place}", comment)
        columns = con.execute(
            "select column_name, comment from duckdb_columns()"
            " where database_name = ? and schema_name = ? and table_name = ?",
            [_FROM, schema, name],
        ).fetchall()
        for column, meaning in columns:
            _comment(con, "column", f"{_TO}.{place}.{quote(column)}", meaning)
    views = con.execute(
        "select schema_name, view_name, sql, comment from duckdb_views() where database_name = ? and not internal",
        [_FROM],
    ).fetchall()
    con.execute(f"use {_TO}")
    made = {(schema, name) for schema, name, _ in tables}
    waiting = sorted(view for view in views if view[:2] not in made)
    # a view over a view comes after it; one over a table that says nothing of the client never does
    while waiting:
        left = [view for view in waiting if not _made(con, *view)]
        if len(left) == len(waiting):
            break
        waiting = left
    con.execute("use memory")
    return len(tables)


def _made(con: duckdb.DuckDBPyConnection, schema: str, name: str, sql: str, comment: str | None) -> bool:
    try:
        con.execute(sql)
    except duckdb.CatalogException:
        return False
    _comment(con, "view", f"{_TO}.{quote(schema)}.{quote(name)}", comment)
    return True


def _comment(con: duckdb.DuckDBPyConnection, kind: str, place: str, meaning: str | None) -> None:
    if meaning:
        con.execute(f"comment on {kind} {place} is {literal(meaning)}")
