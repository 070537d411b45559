"""Dagster's event log during a night: every event is there afterwards, and SQLite's log stays open meanwhile."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from pipelines.event_log import quick_event_log


@dg.asset
def first() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset(deps=[first])
def second() -> None:
    raise ValueError("as told")


def test_a_run_whose_second_step_fails_is_told_whole_to_whoever_reads_it_later(tmp_path: Path) -> None:
    with quick_event_log(), dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        ended = dg.materialize([first, second], instance=instance, raise_on_error=False)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        told = [
            entry.dagster_event.event_type_value for entry in instance.all_logs(ended.run_id) if entry.dagster_event
        ]
        assert instance.get_latest_materialization_event(dg.AssetKey("first")) is not None
        stored = instance.get_run_by_id(ended.run_id)
    assert stored is not None
    assert stored.status is dg.DagsterRunStatus.FAILURE
    assert [kind for kind in told if kind.startswith("STEP_")][-2:] == ["STEP_START", "STEP_FAILURE"]
    assert "ASSET_MATERIALIZATION" in told


def test_the_write_ahead_log_stays_between_two_writes_and_is_folded_in_at_the_end(tmp_path: Path) -> None:
    file, log = tmp_path / "events.db", tmp_path / "events.db-wal"
    with sqlite3.connect(file) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table event (id integer)")
    con.close()
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)

    def write(number: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("insert into event values (:number)"), {"number": number})

    write(0)
    assert not log.exists(), "what SQLite does by itself, or the next lines show nothing"
    with quick_event_log():
        for number in (1, 2):
            write(number)
            assert log.exists()
        with engine.connect() as connection:
            assert connection.execute(text("pragma synchronous")).scalar() == 1
    assert not log.exists()
    with sqlite3.connect(file) as con:
        assert con.execute("select id from event order by id").fetchall() == [(0,), (1,), (2,)]
    con.close()


def test_afterwards_sqlite_is_opened_as_before(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}", poolclass=NullPool)
    with pytest.raises(RuntimeError, match="stopped"), quick_event_log():
        raise RuntimeError("stopped")
    with engine.connect() as connection:
        assert connection.execute(text("pragma synchronous")).scalar() == 2
