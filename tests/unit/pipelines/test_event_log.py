"""Dagster's event log during a night: every event is there afterwards, SQLite's log stays open, SQL is made once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import create_engine, literal, select, text
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.event import listen
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


def compiled_anew(tmp_path: Path, file: str) -> list[bool]:
    """Whether each of two engines of its own over one file put the same statement's SQL together itself."""
    found = []

    def ran(_connection: object, _cursor: object, _sql: str, _values: object, context: Any, _many: bool) -> None:
        found.append(context.cache_hit is not CacheStats.CACHE_HIT)

    for number in (1, 2):
        engine = create_engine(f"sqlite:///{tmp_path / file}", poolclass=NullPool)
        listen(engine, "after_cursor_execute", ran)
        with engine.begin() as connection:
            assert connection.execute(select(literal(number))).scalar() == number
    return found


def test_a_statement_is_put_together_once_for_all_engines_and_keeps_each_ones_values(tmp_path: Path) -> None:
    assert compiled_anew(tmp_path, "a.db") == [True, True], "what SQLAlchemy does by itself"
    with quick_event_log():
        assert compiled_anew(tmp_path, "a.db") == [True, False]
        assert compiled_anew(tmp_path, "b.db") == [False, False]
    assert compiled_anew(tmp_path, "a.db") == [True, True]
