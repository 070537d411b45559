"""Reads that are committed together: one transaction, a ledger row each, and no harm from one to another.

Really under test: ``group_commit.GroupCommit`` with ``writer.write_all`` against a real DuckDB file.
"""

from __future__ import annotations

import queue
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.core.protocol import Batch, Stream
from okr_models.client.identity import Identity
from okr_models.periods import Window
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import group_commit, run
from pipelines.warehouse.ingest.group_commit import GroupCommit
from pipelines.warehouse.ingest.identities import Kept
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.read_source import Read
from pipelines.warehouse.ingest.writer import same_listing
from tests.empty_home import connected
from tests.unit.warehouse_fakes import DAILY, MONTHLY, POSTS, Counted, daily, monthly, post, table_of

NOW = datetime(2026, 10, 25, 4, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture
def con(tmp_path: Path) -> Any:
    return Counted(connected(Home(tmp_path)))


def read(
    start: date, days: int = 7, *, stream: Stream = DAILY, client: str = "acme", source: str = "site", **more: Any
) -> Read:
    window = Window(start, start + (days - 1) * DAY)
    if stream is DAILY:
        rows = [daily(day, today=TODAY) for day in window]
    else:
        rows = [monthly(start, through=window.end)] if stream is MONTHLY else [post("a"), post("b")]
    batch = Batch(rows=table_of(stream.table, rows), covers=window if stream.delivery == "window" else None)
    load = Load(
        client=client, source=source, stream=stream.name, window=window, rows=len(rows), status="loaded", attempts=1,
        started_at=NOW, finished_at=NOW, run_id="night", quality={"zone": "UTC"},
    )  # fmt: skip
    return Read(stream=stream, load=load, taken_at=NOW, batch=batch, **more)


def committing(con: Any) -> GroupCommit:
    return GroupCommit(con, lambda _: True)


def days(con: Any, client: str = "acme") -> list[date]:
    return [
        day for (day,) in con.execute("select day from raw.web_daily where client = ? order by 1", [client]).fetchall()
    ]


def ledger_of(con: Any) -> list[tuple[Any, ...]]:
    return con.execute("select client, stream, window_start, rows, status from ops.loads").fetchall()


def test_reads_of_many_clients_are_one_transaction_and_one_statement_a_table(con: Any):
    reads = [read(date(2026, 8, 1) + 7 * week * DAY, client=client) for client in ("acme", "beta") for week in range(4)]
    loads = list(committing(con).write([*reads, read(date(2026, 8, 1), 31, stream=MONTHLY)]))
    assert [load.window for load in loads[:8]] == [one.load.window for one in reads]
    assert (con.count("begin"), con.count("commit")) == (1, 1)
    assert con.count("insert into") == 2 + 1, "one a table, and one for the ledger"
    assert len(days(con)) == len(days(con, "beta")) == 28
    assert [row[:3] for row in ledger_of(con)] == [
        *((one.load.client, "web_daily", one.load.window.start) for one in reads),
        ("acme", "web_monthly", date(2026, 8, 1)),
    ]


def test_a_read_that_can_not_be_written_costs_none_before_it(con: Any):
    con.execute("drop table raw.web_monthly")
    loads = list[Load]()
    first, last = read(date(2026, 8, 1)), read(date(2026, 8, 8))
    with pytest.raises(duckdb.CatalogException, match="web_monthly"):
        loads.extend(committing(con).write([first, read(date(2026, 8, 1), 31, stream=MONTHLY), last]))
    assert loads == [first.load]
    assert days(con) == list(first.load.window)
    assert [row[2] for row in ledger_of(con)] == [date(2026, 8, 1)]


def test_a_batch_that_is_not_fit_is_a_failed_load_among_others_that_are_loaded(con: Any):
    outside = read(date(2026, 8, 8))
    outside = replace(outside, load=replace(outside.load, window=Window(date(2026, 8, 9), date(2026, 8, 14))))
    list(committing(con).write([read(date(2026, 8, 1)), outside, read(date(2026, 8, 15))]))
    assert [row[4] for row in ledger_of(con)] == ["loaded", "failed", "loaded"]
    assert (len(days(con)), con.count("commit")) == (14, 1)


def test_what_the_writer_can_not_make_of_one_read_costs_that_source_alone(con: Any, monkeypatch: pytest.MonkeyPatch):
    def stumbling(con: Any, batch: Any, load: Load) -> bool:
        if load.client == "odd":
            raise ValueError("what nobody thought of")
        return same_listing(con, batch=batch, load=load)

    monkeypatch.setattr(group_commit, "same_listing", stumbling)
    reads = [read(TODAY, 1, stream=POSTS, client=name, is_repeat=True) for name in ("acme", "odd", "zeta")]
    loads = list(committing(con).write(reads))
    assert [(load.client, load.status, load.error_class) for load in loads] == [
        ("acme", "loaded", None),
        ("odd", "failed", "bad_reply"),
        ("zeta", "loaded", None),
    ]
    assert loads[1].message is not None
    assert "odd/site: writing blog_posts failed; ValueError: what nobody thought of" in loads[1].message


def test_of_two_reads_of_one_day_the_later_stands(con: Any):
    shorter = read(date(2026, 8, 1))
    assert shorter.batch is not None
    shorter = replace(shorter, batch=replace(shorter.batch, rows=shorter.batch.rows.slice(0, 3)))
    list(committing(con).write([read(date(2026, 8, 1)), shorter]))
    assert len(days(con)) == 3
    assert (len(ledger_of(con)), con.count("commit")) == (2, 2)


def test_nothing_is_deleted_where_nothing_can_lie(con: Any):
    reads = [read(date(2026, 8, 1) + 7 * week * DAY, is_first=True) for week in range(4)]
    list(committing(con).write(reads))
    assert con.count("delete") == 0
    # asked again by the same step, and by a later one
    commit = committing(con)
    list(commit.write([reads[0]]))
    assert con.count("delete") == 1
    assert len(days(con)) == 28


def test_rows_that_the_ledger_knows_nothing_of_are_replaced_all_the_same(con: Any):
    list(committing(con).write([read(date(2026, 8, 1), 14)]))
    con.execute("delete from ops.loads")
    empty = read(date(2026, 8, 1), is_first=True)
    assert empty.batch is not None
    list(committing(con).write([replace(empty, batch=replace(empty.batch, rows=empty.batch.rows.slice(0, 0)))]))
    assert days(con) == list(Window(date(2026, 8, 8), date(2026, 8, 14)))


def test_who_a_source_is_is_asked_and_kept_once(con: Any):
    who = Kept(identity=Identity(type="ga4", parts={"property": frozenset({"1"})}))
    reads = [read(date(2026, 8, 1) + 7 * week * DAY, kept=who) for week in range(4)]
    commit = committing(con)
    for one in reads:
        list(commit.write([one]))
    assert con.count("select source, source_type,") == 1
    assert con.execute("select count(*) from ops.source_identities").fetchall() == [(1,)]


def test_a_list_as_it_was_leaves_no_trace_among_reads_that_do(con: Any):
    list(committing(con).write([read(TODAY, 1, stream=POSTS)]))
    list(committing(con).write([read(date(2026, 8, 1)), read(TODAY, 1, stream=POSTS, is_repeat=True)]))
    assert [row[1] for row in ledger_of(con)] == ["blog_posts", "web_daily"]


def test_a_group_ends_when_it_is_full_or_heavy_or_nothing_more_can_come(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "GROUP_SECONDS", 3_600.0)  # none of these ends by waiting
    waiting: queue.Queue[Any] = queue.Queue()

    def put(*items: Any) -> None:
        for item in items:
            waiting.put(item)

    one, end = read(date(2026, 8, 1)), run._Ended(None)  # type: ignore[arg-type]
    put(*[one] * run.GROUP_READS, one, end)
    assert len(run._group(waiting, left=1)) == run.GROUP_READS
    assert run._group(waiting, left=1) == [one, end]
    monkeypatch.setattr(run, "GROUP_BYTES", 1)
    put(one, one)
    assert run._group(waiting, left=1) == [one]
    monkeypatch.setattr(run, "GROUP_SECONDS", 0.0)
    assert run._group(waiting, left=1) == [one]
