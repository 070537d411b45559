"""One read-only question in SQL to the published database, and to nothing else.

What belongs here: what may be asked, and closing everything else. What does not: how an answer is shown
(``pipelines/cli/sql.py``, ``server.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.warehouse.db import literal

QUESTIONS = {
    duckdb.StatementType.SELECT,  # show, describe, summarize, values and from ... too
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.MULTI,  # pivot
}
CLOSED = (
    "set search_path = 'marts,ops'",  # show tables tells them, and their names alone will do
    "set enable_external_access = false",  # no file, no other database, no network, no extension
    "set lock_configuration = true",  # and no question opens any of them again
)


class NotAQuestion(ValueError):
    """What was asked is no single question; the message says why."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Columns with their types, and rows. ``more``: there are rows beyond those that were asked for."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]
    more: bool = False


def _still_open(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Of a home in shards, the files behind the published views; closed is everything else."""
    if not con.execute("select 1 from duckdb_tables() where table_name = 'published_parts'").fetchall():
        return []
    paths = con.execute("select distinct path from ops.published_parts order by path").fetchall()
    return [f"set allowed_paths = [{', '.join(literal(path) for (path,) in paths)}]"]


def ask(con: duckdb.DuckDBPyConnection, query: str, *, most: int | None = None) -> Answered:
    """The answer, of at most ``most`` rows. The connection is closed to anything else afterwards.

    Raises ``NotAQuestion``, and DuckDB's own errors.
    """
    try:
        query.encode()
    except UnicodeEncodeError as error:
        raise NotAQuestion("the question is not UTF-8; save it in that encoding") from error
    asked = con.extract_statements(query)
    if len(asked) != 1:
        raise NotAQuestion(f"one question at a time; there are {len(asked)} in what was given")
    if asked[0].type not in QUESTIONS:
        raise NotAQuestion(
            f"only questions are answered (select, describe, show); this is {asked[0].type.name.lower()}"
        )
    for statement in (*_still_open(con), *CLOSED):
        con.execute(statement)
    if most is not None and asked[0].type == duckdb.StatementType.SELECT:
        # no more than is shown is worked out and held, however many there are
        found = con.sql(asked[0])
        columns = tuple((name, str(kind)) for name, kind in zip(found.columns, found.types, strict=True))
        rows = found.limit(most + 1).fetchall()
    else:
        result = con.execute(asked[0])
        columns = tuple((name, str(kind)) for name, kind, *_ in result.description or [])
        rows = result.fetchall()
    if most is None or len(rows) <= most:
        return Answered(columns, rows)
    return Answered(columns, rows[:most], more=True)
