"""Published tables as CSV files, written whole (INTERFACE.md §5).

What belongs here: reading a file's rows and replacing the file. What does not: the list of files (``files.py``), the
text of a cell (``cells.py``), where exports live (the home folder).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.exports.cells import DIALECTS, DialectName, cell
from pipelines.exports.files import AGENCY_FILES, BOARD_FILES, INITIATIVES, KEY_RESULTS, TEAM_FILES, ExportFile
from pipelines.exports.published import MONTH_KNOWN, asked_by_file, columns_of, judged_last, next_night, zone_of
from pipelines.leftovers import write_whole
from pipelines.warehouse.db import quote

Audience = Literal["board", "team"]


def export_client(
    con: duckdb.DuckDBPyConnection,
    client: str,
    folder: Path,
    *,
    dialect: DialectName = "standard",
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
) -> tuple[Path, ...]:
    """Write one client's CSVs into ``folder`` and return their paths.

    ``as_of``: the newest night up to that day as it was known before the next one (``restated``: as it is known now),
    and nothing dated after it. ``audience="board"`` writes only the files without key-result detail; give it a folder
    of its own. A client without data gets files with headers alone.
    """
    tables = client_rows(con, client, as_of=as_of, restated=restated, audience=audience)
    return write_files(tables, folder, dialect=dialect)


def write_files(
    tables: Iterable[tuple[ExportFile, Sequence[tuple[object, ...]]]], folder: Path, *, dialect: DialectName
) -> tuple[Path, ...]:
    """Write what ``client_rows`` read."""
    return tuple(_write(folder / file.name, file, rows, dialect) for file, rows in tables)


def client_rows(
    con: duckdb.DuckDBPyConnection,
    client: str,
    *,
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
) -> tuple[tuple[ExportFile, list[tuple[object, ...]]], ...]:
    """Each of a client's files with its rows, typed as the database has them but for instants, which are text."""
    files = BOARD_FILES if audience == "board" else TEAM_FILES
    return tuple((file, _rows(con, file, client=client, as_of=as_of, restated=restated)) for file in files)


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], *, dialect: DialectName = "standard"
) -> Path:
    """A file of rows that stand in no published table, in the same dialects."""
    file = ExportFile(name=path.name, table="", columns=tuple(columns), order=())
    return _write(path, file, rows, dialect)


def export_agency(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    dialect: DialectName = "standard",
    as_of: date | None = None,
    restated: bool = False,
    audience: Audience | None = None,
) -> tuple[Path, ...]:
    """Write the CSVs over all clients, each at its own newest night, and return their paths."""
    files = (BOARD_FILES[0],) if audience == "board" else AGENCY_FILES
    return tuple(
        _write(folder / file.name, file, _rows(con, file, client=None, as_of=as_of, restated=restated), dialect)
        for file in files
    )


def _write(path: Path, file: ExportFile, rows: Iterable[Sequence[object]], name: DialectName) -> Path:
    dialect = DIALECTS[name]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator="\r\n")
    writer.writerow(file.columns)
    for row in rows:
        writer.writerow(
            [cell(value, column=column, dialect=dialect) for column, value in zip(file.columns, row, strict=True)]
        )
    # a lone surrogate can't be encoded; a question mark in one title is better than no export
    return write_whole(path, text.getvalue().encode(dialect.encoding, errors="replace"))


def _rows(
    con: duckdb.DuckDBPyConnection, file: ExportFile, *, client: str | None, as_of: date | None, restated: bool
) -> list[tuple[object, ...]]:
    known = columns_of(con, file.table)
    if not known:  # an older version published no such table
        return []
    sql = _select(file, known=known, only=_only(con, file))
    if not (file.versioned and file.has_known_at):
        return con.execute(sql, {"client": client, "as_of": as_of}).fetchall()
    if restated or as_of is None:
        return con.execute(sql, {"client": client, "as_of": as_of, "known_before": None}).fetchall()
    # each client's night is in its own zone, and every file is in their order first
    clients = con.execute(f"select distinct client from marts.{file.table} order by client").fetchall()  # noqa: S608
    return [
        row
        for each in ([name for (name,) in clients] if client is None else [client])
        for row in con.execute(
            sql, {"client": each, "as_of": as_of, "known_before": next_night(as_of, zone_of(con, each))}
        ).fetchall()
    ]


def _only(con: duckdb.DuckDBPyConnection, file: ExportFile) -> str:
    """A condition on its rows: what a client's file still asks for."""
    if file.table == INITIATIVES.table:
        return judged_last(con)
    return "true" if file.history else asked_by_file(con, KEY_RESULTS.table if file.of_progress else file.table)


def _select(file: ExportFile, *, known: Collection[str], only: str = "true") -> str:
    """The query of one file; every name in it comes from ``files.py``, every value is bound.

    ``known``: the columns that the published table has; what it lacks is empty. ``only``: a condition on its rows.
    """
    columns = ", ".join(_utc(column) if column in known else f"null as {quote(column)}" for column in file.columns)
    order = ", ".join(f"{quote(column)} nulls last" for column in file.order)
    mine = "($client is null or client = $client)"
    if not file.versioned:
        cut = f"and ($as_of is null or {file.day_column} is null or {file.day_column}::date <= $as_of)"
        if file.table == "kpi_monthly":
            cut += f" and {MONTH_KNOWN}"
        return f"select {columns} from marts.{file.table} where {mine} {cut} order by {order}"  # noqa: S608
    newest = "" if file.history else "qualify as_of = max(as_of) over (partition by client)"
    last_known = ", ".join((*file.key, "as_of"))
    known_then = "and ($known_before is null or known_at < $known_before)" if file.has_known_at else ""
    if file.of_progress:
        return f"""
            select {columns} from marts.{file.table}
            where (client, objective_id, key_result_id, as_of, known_at) in (
                select client, objective_id, key_result_id, as_of, max(known_at) from marts.key_result_progress
                where {mine} and ($as_of is null or as_of <= $as_of) {known_then} and {only}
                group by client, objective_id, key_result_id, as_of
                qualify as_of = max(as_of) over (partition by client)
            )
            order by {order}
        """  # noqa: S608
    last_known_first = "known_at desc" if file.has_known_at else "as_of desc"
    return f"""
        with known as (
            select * from marts.{file.table}
            where {mine} and ($as_of is null or as_of <= $as_of) {known_then} and {only}
            qualify row_number() over (partition by {last_known} order by {last_known_first}) = 1
        ),
        newest as (select * from known {newest})
        select {columns} from newest order by {order}
    """  # noqa: S608


def _utc(column: str) -> str:
    if column.endswith("_at"):
        return f"strftime({column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') as {column}"
    return quote(column)
