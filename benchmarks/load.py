"""The load of 200,000 rows into a raw table, against DuckDB's own insert of the same Arrow table.

    python -m benchmarks.load [--rows N] [--rounds N]

Own: ``write_batch`` as the night calls it, with the batch's checks, the deletion of the window it replaces, the
ledger's row and one commit. DuckDB's: ``insert into … select`` of the same table with the same two constant
columns, into a table of the same columns, in one transaction. Both in one process, on files of their own, in turns;
each load replaces nothing the first time (empty) and everything the second time (replacing; DuckDB's side then
deletes all rows before it inserts).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.figures import print_head, print_ratio, print_seconds
from connectors.core.protocol import Batch
from connectors.matomo.source import PAGES
from okr_models.periods import Window
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.writer import write_batch
from pipelines.warehouse.schema import ensure_schema, raw_table
from pipelines.warehouse.tables import statements

START = date(2024, 1, 1)
ROWS_A_DAY = 250
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


def rows_of(count: int) -> pa.Table:
    """Page views of ``count`` pages and days."""
    pages = [f"/blogg/inlagg-{number}/" for number in range(ROWS_A_DAY)]
    days = [START + timedelta(days=number // ROWS_A_DAY) for number in range(count)]
    return pa.table(
        {
            "day": days,
            "host": ["www.example.se"] * count,
            "path": [pages[number % ROWS_A_DAY] for number in range(count)],
            "page_views": [number % 977 for number in range(count)],
            "engagement_seconds": [number % 3571 / 7 for number in range(count)],
            "is_final": [True] * count,
        },
        schema=PAGES.table.arrow_schema(),
    )


def own(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """As the night writes one window."""
    window = Window(START, START + timedelta(days=rows.num_rows // ROWS_A_DAY))
    load = Load(
        client="acme", source="web", stream=PAGES.name, window=window, rows=rows.num_rows, status="loaded", attempts=1,
        started_at=NOW, finished_at=NOW, run_id="bench",
    )  # fmt: skip
    checked = CheckedBatch(stream=PAGES, batch=Batch(rows=rows, covers=window), window=window)
    write_batch(con, batch=checked, load=load, taken_at=NOW)


def duckdbs(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """DuckDB alone."""
    table = raw_table(PAGES.table).qualified
    con.execute("begin transaction")
    con.execute(f"delete from {table}")
    con.execute(f"insert into {table} select 'acme', 'web', * from rows")
    con.execute("commit")


def timed(action: Callable[[], None]) -> float:
    """Seconds on the clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def one_round(rows: pa.Table) -> dict[str, tuple[float, float]]:
    """Seconds of each side: (into an empty table, replacing it), on fresh files."""
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        with closing(connect(Home(Path(folder)))) as con:
            ensure_schema(con)
            found["own"] = (timed(lambda: own(con, rows)), timed(lambda: own(con, rows)))
        with closing(duckdb.connect(str(Path(folder) / "other.duckdb"))) as con:
            con.execute("create schema raw")
            for statement in statements(raw_table(PAGES.table)):
                con.execute(statement)
            found["DuckDB"] = (timed(lambda: duckdbs(con, rows)), timed(lambda: duckdbs(con, rows)))
    return found


def main() -> None:
    """Measure in rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = rows_of(options.rows)
    one_round(rows)  # the first one pays for imports and page faults
    rounds = [one_round(rows) for _ in range(options.rounds)]
    versions = {name: importlib.metadata.version(name) for name in ("duckdb", "pyarrow")}
    print_head(f"Load of {options.rows:,} rows from Arrow to a committed table", versions)
    for number, label in enumerate(("empty table", "replacing")):
        seconds = {name: [one[name][number] for one in rounds] for name in ("own", "DuckDB")}
        for name, those in seconds.items():
            print_seconds(f"{name}, {label}", those, rows=options.rows)
        print_ratio(f"own / DuckDB, {label}", seconds["DuckDB"], seconds["own"], goal="at most 2 x")


if __name__ == "__main__":
    main()
