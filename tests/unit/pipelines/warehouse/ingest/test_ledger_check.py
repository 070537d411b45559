"""The ledger against the tables: a window that lost or gained rows since it was written is found.

Under test: ``ledger_check`` over rows and ledger written by hand, and over what the writer notes of a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from connectors.core.arrow import build_table
from connectors.core.protocol import Batch
from connectors.core.raw_tables import RAW_TABLES
from connectors.matomo.source import PAGES
from okr_models.periods import Window
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.ledger_check import collapsed_windows, has_windows, rows_against_ledger
from pipelines.warehouse.ingest.writer import write_batch
from tests.empty_home import connected

WEB = RAW_TABLES["web_daily"]
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(connected(Home(tmp_path))) as connection:
        yield connection


def loaded(
    con: duckdb.DuckDBPyConnection, start: int, end: int, rows: int, *, status: str = "loaded", source: str = "web"
) -> None:
    con.execute(
        "insert into ops.loads by name select 'acme' as client, ? as source, 'web_daily' as stream, ? as window_start,"
        " ? as window_end, ? as rows, ? as status, 1 as attempts, now() as started_at, now() as finished_at,"
        " 'run' as run_id",
        [source, date(2026, 11, start), date(2026, 11, end), rows, status],
    )


def holds(con: duckdb.DuckDBPyConnection, *on: int) -> None:
    for day in on:
        con.execute(
            "insert into raw.web_daily by name select 'acme' as client, 'web' as source, ? as day, 1 as sessions,"
            " 1 as page_views, 1 as visitors, true as is_final",
            [date(2026, 11, day)],
        )


def test_windows_that_hold_what_was_written_are_sound_also_empty_ones(con: duckdb.DuckDBPyConnection) -> None:
    loaded(con, 1, 3, 3)
    loaded(con, 4, 5, 0)
    holds(con, 1, 2, 3)
    assert rows_against_ledger(con, WEB) == []


@pytest.mark.parametrize(("there", "count"), [((1, 2), 2), ((1, 2, 3, 3), 4), ((), 0)])
def test_a_window_with_rows_lost_or_twice_is_named_with_both_counts(
    con: duckdb.DuckDBPyConnection, there: tuple[int, ...], count: int
) -> None:
    loaded(con, 1, 3, 3)
    holds(con, *there)
    (wrong,) = rows_against_ledger(con, WEB)
    assert (wrong["window_start"], wrong["written_rows"], wrong["rows_there"]) == (date(2026, 11, 1), 3, count)


def test_a_window_that_was_partly_read_again_is_judged_by_the_later_load_alone(con: duckdb.DuckDBPyConnection) -> None:
    loaded(con, 1, 3, 3)
    loaded(con, 3, 4, 1)
    holds(con, 1, 2, 4)  # the source took the third day back
    assert rows_against_ledger(con, WEB) == []
    holds(con, 3)
    assert [wrong["window_start"] for wrong in rows_against_ledger(con, WEB)] == [date(2026, 11, 3)]


def test_a_failed_read_and_another_sources_load_say_nothing_of_a_window(con: duckdb.DuckDBPyConnection) -> None:
    loaded(con, 1, 3, 3)
    holds(con, 1, 2)
    loaded(con, 1, 3, 0, status="failed")
    loaded(con, 1, 3, 0, source="shop")
    assert [wrong["source"] for wrong in rows_against_ledger(con, WEB)] == ["web"]


def test_lists_and_snapshots_have_no_windows_to_count_by(con: duckdb.DuckDBPyConnection) -> None:
    assert {name for name, table in RAW_TABLES.items() if not has_windows(table)} == {
        "subscriber_months", "subscriber_snapshots", "web_key_events",
        "blog_posts", "follower_snapshots", "own_metrics", "post_counters", "snapshot_replies", "social_posts",
    }  # fmt: skip
    assert rows_against_ledger(con, RAW_TABLES["post_counters"]) == []


@pytest.mark.parametrize(
    ("before", "after", "noticed"),
    [(40, 0, True), (40, 19, True), (40, 20, False), (40, 40, False), (40, 90, False), (19, 0, False), (0, 0, False)],
)
def test_a_window_that_comes_back_with_less_than_half_of_its_rows_is_named_and_written_all_the_same(
    con: duckdb.DuckDBPyConnection, before: int, after: int, noticed: bool
) -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 3))
    for run_id, count in (("first", before), ("second", after)):
        rows = [
            {"day": date(2026, 11, 1), "host": "w.se", "path": f"/{number}", "page_views": 1,
             "engagement_seconds": None, "is_final": True}
            for number in range(count)
        ]  # fmt: skip
        load = Load(
            client="acme", source="web", stream="web_pages_daily", window=window, rows=count, status="loaded",
            attempts=1, started_at=NOW, finished_at=NOW, run_id=run_id, quality={"zone": "UTC"},
        )  # fmt: skip
        batch = Batch(rows=build_table(RAW_TABLES["web_pages_daily"], rows), covers=window)
        write_batch(con, batch=CheckedBatch(stream=PAGES, batch=batch, window=window), load=load, taken_at=NOW)
    assert con.execute("select count(*) from raw.web_pages_daily").fetchall() == [(after,)]
    table = RAW_TABLES["web_pages_daily"]
    assert collapsed_windows(con, table, run_id="first") == []
    found = collapsed_windows(con, table, run_id="second")
    assert [(row["client"], row["rows_before"], row["rows"]) for row in found] == (
        [("acme", before, after)] if noticed else []
    )
