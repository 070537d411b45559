"""A night that was dated wrong, undone: what goes, what stays, and that the next night is as if there had been none."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from connectors.core.raw_tables import RAW_TABLES
from pipelines.warehouse.clock_check import newest_load
from pipelines.warehouse.db import transaction
from pipelines.warehouse.forget import Forgotten, forget_from
from pipelines.warehouse.ingest.ledger_check import rows_against_ledger
from tests.unit.warehouse_fakes import Night, client

TODAY = date(2026, 11, 20)
LATE = date(2027, 3, 1)
TABLES = ("web_daily", "web_monthly", "follower_snapshots", "blog_posts")


def home_after(root: Path, *days: date) -> Night:
    night = Night(root, client(start=date(2026, 10, 1)))
    for day in days:
        night.run(day)
    return night


def forgotten(night: Night, from_on: date) -> Forgotten:
    with transaction(night.con):
        return forget_from(night.con, from_on)


def test_after_it_is_undone_the_next_night_ends_as_if_there_had_been_none(tmp_path: Path) -> None:
    night = home_after(tmp_path / "wrong", TODAY, LATE)
    assert max(row[2] for row in night.table("web_daily")) > TODAY + timedelta(days=30)
    told = forgotten(night, TODAY + timedelta(days=1))
    assert {"raw.web_daily", "raw.follower_snapshots", "ops.loads"} <= told.rows.keys()
    assert newest_load(night.con).date() == TODAY  # type: ignore[union-attr]
    assert max(row[2] for row in night.table("web_daily")) <= TODAY
    for table in RAW_TABLES.values():
        assert rows_against_ledger(night.con, table) == [], table.name
    night.run(TODAY + timedelta(days=1))
    night.run(TODAY + timedelta(days=8))
    right = home_after(tmp_path / "right", TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=8))
    for table in TABLES:
        assert night.table(table) == right.table(table), table
    assert night.loads("skipped") == right.loads("skipped")


def test_what_such_a_night_read_of_earlier_days_stays_and_is_due_again_while_unsettled(tmp_path: Path) -> None:
    night = home_after(tmp_path, TODAY)
    before = {row[2] for row in night.table("web_daily")}
    told = forgotten(night, TODAY)
    assert {row[2] for row in night.table("web_daily")} == before
    assert told.redated > 0
    assert night.table("follower_snapshots") == []
    asked = len(night.vendor.asked)
    night.run(TODAY)
    days = [window for stream, window in night.vendor.asked[asked:] if stream == "web_daily" and window]
    assert max(window.end for window in days) == TODAY - timedelta(days=1)


def test_where_nothing_was_read_then_nothing_goes(tmp_path: Path) -> None:
    night = home_after(tmp_path, TODAY)
    before = {table: night.table(table) for table in TABLES}
    assert forgotten(night, TODAY + timedelta(days=1)).is_nothing
    assert before == {table: night.table(table) for table in TABLES}
