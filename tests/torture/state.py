"""What a run finds in a home, told apart: byte by byte, or by what is in it once its database is open. No test here.

Two states that are the same to a run end the same: a run from one answers for the other.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

_PROCESS = re.compile(r"^(building-(?:held-)?|\.[^/]+\.)\d+(?=$|\.)")
_CATALOGUE = (
    "select schema_name, table_name, sql, comment from duckdb_tables() where database_name = 'warehouse' order by all",
    "select schema_name, view_name, sql, comment from duckdb_views() where database_name = 'warehouse' order by all",
    "select schema_name, index_name, sql from duckdb_indexes() where database_name = 'warehouse' order by all",
    "select schema_name, table_name, column_name, comment from duckdb_columns()"
    " where database_name = 'warehouse' and comment is not null order by all",
)


def files_of(home: Path, *, with_database: bool) -> str:
    """Names, links and contents, but of what no run ever reads: locks, the holder's note, and a published database that
    was being built, and its log, which the next run removes by their names. Process numbers in names are left out.

    Without the working database, what is published is told by its names alone: it never changes under one name.
    """
    found = hashlib.sha256()
    for path in _paths(home):
        name = path.relative_to(home).as_posix()
        known = "/".join(_PROCESS.sub(r"\1N", part) for part in name.split("/"))
        is_published = name.startswith("published/") and path.suffix == ".duckdb"
        if not with_database and name.startswith("warehouse/okr.duckdb"):
            continue
        if name.startswith("published/building-") and ".duckdb" in name:
            continue
        found.update(known.encode() + b"\0")
        if path.is_symlink():
            found.update(os.readlink(path).encode())
        elif path.is_file() and (with_database or not is_published):
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _paths(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        if path.suffix != ".lock" and path != home / "warehouse" / "run.json":
            yield path


def database_of(con: duckdb.DuckDBPyConnection) -> str:
    """Every table, view, index and comment of the working database, every row in its order."""
    found = hashlib.sha256()
    for sql in _CATALOGUE:
        found.update(repr(con.execute(sql).fetchall()).encode())
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' order by all"
    )
    for schema, table in tables.fetchall():
        rows = con.execute(f'select count(*), md5(string_agg(hash(t)::varchar)) from "{schema}"."{table}" as t')
        found.update(repr((schema, table, rows.fetchall())).encode())
    return found.hexdigest()


def known_as(home: Path, con: duckdb.DuckDBPyConnection, *, step: str, messages: int, serving: str) -> str:
    """The state that a run is in before a step. ``serving``: which night is published; ``messages``: how many went."""
    told = "/".join([step, str(messages), serving, files_of(home, with_database=False), database_of(con)])
    return hashlib.sha256(told.encode()).hexdigest()
