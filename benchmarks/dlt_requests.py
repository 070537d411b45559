"""Requests to Plausible and Search Console by dlt's own client, as a peer of this program would write them.

What belongs here: asking, page by page. What does not: rows, tables and loading (``ingest_dlt.py``, ``assembled.py``).
Runs in ``.venv-bench``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from dlt.sources.helpers import requests
from ingest_asked import PLAUSIBLE_SITE, SEARCH_SITE

BASE = os.environ["OKR_SANDBOX_URL"]
WEB_ROWS, SEARCH_ROWS = 10_000, 25_000
SLICE = timedelta(days=31)


def slices(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Days in slices of 31."""
    while first <= last:
        yield first, min(first + SLICE - timedelta(days=1), last)
        first += SLICE


def plausible(
    first: date, last: date, metrics: list[str], names: list[str], filters: list[Any] | None = None
) -> Iterator[list[Any]]:
    """Rows of one query, a page of them at a time."""
    headers = {"Authorization": f"Bearer {os.environ['OKR_DEMO_PLAUSIBLE_TOKEN']}"}
    offset = 0
    while True:
        body = {
            "site_id": PLAUSIBLE_SITE,
            "metrics": metrics,
            "date_range": [str(first), str(last)],
            "include": {"imports": True, "total_rows": True},
            "dimensions": names,
            "order_by": [[name, "asc"] for name in names],
            "pagination": {"limit": WEB_ROWS, "offset": offset},
            **({"filters": filters} if filters else {}),
        }
        reply = orjson.loads(requests.post(f"{BASE}/api/v2/query", json=body, headers=headers).content)
        yield reply["results"]
        offset += len(reply["results"])
        if not reply["results"] or offset >= reply["meta"]["total_rows"]:
            break


def searches(first: date, last: date, names: list[str], by: str) -> Iterator[list[Any]]:
    """Rows of one report, a page of them at a time."""
    headers = {"Authorization": f"Bearer {os.environ['BENCH_GOOGLE_TOKEN']}"}
    url = f"{BASE}/webmasters/v3/sites/{quote(SEARCH_SITE, safe='')}/searchAnalytics/query"
    start = 0
    while True:
        body = {
            "startDate": str(first),
            "endDate": str(last),
            "dimensions": names,
            "type": "web",
            "dataState": "all",
            "aggregationType": by,
            "rowLimit": SEARCH_ROWS,
            "startRow": start,
        }
        rows = orjson.loads(requests.post(url, json=body, headers=headers).content).get("rows", [])
        yield rows
        start += len(rows)
        if len(rows) < SEARCH_ROWS:
            break
