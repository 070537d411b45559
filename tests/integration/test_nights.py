"""Many nights against one: what can be asked again ends the same however the nights fell.

Under test: planning from the ledger, window replacement and snapshots, over real HTTP with a clock that moves.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.core.raw_tables import RAW_TABLES
from connectors.sandbox.server import SandboxServer
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema
from tests.home import copy_demo

FIRST = date(2026, 10, 24)  # ten nights over the end of summer time and a month's end
NIGHTS = 10
LAST = FIRST + timedelta(days=NIGHTS - 1)
RE_ASKABLE = sorted(name for name, table in RAW_TABLES.items() if not table.append_only)
SNAPSHOTS = ("follower_snapshots", "post_counters")
PLATFORMS = ("facebook", "film", "instagram", "linkedin")
# LinkedIn (its twelve months move with the night) and the blog stay whole; Instagram, one call a day, fits one night
SHORTENED = re.compile(r"^    type: (?:ga4|search_console|facebook_page|instagram|youtube)\n", re.MULTILINE)


def one_night(home: Home, server: SandboxServer, environ: dict[str, str], day: date) -> None:
    server.set_today(day)
    clock = fixed_clock(day)
    con = connect(home)
    try:
        ensure_schema(con)
        clients = load_clients(home)
        assert not clients.broken
        for deliveries in ({"snapshot"}, {"window", "listing"}):
            report = ingest(
                con=con,
                clients=clients.clients,
                home=home,
                environ=environ,
                clock=clock,
                run_id=f"night-{day}",
                deliveries=deliveries,
            )
            assert not report.failed
        write_config(con, clients.clients, now=clock.now(), known=clients.known)
    finally:
        con.close()


def run(folder: Path, days: list[date]) -> Home:
    folder.mkdir()
    home = Home(copy_demo(folder, only=("fjallglas",)))
    path = home.clients / "fjallglas.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(SHORTENED.sub(r"\g<0>    start: 2026-08-01\n", text), encoding="utf-8")
    with SandboxServer(today=days[0]) as server:
        environ = server.environment()
        for day in days:
            one_night(home, server, environ, day)
    return home


def tables(home: Home, names: list[str] | tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    con = duckdb.connect(str(home.database), read_only=True)
    try:
        con.execute("set timezone = 'UTC'")
        return {name: con.execute(f"select * from raw.{name} order by all").fetchall() for name in names}
    finally:
        con.close()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    folder = tmp_path_factory.mktemp("nights")
    every = [FIRST + timedelta(days=n) for n in range(NIGHTS)]
    return {
        "ten": run(folder / "ten", every),
        "one": run(folder / "one", [LAST]),
        "off": run(folder / "off", every[:4] + every[7:]),
    }


def test_ten_nights_end_in_the_same_re_askable_tables_as_one_backfill(nights: dict[str, Home]) -> None:
    ten, one = tables(nights["ten"], RE_ASKABLE), tables(nights["one"], RE_ASKABLE)
    assert any(ten.values())
    for name in RE_ASKABLE:
        oldest = asked_for(name, one[name])
        column = RAW_TABLES[name].time_column
        kept = [row for row in ten[name] if column is None or oldest is None or row[position(name, column)] >= oldest]
        assert kept == one[name], name


def asked_for(name: str, backfill: list[tuple[object, ...]]) -> object:
    """The oldest day that one backfill on the last night could still ask; the first of ten nights saw older ones."""
    column = RAW_TABLES[name].time_column
    if column is None or not backfill:
        return None
    return min(row[position(name, column)] for row in backfill)  # type: ignore[type-var]


def position(name: str, column: str) -> int:
    return 2 + [item.name for item in RAW_TABLES[name].columns].index(column)


def test_a_machine_that_was_off_for_three_nights_catches_up_by_itself(nights: dict[str, Home]) -> None:
    ten, off = tables(nights["ten"], RE_ASKABLE), tables(nights["off"], RE_ASKABLE)
    for name in RE_ASKABLE:
        assert ten[name] == off[name], name


def test_snapshots_of_the_missed_days_are_missing_and_said_so(nights: dict[str, Home]) -> None:
    missed = {FIRST + timedelta(days=n) - timedelta(days=1) for n in (4, 5, 6)}
    ten, off = tables(nights["ten"], SNAPSHOTS), tables(nights["off"], SNAPSHOTS)
    for name in SNAPSHOTS:
        day = position(name, "day")
        assert {row for row in ten[name] if row[day] not in missed} == set(off[name]), name
        assert {row[day] for row in ten[name]} - {row[day] for row in off[name]} == missed
    con = duckdb.connect(str(nights["off"].database), read_only=True)
    try:
        said = con.execute(
            """select stream, source, window_start, window_end from ops.loads where status = 'skipped' and stream in
               ('follower_snapshots', 'post_counters') order by stream, source"""
        ).fetchall()
    finally:
        con.close()
    assert said == [(name, source, min(missed), max(missed)) for name in SNAPSHOTS for source in PLATFORMS]
