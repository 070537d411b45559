"""The night's event log against Dagster's own: the same events give the same tables, and readers miss none of them.

Not under test: what a night costs (``tests/integration/test_price_of_a_night.py``), and whether Dagster still has what
the log is built on (``test_dagster_private.py``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import deserialize_value, serialize_value

from pipelines import event_log
from pipelines.event_log import NightEventLog, recorded

DAYS = dg.DailyPartitionsDefinition("2026-11-01")
NIGHT = "2026-11-19"
ASSETS = [dg.AssetKey("raw"), dg.AssetKey("made"), dg.AssetKey("other")]


@dg.asset(partitions_def=DAYS, check_specs=[dg.AssetCheckSpec("read", asset="raw")])
def raw() -> Iterator[Any]:
    yield dg.MaterializeResult(metadata={"rows": 3}, tags={"why": "test"})
    yield dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)


@dg.multi_asset(
    specs=[dg.AssetSpec("made", deps=["raw"]), dg.AssetSpec("other", deps=["made"])],
    check_specs=[dg.AssetCheckSpec("tests", asset="made")],
)
def models() -> Iterator[Any]:
    yield dg.MaterializeResult(asset_key="made", metadata={"rows": 2, "text": 'with "quotes" and å'})
    yield dg.AssetCheckResult(asset_key="made", passed=True, metadata={"tests": 4})
    yield dg.MaterializeResult(asset_key="other")


@pytest.fixture(scope="module")
def events() -> list[Any]:
    """Every event of two runs, as Dagster kept them."""
    job = dg.define_asset_job("job", selection=dg.AssetSelection.all())
    defs = dg.Definitions(assets=[raw, models], jobs=[job])
    found: list[Any] = []
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            run = defs.resolve_job_def("job").execute_in_process(instance=instance, partition_key=NIGHT)
            found += [record.event_log_entry for record in instance.get_records_for_run(run.run_id).records]
    assert len(found) > 40
    return found


def tables(folder: Path) -> dict[str, list[Any]]:
    """All rows of all files of a log, but for when a row was made and the metadata that an output repeats."""
    found: dict[str, list[Any]] = {}
    for file in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(file)) as con:
            con.row_factory = sqlite3.Row
            for table in ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions"):
                rows = [dict(row) for row in con.execute(f"select * from {table} order by id")]
                for row in rows:
                    row.pop("create_timestamp", None)
                    if row.get("dagster_event_type") == "STEP_OUTPUT":
                        event = json.loads(row["event"])
                        event["dagster_event"]["event_specific_data"]["metadata_entries"] = []
                        row["event"] = json.dumps(event)
                found[f"{file.stem}.{table}"] = rows
    return found


def test_the_same_events_give_the_tables_that_dagster_makes_of_them(tmp_path: Path, events: list[Any]) -> None:
    with closing_log(SqliteEventLogStorage(str(tmp_path / "own"))) as own:
        for event in events:
            own.store_event(event)
    with closing_log(NightEventLog(str(tmp_path / "ours"))) as ours:
        ours.store_event_batch(events[:5])
        for event in events[5:]:
            ours.store_event(event)
    wanted, found = tables(tmp_path / "own"), tables(tmp_path / "ours")
    assert len(wanted["index.asset_keys"]) == 3
    assert len(wanted["index.asset_check_executions"]) >= 4
    for table in wanted:
        assert found[table] == wanted[table], table


@contextmanager
def closing_log(log: Any) -> Iterator[Any]:
    """Disposed of at the end."""
    try:
        yield log
    finally:
        log.dispose()


def test_a_reader_in_the_process_misses_no_event(tmp_path: Path, events: list[Any]) -> None:
    """After each event both logs answer what a step asks: the newest record of an asset, and one of a partition."""
    own, ours = SqliteEventLogStorage(str(tmp_path / "own")), NightEventLog(str(tmp_path / "ours"))
    with closing_log(own), closing_log(ours):
        for event in events:
            own.store_event(event)
            ours.store_event(event)
            for key in ASSETS:
                asked = dg.AssetRecordsFilter(key, asset_partitions=[NIGHT])
                for filtered in (asked, key):
                    wanted = own.fetch_materializations(filtered, limit=1)
                    found = ours.fetch_materializations(filtered, limit=1)
                    assert found == wanted, (key, filtered)
                assert ours.get_asset_records([key]) == own.get_asset_records([key])


def test_events_wait_to_be_written_together_and_a_runs_end_is_written_at_once(
    tmp_path: Path, events: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "MOST_SECONDS", 3600.0)
    first = events[0].run_id
    of_first = [event for event in events if event.run_id == first]
    started = next(n for n, event in enumerate(of_first) if event.dagster_event_type == dg.DagsterEventType.RUN_START)
    with closing_log(NightEventLog(str(tmp_path))) as log:
        log.store_event_batch(of_first[: started + 1])
        for event in of_first[started + 1 : -1]:
            log.store_event(event)
        file = tmp_path / f"{first}.db"
        assert written(file) == started + 1, "they wait"
        log.store_event(of_first[-1])
        assert written(file) == len(of_first)


def written(file: Path) -> int:
    with closing(sqlite3.connect(file)) as con:
        return int(con.execute("select count(*) from event_logs").fetchone()[0])


def test_what_could_not_be_written_is_said_and_written_once(tmp_path: Path, events: list[Any]) -> None:
    """The index is another's for a while: what waits stays, what is in a run's file already is not written again."""
    with closing_log(NightEventLog(str(tmp_path / "ours"))) as log:
        with closing(sqlite3.connect(tmp_path / "ours" / "index.db", timeout=0)) as other:
            other.execute("begin immediate")
            log._kept["index"].exec_driver_sql("pragma busy_timeout = 0")
            log._kept["index"].commit()
            at = next(n for n, event in enumerate(events) if event.dagster_event_type == dg.DagsterEventType.RUN_START)
            for event in events[:at]:
                log.store_event(event)
            for _ in range(2):
                with pytest.raises(Exception, match="locked"):
                    log.fetch_materializations(ASSETS[0], limit=1)
            other.rollback()
        for event in events[at:]:
            log.store_event(event)
    with closing_log(SqliteEventLogStorage(str(tmp_path / "own"))) as own:
        for event in events:
            own.store_event(event)
    assert tables(tmp_path / "ours") == tables(tmp_path / "own")


def test_what_a_call_could_not_write_is_the_callers_to_store_again(tmp_path: Path, events: list[Any]) -> None:
    """Dagster stores each event of a batch by itself where the batch failed."""
    with closing_log(NightEventLog(str(tmp_path))) as log:
        with closing(sqlite3.connect(tmp_path / "index.db", timeout=0)) as other:
            other.execute("begin immediate")
            log._kept["index"].exec_driver_sql("pragma busy_timeout = 0")
            log._kept["index"].commit()
            start = next(event for event in events if event.dagster_event_type == dg.DagsterEventType.RUN_START)
            with pytest.raises(Exception, match="locked"):
                log.store_event(start)
            other.rollback()
        log.store_event(start)
    with closing(sqlite3.connect(tmp_path / "index.db")) as con:
        assert con.execute("select count(*) from event_logs").fetchone() == (1,)


def test_a_materialization_is_recorded_as_dagster_writes_it(events: list[Any]) -> None:
    event = next(each for each in events if each.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION)
    record = dg.EventLogRecord(storage_id=17, event_log_entry=event)
    assert recorded(serialize_value(event), 17) == serialize_value(record)
    assert deserialize_value(recorded(serialize_value(event), 17)) == record
