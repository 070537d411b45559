"""A history too long for one night: read newest first in slices within the budget, and how far it is each night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from connectors.core.errors import BadReply
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.first_load import Loading, loading_of
from tests.unit.warehouse_fakes import DAILY, FOLLOWERS, MONTHLY, FakeVendor, Night, client, nights

START = date(2026, 9, 1)
FIRST = date(2026, 11, 10)
SLOW = replace(DAILY, slice_days=10, reads_per_night=2, weekly_reread_days=0)


def told(night: Night, day: date) -> tuple[Loading, ...]:
    return loading_of(
        night.clients[0],
        loads=ledger.read(night.con),
        now=fixed_clock(day).now(),
        source_types={"bluesky": night.vendor.type(**night.kind)},
    )


def slow(tmp_path: Path, *others: Any, **settings: Any) -> Night:
    return Night(tmp_path, client(start=START, **settings), streams=(FOLLOWERS, SLOW, *others))


def test_each_night_reads_its_share_and_says_what_is_left_until_all_is_there(tmp_path: Path) -> None:
    night = slow(tmp_path)
    said: list[tuple[int, int, int | None]] = []
    for day in nights(FIRST, 8):
        night.run(day)
        night.run(day)  # the budget is the day's, however often it runs
        said += [(load.loaded_days, load.all_days, load.nights) for load in told(night, day)]
        reads = night.rows("select count(*) from ops.loads where stream = 'web_daily' and run_id = ?", f"run-{day}")
        assert reads <= [(2,)]
    # of two slices a night one goes to the days that have not settled
    assert said == [
        (20, 70, 3),
        (31, 71, 2),
        (42, 72, 2),
        (53, 73, 1),
        (64, 74, 1),
    ]
    assert night.rows("select min(day), max(day) from raw.web_daily")[0] == (START, FIRST + timedelta(days=6))


def test_it_is_named_by_its_title_and_by_more_only_where_that_says_too_little(tmp_path: Path) -> None:
    night = slow(tmp_path, MONTHLY)
    night.run(FIRST)
    assert [load.title for load in told(night, FIRST)] == ["Fake (social) web_daily"]


def test_what_never_was_read_has_failed_and_what_can_not_be_had_is_not_waited_for(tmp_path: Path) -> None:
    vendor = FakeVendor(covers_from=FIRST - timedelta(days=15))
    night = Night(tmp_path / "short", client(start=START), vendor=vendor, streams=(FOLLOWERS, DAILY))
    night.run(FIRST)
    assert night.loads("skipped")
    assert told(night, FIRST) == ()
    failing = slow(tmp_path / "failing")
    failing.vendor.errors["web_daily"] = BadReply(client="acme", source="social", attempted="reading")
    failing.run(FIRST)
    assert told(failing, FIRST) == ()
