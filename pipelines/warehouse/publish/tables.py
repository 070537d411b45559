"""Which tables are published, and their copy with DDL, rows and comments.

Published: schema ``marts`` (the SQL marts and the ``okr`` result tables, and the views of their newest rows) and schema
``ops``. Nothing of ``raw``: no vendor's reply leaves the working database. What does not belong here: files and links
(``publish.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.warehouse.db import Connection, afterwards, first_row, literal, quote
from pipelines.warehouse.okr.tables import OKR_TABLES
from pipelines.warehouse.publish.views import VIEWS, View
from pipelines.warehouse.tables import names

PUBLISHED_FROM = {"marts": "marts", "okr": "marts", "ops": "ops"}
"""Schema in the published database, by schema in the working one."""


class PublishRefused(RuntimeError):
    """What was built can't be published; the database published before stays."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"not published: {problem}; the database published before stays")


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    nullable: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class _Copy:
    """One table or view of the working database, to be a table in the published one."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[_Column, ...]
    key: tuple[str, ...]

    @property
    def source(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    def target(self, catalog: str) -> str:
        return f"{quote(catalog)}.{quote(PUBLISHED_FROM[self.schema])}.{quote(self.name)}"


def copy_tables(con: Connection, *, target: str) -> None:
    """Copy everything published into the attached, empty catalog ``target``, in one fixed order."""
    copies = _copies(con)
    _refuse_twice(copies)
    for schema in sorted(set(PUBLISHED_FROM.values())):
        con.execute(f"create schema {quote(target)}.{quote(schema)}")
    for copy in copies:
        _copy(con, copy, target=target)
    published = {copy.name: copy for copy in copies if PUBLISHED_FROM[copy.schema] == "marts"}
    for view in VIEWS:
        # there is none of a mart that was never built
        if view.table in published:
            _view(con, view, published[view.table], target=target)


def _copies(con: Connection) -> list[_Copy]:
    found = con.execute(
        """
        select schema_name, table_name, comment from duckdb_tables()
        where database_name = current_database() and not temporary and list_contains(?, schema_name)
        union all
        select schema_name, view_name, comment from duckdb_views()
        where database_name = current_database() and not temporary and list_contains(?, schema_name)
        """,
        [list(PUBLISHED_FROM), list(PUBLISHED_FROM)],
    ).fetchall()
    keys = dict(
        con.execute(
            """
            select schema_name || '.' || table_name, constraint_column_names from duckdb_constraints()
            where database_name = current_database() and constraint_type = 'PRIMARY KEY'
            """
        ).fetchall()
    )
    return [
        _Copy(schema, name, comment, _columns(con, schema, name), tuple(keys.get(f"{schema}.{name}", ())))
        for schema, name, comment in sorted(found, key=lambda row: (PUBLISHED_FROM[row[0]], row[1], row[0]))
    ]


def _columns(con: Connection, schema: str, table: str) -> tuple[_Column, ...]:
    rows = con.execute(
        """
        select column_name, data_type, is_nullable, comment from duckdb_columns()
        where database_name = current_database() and schema_name = ? and table_name = ? order by column_index
        """,
        [schema, table],
    ).fetchall()
    return tuple(_Column(*row) for row in rows)


def _refuse_twice(copies: list[_Copy]) -> None:
    seen: dict[tuple[str, str], _Copy] = {}
    taken = {("marts", view.name) for view in VIEWS}
    for copy in copies:
        place = (PUBLISHED_FROM[copy.schema], copy.name)
        other = seen.get(place)
        if other or place in taken:
            whose = other.source if other else "a published view"
            raise PublishRefused(problem=f"{copy.source} and {whose} would both be {'.'.join(place)}")
        seen[place] = copy
    missing = sorted(set(OKR_TABLES) - {name for _, name in seen})
    if missing:
        raise PublishRefused(problem=f"result tables lacking: {', '.join(missing)}")


def _copy(con: Connection, copy: _Copy, *, target: str) -> None:
    place = copy.target(target)
    lines = [f"{quote(c.name)} {c.type}{'' if c.nullable else ' not null'}" for c in copy.columns]
    if copy.key:
        lines.append(f"primary key ({names(copy.key)})")
    con.execute(f"create table {place} ({', '.join(lines)})")
    columns = names(column.name for column in copy.columns)
    # the ledger stays in the order it was written; results and marts come in the order of their columns
    order = "rowid" if copy.schema == "ops" else "all"
    con.execute(f"insert into {place} ({columns}) select {columns} from {copy.source} order by {order}")  # noqa: S608
    if copy.comment:
        con.execute(f"comment on table {place} is {literal(copy.comment)}")
    for column in copy.columns:
        if column.comment:
            con.execute(f"comment on column {place}.{quote(column.name)} is {literal(column.comment)}")


def _view(con: Connection, view: View, of: _Copy, *, target: str) -> None:
    working = first_row(con, "select current_database(), current_schema()") or ("memory", "main")
    con.execute(f"use {quote(target)}")
    with afterwards(con, f"use {quote(working[0])}.{quote(working[1])}"):
        con.execute(f"create view marts.{quote(view.name)} as {view.sql(column.name for column in of.columns)}")
        con.execute(f"comment on view marts.{quote(view.name)} is {literal(view.meaning)}")
        for column in of.columns:
            if column.comment:
                place = f"marts.{quote(view.name)}.{quote(column.name)}"
                con.execute(f"comment on column {place} is {literal(column.comment)}")
