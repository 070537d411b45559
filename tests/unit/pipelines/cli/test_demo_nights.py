"""The nights before the demo's own: one that is stopped midway is gone on with, and none is read out of turn.

Really under test: ``live_through`` over the real sandbox, with the counters of one of the demo's clients.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.sandbox.server import SandboxServer
from pipelines.cli import demo_nights
from pipelines.cli.demo_nights import live_through
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import open_warehouse
from tests.home import copy_demo

TODAY = date(2026, 11, 20)
NIGHTS = [TODAY - timedelta(days=before) for before in (4, 3, 2, 1)]


class StoppedOn:
    """A sandbox at whose move to a day somebody presses Ctrl-C."""

    def __init__(self, server: SandboxServer, day: date) -> None:
        self.server, self.day = server, day

    def set_today(self, today: date) -> None:
        if today == self.day:
            raise KeyboardInterrupt
        self.server.set_today(today)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(demo_nights, "NIGHTS_BEFORE", len(NIGHTS))
    monkeypatch.setattr(demo_nights, "JUDGED", frozenset())
    return Home(copy_demo(tmp_path, only=("skargard",)))


def ledger(home: Home) -> list[tuple[str, str, str, str]]:
    with closing(connect(home, read_only=True)) as con:
        return con.execute("select run_id, source, stream, status from ops.loads order by rowid").fetchall()


def nights(home: Home) -> list[str]:
    return list(dict.fromkeys(run for run, *_ in ledger(home)))


def counters(home: Home) -> list[tuple[object, ...]]:
    with closing(connect(home, read_only=True)) as con:
        return con.execute(
            "select source, day, post_id, likes, comments, shares from raw.post_counters order by all"
        ).fetchall()


def environ(sandbox: SandboxServer) -> dict[str, str]:
    return {**os.environ, **sandbox.environment()}


def test_a_demo_that_was_stopped_goes_on_with_the_nights_that_are_missing(
    home: Home, sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(live_through(home, StoppedOn(sandbox, NIGHTS[2]), TODAY, environ(sandbox)))
    before = ledger(home)
    assert nights(home) == [f"demo-{night}" for night in NIGHTS[:2]]
    list(live_through(home, sandbox, TODAY, environ(sandbox)))
    after = ledger(home)
    assert after[: len(before)] == before
    assert nights(home) == [f"demo-{night}" for night in NIGHTS]
    assert {status for *_, status in after} == {"loaded"}
    whole = Home(copy_demo(tmp_path_factory.mktemp("whole"), only=("skargard",)))
    list(live_through(whole, sandbox, TODAY, environ(sandbox)))
    assert counters(home) == counters(whole)
    # sources are read side by side
    assert sorted(after) == sorted(ledger(whole))


def test_a_folder_that_had_a_night_of_its_own_keeps_the_nights_that_it_had(home: Home, sandbox: SandboxServer) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(live_through(home, StoppedOn(sandbox, NIGHTS[1]), TODAY, environ(sandbox)))
    with closing(open_warehouse(home)) as con:
        con.execute("update ops.loads set run_id = 'a-night-of-its-own' where stream = 'post_counters'")
    before = ledger(home)
    list(live_through(home, sandbox, TODAY, environ(sandbox)))
    assert ledger(home) == before


def test_a_folder_in_which_nothing_was_read_yet_gets_all_of_them(home: Home, sandbox: SandboxServer) -> None:
    open_warehouse(home).close()
    list(live_through(home, sandbox, TODAY, environ(sandbox)))
    assert nights(home) == [f"demo-{night}" for night in NIGHTS]


class Counting:
    """A connection that counts the statements it is given."""

    def __init__(self, con: Connection) -> None:
        self.con, self.statements = con, list[str]()

    def execute(self, sql: str, *values: object) -> object:
        self.statements.append(sql)
        return self.con.execute(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self.con, name)


def test_a_night_of_counters_asks_the_ledger_once_a_client_and_writes_a_reading_in_seven_statements(
    home: Home, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(live_through(home, sandbox, TODAY, environ(sandbox)))
    counted: list[list[str]] = []
    real = demo_nights.ingest

    def counting(**asked: object) -> object:
        con = Counting(asked.pop("con"))  # type: ignore[arg-type]
        try:
            return real(con=con, **asked)  # type: ignore[arg-type]
        finally:
            counted.append(con.statements)

    monkeypatch.setattr(demo_nights, "ingest", counting)
    list(live_through(home, sandbox, TODAY + timedelta(days=1), environ(sandbox)))
    statements = counted[-1]
    readings = 2 * 2
    reads = [sql for sql in statements if sql.lstrip().startswith("select")]
    of_ledger = [sql for sql in reads if "ops.loads" in sql or '"ops"."loads"' in sql]
    newest_doubt = [sql for sql in of_ledger if "max(finished_at)" in sql]
    assert (len(newest_doubt), len(of_ledger) - len(newest_doubt)) == (1, 2), reads
    assert len(statements) <= len(reads) + 7 * readings
