"""Which tables are published, and their copy with DDL, rows and comments.

Published: schema ``marts`` (the SQL marts and the ``okr`` result tables, and the views of their newest rows) and schema
``ops``. Nothing of ``raw``: no vendor's reply leaves the working database. What does not belong here: files and links
(``publish.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from pipelines.warehouse.db import Connection, afterwards, first_row, literal, quote
from pipelines.warehouse.okr.tables import OKR_TABLES
from pipelines.warehouse.publish.views import VIEWS, View
from pipelines.warehouse.served import SERVED, columns_served
from pipelines.warehouse.tables import names

PUBLISHED_FROM = {"marts": "marts", "okr": "marts", "ops": "ops"}
"""Schema in the published database, by schema in the working one."""


class PublishRefused(RuntimeError):
    """What was built can't be published; the database published before stays."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"not published: {problem}; the database published before stays")


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    name: str
    type: str
    nullable: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """One table or view of the working database, to be a table in the published one."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[PublishedColumn, ...]
    key: tuple[str, ...]

    @property
    def source(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    def target(self, catalog: str) -> str:
        return f"{quote(catalog)}.{quote(PUBLISHED_FROM[self.schema])}.{quote(self.name)}"


def copy_tables(con: Connection, *, target: str, held: Collection[str] = ()) -> None:
    """Copy everything published into the attached, empty catalog ``target``, in one fixed order.

    With ``held`` the served database must be attached (``served.py``): of those clients it is copied anew.
    """
    copies = published_tables(con)
    _refuse_twice(copies)
    for schema in sorted(set(PUBLISHED_FROM.values())):
        con.execute(f"create schema {quote(target)}.{quote(schema)}")
    for copy in copies:
        _copy(con, copy, target=target, held=sorted(held))
    published = {(PUBLISHED_FROM[copy.schema], copy.name): copy for copy in copies}
    for view in VIEWS:
        # there is none of a mart that was never built
        if of := published.get((view.schema, view.table)):
            make_view(con, view, of, target=target)


def published_tables(con: Connection) -> list[Published]:
    """What the current database has in a published schema, views as well, in one fixed order."""
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
    columns = _columns(con)
    return [
        Published(schema, name, comment, tuple(columns[schema, name]), tuple(keys.get(f"{schema}.{name}", ())))
        for schema, name, comment in sorted(found, key=lambda row: (PUBLISHED_FROM[row[0]], row[1], row[0]))
    ]


def _columns(con: Connection) -> dict[tuple[str, str], list[PublishedColumn]]:
    """Of every table and view in a schema that is published, asked for at once."""
    rows = con.execute(
        """
        select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns()
        where database_name = current_database() and list_contains(?, schema_name) order by column_index
        """,
        [list(PUBLISHED_FROM)],
    ).fetchall()
    found: dict[tuple[str, str], list[PublishedColumn]] = {}
    for schema, table, *column in rows:
        found.setdefault((schema, table), []).append(PublishedColumn(*column))
    return found


def _refuse_twice(copies: list[Published]) -> None:
    seen: dict[tuple[str, str], Published] = {}
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


def _copy(con: Connection, copy: Published, *, target: str, held: list[str]) -> None:
    place = copy.target(target)
    make_table(con, copy, target=target)
    columns = names(column.name for column in copy.columns)
    # the ledger stays in the order it was written; results and marts come in the order of their columns
    order = "rowid" if copy.schema == "ops" else "all"
    if held and copy.schema != "ops" and "client" in {column.name for column in copy.columns}:
        rows = _rows_with_served(con, copy)
        con.execute(f"insert into {place} by name select * from ({rows}) order by {order}", {"held": held})  # noqa: S608
    else:
        con.execute(f"insert into {place} ({columns}) select {columns} from {copy.source} order by {order}")  # noqa: S608


def make_table(con: Connection, copy: Published, *, target: str) -> None:
    """An empty table of the attached catalog ``target``, with its key and comments."""
    place = copy.target(target)
    lines = [f"{quote(c.name)} {c.type}{'' if c.nullable else ' not null'}" for c in copy.columns]
    if copy.key:
        lines.append(f"primary key ({names(copy.key)})")
    con.execute(f"create table {place} ({', '.join(lines)})")
    comment_on(con, "table", place, copy.comment, copy.columns)


def comment_on(
    con: Connection, kind: Literal["table", "view"], place: str, comment: str | None, columns: Iterable[PublishedColumn]
) -> None:
    """A table's or view's comment and its columns', sent at once."""
    said = [f"comment on {kind} {place} is {literal(comment)}"] if comment else []
    said += [f"comment on column {place}.{quote(c.name)} is {literal(c.comment)}" for c in columns if c.comment]
    if said:
        con.execute(";\n".join(said))


def _rows_with_served(con: Connection, copy: Published) -> str:
    """SQL of a table's rows where those of the clients in ``$held`` are the served ones.

    A result table only grows, so its own rows are taken, as far as they are served: an older version's may lack columns
    that must have a value.
    """
    columns = names(column.name for column in copy.columns)
    others = f"select {columns} from {copy.source} where not list_contains($held, client)"  # noqa: S608 - quoted
    there = columns_served(con, copy.name)
    if not there:
        return others
    served = f"{quote(SERVED)}.marts.{quote(copy.name)}"
    if copy.name in OKR_TABLES:
        # a column that came into the key later has one value in all that was served before
        keys = names(column for column in copy.key if column in there)
        return (
            f"{others} union all select {columns} from {copy.source}"  # noqa: S608 - quoted
            f" where list_contains($held, client) and ({keys}) in (select ({keys}) from {served})"
        )
    kept = names(column.name for column in copy.columns if column.name in there)
    return f"{others} union all by name select {kept} from {served} where list_contains($held, client)"  # noqa: S608 - quoted


def make_view(con: Connection, view: View, of: Published, *, target: str) -> None:
    """One of ``VIEWS`` in the attached catalog ``target``, with the columns of the table that it is of."""
    working = first_row(con, "select current_database(), current_schema()") or ("memory", "main")
    con.execute(f"use {quote(target)}")
    with afterwards(con, f"use {quote(working[0])}.{quote(working[1])}"):
        rows = con.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'marts'", [target]
        ).fetchall()
        query = view.sql((column.name for column in of.columns), there={name for (name,) in rows})
        con.execute(f"create view marts.{quote(view.name)} as {query}")
        comment_on(con, "view", f"marts.{quote(view.name)}", view.meaning, of.columns)
