"""dlt's side of ``benchmarks.ingest``: the same requests by dlt's own client, merged by the same keys into DuckDB.

Runs in ``.venv-bench``, which has ``dlt[duckdb]`` and of this program only the modules beside this one that need
nothing of it. Written as dlt's documentation does, ``primary_key`` and ``write_disposition="merge"``, by one of its two
paths: ``json``, a resource that yields pages of rows as dictionaries, types given, so that nothing is guessed; or
``arrow``, one that yields each page as an Arrow table, parsed by orjson and built column by column, which dlt passes on
as Parquet without looking at its rows. ``unkept`` is no side but what lies below both: the same requests and Arrow
tables, written nowhere. Prints one line of JSON, as ``ingest_own.py`` does.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt_requests import plausible, searches, slices
from ingest_asked import Asked

FRESH_DAYS = 3
SETTLED_DAYS = 4


def web(asked: Asked) -> Iterator[list[Any]]:
    """Plausible's rows of views by day, page and host, a page of them at a time."""
    for first, last in slices(*asked.web):
        yield from plausible(first, last, ["pageviews"], ["time:day", "event:page", "event:hostname"])


def search(asked: Asked) -> Iterator[list[Any]]:
    """Search Console's rows of clicks and impressions by day and page, a page of them at a time."""
    for first, last in slices(*asked.search):
        yield from searches(first, last, ["date", "page"], "byPage")


def web_rows(rows: list[Any], asked: Asked, client: str) -> list[dict[str, Any]]:
    """Dictionaries, as dlt's documentation shows."""
    return [
        {
            "client": client,
            "source": "web",
            "day": day,
            "host": host,
            "path": path,
            "page_views": row["metrics"][0],
            "engagement_seconds": None,
            "is_final": (asked.today - date.fromisoformat(day)).days > SETTLED_DAYS,
        }
        for row in rows
        for day, path, host in (row["dimensions"],)
    ]


def search_rows(rows: list[Any], asked: Asked, client: str) -> list[dict[str, Any]]:
    """The same of searches."""
    return [
        {
            "client": client,
            "source": "search",
            "day": row["keys"][0],
            "page": row["keys"][1],
            "clicks": row["clicks"],
            "impressions": row["impressions"],
            "position_sum": row["position"] * row["impressions"],
            "is_final": (asked.today - date.fromisoformat(row["keys"][0])).days > FRESH_DAYS,
        }
        for row in rows
    ]


def web_table(rows: list[Any], asked: Asked, client: str) -> pa.Table:
    """An Arrow table, built column by column."""
    days, paths, hosts = zip(*(row["dimensions"] for row in rows), strict=True) if rows else ((), (), ())
    day = pa.array(days, pa.string()).cast(pa.date32())
    return pa.table(
        {
            "client": pa.repeat(client, len(rows)),
            "source": pa.repeat("web", len(rows)),
            "day": day,
            "host": pa.array(hosts, pa.string()),
            "path": pa.array(paths, pa.string()),
            "page_views": pa.array([row["metrics"][0] for row in rows], pa.int64()),
            "engagement_seconds": pa.nulls(len(rows), pa.float64()),
            "is_final": pc.less(day, pa.scalar(asked.today - timedelta(days=SETTLED_DAYS))),
        }
    )


def search_table(rows: list[Any], asked: Asked, client: str) -> pa.Table:
    """The same of searches."""
    days, pages = zip(*(row["keys"] for row in rows), strict=True) if rows else ((), ())
    day = pa.array(days, pa.string()).cast(pa.date32())
    return pa.table(
        {
            "client": pa.repeat(client, len(rows)),
            "source": pa.repeat("search", len(rows)),
            "day": day,
            "page": pa.array(pages, pa.string()),
            "clicks": pa.array([row["clicks"] for row in rows], pa.int64()),
            "impressions": pa.array([row["impressions"] for row in rows], pa.int64()),
            "position_sum": pa.array([row["position"] * row["impressions"] for row in rows], pa.float64()),
            "is_final": pc.less(day, pa.scalar(asked.today - timedelta(days=FRESH_DAYS))),
        }
    )


TYPES = {
    "day": "date",
    "page_views": "bigint",
    "engagement_seconds": "double",
    "is_final": "bool",
    "clicks": "bigint",
    "impressions": "bigint",
    "position_sum": "double",
}
COLUMNS = {
    "web_pages_daily": ("day", "host", "path", "page_views", "engagement_seconds", "is_final"),
    "search_pages_daily": ("day", "page", "clicks", "impressions", "position_sum", "is_final"),
}
TABLES = {"web_pages_daily": ("web", web), "search_pages_daily": ("search", search)}
SHAPES: dict[str, dict[str, Callable[[list[Any], Asked, str], Any]]] = {
    "json": {"web_pages_daily": web_rows, "search_pages_daily": search_rows},
    "arrow": {"web_pages_daily": web_table, "search_pages_daily": search_table},
    "unkept": {"web_pages_daily": web_table, "search_pages_daily": search_table},
}
KEYS = {
    "web_pages_daily": ["client", "source", "day", "host", "path"],
    "search_pages_daily": ["client", "source", "day", "page"],
}


def pages(asked: Asked, table: str, path: str) -> Iterator[Any]:
    """A table's pages over all clients that have such a source."""
    kind, read = TABLES[table]
    for client, kinds in asked.clients:
        if kind in kinds:
            for rows in read(asked):
                yield SHAPES[path][table](rows, asked, client)


def resources(asked: Asked, path: str) -> list[Any]:
    """A resource a table."""
    return [
        dlt.resource(
            pages(asked, table, path),
            name=table,
            primary_key=KEYS[table],
            write_disposition="merge",
            # an Arrow table has its types with it
            columns={name: {"data_type": TYPES[name]} for name in COLUMNS[table] if name in TYPES and path == "json"},
            parallelized=True,
        )
        for table in TABLES
    ]


def main() -> None:
    """Load twice and print the figures."""
    path, asked, folder = sys.argv[1], Asked.read(sys.argv[2]), Path(sys.argv[3])
    versions = {name: importlib.metadata.version(name) for name in ("dlt", "duckdb", "pyarrow")}
    kept, seconds = unkept(asked) if path == "unkept" else loaded(asked, path, folder)
    rows = sum(kept.values())
    print(json.dumps({"rows": rows, "kept": kept, "first": seconds[0], "again": seconds[1], "versions": versions}))


def unkept(asked: Asked) -> tuple[dict[str, int], list[tuple[float, float]]]:
    """Rows of each table, and seconds on the clock and of the processor, of asking twice and keeping nothing."""
    seconds = []
    for _ in range(2):
        started, spent = time.perf_counter(), time.process_time()
        rows = {table: sum(page.num_rows for page in pages(asked, table, "unkept")) for table in sorted(TABLES)}
        seconds.append((time.perf_counter() - started, time.process_time() - spent))
    return rows, seconds


def loaded(asked: Asked, path: str, folder: Path) -> tuple[dict[str, int], list[tuple[float, float]]]:
    """The same of loading twice by dlt."""
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="raw",
    )
    seconds = []
    for _ in range(2):
        started, spent = time.perf_counter(), time.process_time()
        pipeline.run(resources(asked, path)).raise_on_failed_jobs()
        seconds.append((time.perf_counter() - started, time.process_time() - spent))
    with pipeline.sql_client() as client:
        kept = {table: client.execute_sql(f"select count(*) from {table}")[0][0] for table in sorted(TABLES)}
    return kept, seconds


if __name__ == "__main__":
    main()
