"""Which nights are refused by their date."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from okr_models.periods import Window
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.clock_check import ClockDoubted, check_clock
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.schema import ensure_schema

MACHINE = datetime(2026, 11, 29, 18, tzinfo=UTC)


@pytest.fixture
def con(tmp_path: Path) -> Connection:
    con = connect(Home(tmp_path))
    ensure_schema(con)
    return con


def had_a_night(con: Connection, day: date) -> Connection:
    at = fixed_clock(day).now()
    load = Load(
        client="acme",
        source="web",
        stream="web_daily",
        window=Window(day, day),
        rows=0,
        status="failed",
        attempts=1,
        started_at=at,
        finished_at=at,
        run_id="r",
    )
    ledger.append(con, load)
    return con


@pytest.mark.parametrize(
    ("newest", "today"),
    [
        (date(2026, 11, 20), "2026-11-20"),
        (date(2026, 11, 20), "2026-12-30"),  # forty days
        (date(2025, 7, 10), "2026-02-10"),  # a replay jumps, as long as the machine has seen that day
        (date(2025, 7, 10), "2026-11-29"),
        (date(2026, 12, 31), "2027-02-12"),  # a home that lives ahead of the machine already
        (date(2026, 11, 20), ""),
        (date(2026, 10, 20), ""),
    ],
)
def test_a_date_that_the_ledger_does_not_contradict_passes(con: Connection, newest: date, today: str) -> None:
    check_clock(had_a_night(con, newest), {"OKR_TODAY": today}, machine=MACHINE)


@pytest.mark.parametrize("today", ["", "2020-01-01", "2031-01-01"])
def test_a_new_home_takes_any_date(con: Connection, today: str) -> None:
    check_clock(con, {"OKR_TODAY": today}, machine=MACHINE)


@pytest.mark.parametrize(
    ("newest", "today", "words"),
    [
        (date(2026, 11, 20), "2026-11-19", "okr ledger forget --from 2026-11-20"),
        (date(2028, 1, 1), "2026-11-21", "okr ledger forget --from 2026-11-22"),
        (date(2026, 11, 20), "2026-12-31", "41 days after"),
        (date(2026, 11, 20), "2028-01-01", "OKR_TODAY says 2028-01-01, 407 days after"),
    ],
)
def test_a_date_before_the_newest_night_or_long_after_it_is_refused_with_the_way(
    con: Connection, newest: date, today: str, words: str
) -> None:
    with pytest.raises(ClockDoubted, match=words) as refused:
        check_clock(had_a_night(con, newest), {"OKR_TODAY": today}, machine=MACHINE)
    assert "--clock-is-right" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_machine_whose_own_clock_runs_ahead_or_behind_is_refused(
    con: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    had_a_night(con, date(2026, 11, 20))
    for wrong in (date(2028, 1, 1), date(2026, 11, 1)):
        monkeypatch.setattr(
            "pipelines.warehouse.clock.SystemClock.now", lambda _self, day=wrong: fixed_clock(day).now()
        )
        with pytest.raises(ClockDoubted, match=f"the machine's clock says {wrong}"):
            check_clock(con, {})
