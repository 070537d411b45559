"""dlt's side of ``benchmarks.ingest``: the same requests by dlt's own client, merged by the same keys into DuckDB.

Runs in ``.venv-bench``, which has ``dlt[duckdb]`` and none of this program's code but ``ingest_asked``. Written as
dlt's documentation does: a resource a table that yields pages of rows, ``primary_key``,
``write_disposition="merge"``; types given, so that nothing is guessed. Prints one line of JSON, as
``ingest_own.py`` does.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dlt
from dlt.sources.helpers import requests
from ingest_asked import PLAUSIBLE_SITE, SEARCH_SITE, Asked

BASE = os.environ["OKR_SANDBOX_URL"]
ROWS_A_PAGE = {"web": 10_000, "search": 25_000}
SLICE = timedelta(days=31)
FRESH_DAYS = 3


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Slices of 31 days."""
    while first <= last:
        yield first, min(first + SLICE - timedelta(days=1), last)
        first += SLICE


def web(asked: Asked, client: str) -> Iterator[list[dict[str, Any]]]:
    """Pages of views by day, host and page."""
    headers = {"Authorization": f"Bearer {os.environ['OKR_DEMO_PLAUSIBLE_TOKEN']}"}
    names = ["time:day", "event:page", "event:hostname"]
    for first, last in windows(*asked.web):
        offset = 0
        while True:
            body = {
                "site_id": PLAUSIBLE_SITE,
                "metrics": ["pageviews"],
                "date_range": [str(first), str(last)],
                "include": {"imports": True, "total_rows": True},
                "dimensions": names,
                "order_by": [[name, "asc"] for name in names],
                "pagination": {"limit": ROWS_A_PAGE["web"], "offset": offset},
            }
            reply = requests.post(f"{BASE}/api/v2/query", json=body, headers=headers).json()
            page = []
            for row in reply["results"]:
                day, path, host = row["dimensions"]
                page.append(
                    {
                        "client": client,
                        "source": "web",
                        "day": day,
                        "host": host,
                        "path": path,
                        "page_views": row["metrics"][0],
                        "engagement_seconds": None,
                        "is_final": (asked.today - date.fromisoformat(day)).days > 4,
                    }
                )
            yield page
            offset += len(page)
            if not page or offset >= reply["meta"]["total_rows"]:
                break


def search(asked: Asked, client: str) -> Iterator[list[dict[str, Any]]]:
    """Clicks and impressions by day and page."""
    headers = {"Authorization": f"Bearer {os.environ['BENCH_GOOGLE_TOKEN']}"}
    url = f"{BASE}/webmasters/v3/sites/{quote(SEARCH_SITE, safe='')}/searchAnalytics/query"
    for first, last in windows(*asked.search):
        start = 0
        while True:
            body = {
                "startDate": str(first),
                "endDate": str(last),
                "dimensions": ["date", "page"],
                "type": "web",
                "dataState": "all",
                "aggregationType": "byPage",
                "rowLimit": ROWS_A_PAGE["search"],
                "startRow": start,
            }
            rows = requests.post(url, json=body, headers=headers).json().get("rows", [])
            yield [
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
            start += len(rows)
            if len(rows) < ROWS_A_PAGE["search"]:
                break


TYPES = {
    "day": "date",
    "page_views": "bigint",
    "engagement_seconds": "double",
    "is_final": "bool",
    "clicks": "bigint",
    "impressions": "bigint",
    "position_sum": "double",
}
TABLES = {
    "web_pages_daily": (web, "web", ("day", "host", "path", "page_views", "engagement_seconds", "is_final")),
    "search_pages_daily": (search, "search", ("day", "page", "clicks", "impressions", "position_sum", "is_final")),
}
KEYS = {
    "web_pages_daily": ["client", "source", "day", "host", "path"],
    "search_pages_daily": ["client", "source", "day", "page"],
}


def resources(asked: Asked) -> list[Any]:
    """A resource a table over all clients that have such a source."""
    made = []
    for table, (read, kind, columns) in TABLES.items():

        def pages(read: Any = read, kind: str = kind) -> Iterator[list[dict[str, Any]]]:
            for client, kinds in asked.clients:
                if kind in kinds:
                    yield from read(asked, client)

        types = {name: {"data_type": TYPES[name]} for name in columns if name in TYPES}
        made.append(
            dlt.resource(
                pages, name=table, primary_key=KEYS[table], write_disposition="merge", columns=types, parallelized=True
            )
        )
    return made


def main() -> None:
    """Load twice and print the figures."""
    asked, folder = Asked.read(sys.argv[1]), Path(sys.argv[2])
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
        dataset_name="raw",
    )
    seconds = []
    for _ in range(2):
        started, spent = time.perf_counter(), time.process_time()
        pipeline.run(resources(asked)).raise_on_failed_jobs()
        seconds.append((time.perf_counter() - started, time.process_time() - spent))
    with pipeline.sql_client() as client:
        kept = {table: client.execute_sql(f"select count(*) from {table}")[0][0] for table in sorted(TABLES)}
    versions = {name: importlib.metadata.version(name) for name in ("dlt", "duckdb", "pyarrow")}
    rows = sum(kept.values())
    print(json.dumps({"rows": rows, "kept": kept, "first": seconds[0], "again": seconds[1], "versions": versions}))


if __name__ == "__main__":
    main()
