"""Declared tables as DDL: columns, keys and comments, for the schemas this program makes itself.

What belongs here: the shape of a declaration and its SQL. What does not: which tables there are (``schema.py``,
``okr/tables.py``, ``connectors/core/raw_tables.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pipelines.warehouse.db import literal, quote


@dataclass(frozen=True, slots=True)
class Column:
    """One column: DuckDB type, meaning with its unit. ``before``: what rows have that an older version wrote."""

    name: str
    type: str
    meaning: str
    nullable: bool = False
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. ``key`` becomes a primary key where ``enforced``; raw tables are checked before a write instead."""

    schema: str
    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    enforced: bool = True

    @property
    def qualified(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def insert_sql(self) -> str:
        """Insert of one row, a bound parameter a column."""
        marks = ", ".join("?" * len(self.columns))
        return f"insert into {self.qualified} ({names(self.column_names)}) values ({marks})"  # noqa: S608 - quoted

    @property
    def select_sql(self) -> str:
        """All columns in their declared order; a condition may follow."""
        return f"select {names(self.column_names)} from {self.qualified}"  # noqa: S608 - quoted

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@cache
def statements(table: Table) -> tuple[str, ...]:
    """DDL that makes ``table`` where it is not there, adds columns it lacks, and comments it."""
    lines = [f"{quote(column.name)} {column.type}{'' if column.nullable else ' not null'}" for column in table.columns]
    if table.key and table.enforced:
        lines.append(f"primary key ({names(table.key)})")
    return (
        f"create table if not exists {table.qualified} (\n    " + ",\n    ".join(lines) + "\n)",
        # an older database may lack a column; it can only come in without a value
        *(
            f"alter table {table.qualified} add column if not exists {quote(column.name)} {column.type}"
            + ("" if column.before is None else f" default {literal(column.before)}")
            for column in table.columns
        ),
        f"comment on table {table.qualified} is {literal(table.meaning)}",
        *(
            f"comment on column {table.qualified}.{quote(column.name)} is {literal(column.meaning)}"
            for column in table.columns
        ),
    )


def missing(table: Table, said: Mapping[str | None, str | None] | None) -> list[str]:
    """Those of a table's statements that change something.

    ``said``: its comment by None and its columns' by their names, where it is there.
    """
    created, *others = statements(table)
    added, commented = others[: len(table.columns)], others[len(table.columns) :]
    if said is None:
        return [created, *commented]
    meanings = [(None, table.meaning), *((column.name, column.meaning) for column in table.columns)]
    lacking = [each for each, column in zip(added, table.columns, strict=True) if column.name not in said]
    stale = [each for each, (of, meaning) in zip(commented, meanings, strict=True) if said.get(of) != meaning]
    return [*lacking, *stale]


def names(columns: Iterable[str]) -> str:
    """Quoted names, comma-separated."""
    return ", ".join(quote(column) for column in columns)
