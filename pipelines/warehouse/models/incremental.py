"""Bringing an incremental model's table up to date, as dbt's delete+insert does: its hooks, then its changed parts.

What is derived again is the SQL's own affair: it compares a fingerprint of what each part rests on with the one kept in
the table (``macros/incremental.sql``). Here is decided whether that may be trusted at all: only a table that this very
SQL made, and all the SQL above it. What does not belong here: a whole build (``runner.py``). The note of the SQL is
kept in schema ``cache``: dropping it loses time only.
"""

from __future__ import annotations

import duckdb

from pipelines.warehouse.db import Connection, quote
from pipelines.warehouse.models.project import Increment, Model
from pipelines.warehouse.tables import names

INCOMING = "incoming_rows_of_model"


def is_made_by_this_sql(con: Connection, model: Model) -> bool:
    """Whether the model's table is there and was made by the SQL that the project has now."""
    _ensure(con)
    return bool(
        con.execute(
            "select 1 from duckdb_tables() inner join cache.model_builds using (schema_name, table_name)"
            " where database_name = current_database() and schema_name = ? and table_name = ? and fingerprint = ?",
            [model.schema, model.name, _fingerprint(model)],
        ).fetchall()
    )


def note_sql(con: Connection, model: Model) -> None:
    """Note which SQL made the table, in the transaction that makes it."""
    _ensure(con)
    con.execute(
        "insert or replace into cache.model_builds (schema_name, table_name, fingerprint) values (?, ?, ?)",
        [model.schema, model.name, _fingerprint(model)],
    )


def bring_up_to_date(con: Connection, model: Model, increment: Increment) -> int:
    """Replace what changed, in the caller's transaction. Returns the rows derived."""
    place = f"{quote(model.schema)}.{quote(model.name)}"
    for statement in increment.hooks:
        con.execute(statement)
    con.execute(f"create or replace temp table {INCOMING} as\n{increment.sql}")
    derived = con.execute(f"select count(*) from {INCOMING}").fetchall()[0][0]  # noqa: S608 - a constant
    if derived:
        same = " and ".join(f"incoming.{quote(column)} = built.{quote(column)}" for column in increment.key)
        con.execute(
            f"delete from {place} as built using (select distinct {names(increment.key)} from {INCOMING}) as incoming"  # noqa: S608 - quoted
            f" where {same}"
        )
        columns = names(column.name for column in model.columns)
        con.execute(f"insert into {place} ({columns}) select {columns} from {INCOMING} order by {names(model.grain)}")  # noqa: S608 - quoted
    con.execute(f"drop table {INCOMING}")
    return int(derived)


def _fingerprint(model: Model) -> str:
    # its functions, and the hash that parts are compared by, are DuckDB's own and may change with its next version
    return f"{model.fingerprint} {duckdb.__version__}"


def _ensure(con: Connection) -> None:
    con.execute("create schema if not exists cache")
    con.execute(
        "create table if not exists cache.model_builds (schema_name varchar not null, table_name varchar not null,"
        " fingerprint varchar not null, primary key (schema_name, table_name))"
    )
