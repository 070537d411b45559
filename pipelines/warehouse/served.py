"""The published database beside the working one, to compare with and to keep rows of.

What belongs here: attaching it for a while. What does not: making it (``publish/``) and reading it for people
(``db.open_published``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipelines.warehouse.db import Connection, afterwards, literal
from pipelines.warehouse.home import Home

SERVED = "served_results"
"""The name under which it is attached."""


@contextmanager
def served_beside(con: Connection, home: Home) -> Iterator[str]:
    """By the name given; an empty one where there is none to read: before the first night, or a damaged file."""
    path = home.published_database
    try:
        con.execute(f"attach {literal(str(path.resolve()))} as {SERVED} (read_only)")
    except duckdb.Error:
        # a damaged file is replaced by this night
        con.execute(f"attach ':memory:' as {SERVED}")
    with afterwards(con, f"detach {SERVED}"):
        yield SERVED


def columns_served(con: Connection, table: str) -> frozenset[str]:
    """Columns of a table of schema ``marts`` in the served database; what an older version published may lack some."""
    rows = con.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name = 'marts' and table_name = ?",
        [SERVED, table],
    ).fetchall()
    return frozenset(name for (name,) in rows)
