"""What a night saw of days not settled yet, in the ledger.

Really under test: ``seen_days`` through ``writer.write_batch`` against a real DuckDB file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.protocol import Batch, Stream
from connectors.core.raw_tables import RAW_TABLES
from okr_models.periods import Window
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.writer import write_batch
from tests.empty_home import connected
from tests.unit.warehouse_fakes import DAILY, daily, table_of

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
WEEK = Window(date(2026, 11, 12), date(2026, 11, 19))


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home(tmp_path))
    yield connection
    connection.close()


def seen_of(con: Connection, stream: Stream, rows: list[dict[str, Any]], *, zone: str = "UTC") -> Any:
    load = Load(
        client="acme", source="web", stream=stream.name, window=WEEK, rows=len(rows), status="loaded", attempts=1,
        started_at=NOW, finished_at=NOW, run_id="r", quality={"zone": zone},
    )  # fmt: skip
    batch = Batch(rows=table_of(stream.table, rows), covers=WEEK)
    write_batch(con, batch=CheckedBatch(stream=stream, batch=batch, window=WEEK), load=load, taken_at=NOW)
    ((quality,),) = con.execute("select quality from ops.loads").fetchall()
    return json.loads(quality).get("seen")


def test_the_ledger_keeps_what_a_night_saw_of_days_that_are_still_settled_and_of_the_one_that_just_was(
    con: Connection,
) -> None:
    stream = replace(DAILY, settle_days=3)
    found = seen_of(con, stream, [{**daily(day, today=TODAY), "sessions": day.day, "page_views": 100} for day in WEEK])
    sessions = {row["day"]: (row["age"], row["value"]) for row in found if row["kpi"] == "sessions"}
    assert sessions == {
        "2026-11-16": (4, 16),
        "2026-11-17": (3, 17),
        "2026-11-18": (2, 18),
        "2026-11-19": (1, 19),
    }
    assert {row["kpi"] for row in found} == {"sessions", "page_views"}


def test_a_days_age_is_counted_in_the_sources_own_days(con: Connection) -> None:
    row = daily(date(2026, 11, 18), today=TODAY)
    (seen, _) = seen_of(con, DAILY, [row], zone="America/Los_Angeles")
    assert seen["age"] == 1, "it is still the nineteenth there"


def test_parts_that_a_platform_does_not_say_are_left_out_and_a_day_without_any_is_not_seen(con: Connection) -> None:
    stream = Stream(table=RAW_TABLES["interactions_daily"], delivery="window", settle_days=7)
    counted = {"platform": "linkedin", "is_final": False, "comments": None, "shares": None}
    rows = [
        {**counted, "day": TODAY - timedelta(days=1), "likes": 5, "comments": 2},
        {**counted, "day": TODAY - timedelta(days=2), "likes": None},
    ]
    assert seen_of(con, stream, rows) == [{"age": 1, "day": "2026-11-19", "kpi": "interactions", "value": 7}]


def test_of_a_source_that_settles_nothing_and_of_pages_nothing_is_kept(con: Connection) -> None:
    assert seen_of(con, replace(DAILY, settle_days=0), [daily(day, today=TODAY) for day in WEEK]) is None
