"""Dagster's own folder and a night's instance in it: homes of any name, every event told, each file opened once.

Under test: ``instance.py`` and ``event_log.py``, on real runs. Both rest on names that Dagster keeps to itself: where
one goes or means something else, it is here that something fails, and what that costs is said with it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pipelines.dagster_private import SqliteEventLogStorage
from pipelines.event_log import NightEventLog
from pipelines.instance import DagsterFolderUnusable, dagster_home, night_instance
from pipelines.warehouse.home import Home

NAMES = ["Kund %20", "what?", "a#b", "Fjällglas åäö", 'the "big" one', "it's", "50%41", "[draft]", "a*", "two  spaces"]


@dg.op
def nothing() -> None:
    """Does nothing, and leaves a run in the instance."""


@dg.job
def run_it() -> None:
    nothing()


@pytest.mark.parametrize("name", NAMES)
def test_dagster_keeps_its_records_inside_a_home_folder_of_any_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    folder = dagster_home(home, environ)
    assert dagster_home(home, environ) == folder, "the same from run to run"
    with night_instance(folder) as instance:
        assert not instance.telemetry_enabled, "its settings were found"
        quietly = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        assert run_it.execute_in_process(instance=instance, run_config=quietly).success
        assert len(instance.get_runs()) == 1
    assert list((home.root / "dagster").rglob("runs.db"))
    assert {path.name for path in tmp_path.iterdir()} <= {name, "state"}


def test_where_no_link_can_be_made_the_line_names_the_sign_and_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder", encoding="utf-8")
    for state in (tmp_path / "state", tmp_path / "sta?te"):
        with pytest.raises(DagsterFolderUnusable, match=r"'\?' in it.*rename that folder, or set DAGSTER_HOME"):
            dagster_home(Home(tmp_path / "what?"), {"XDG_STATE_HOME": str(state)})


@dg.asset
def first() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset(deps=[first])
def second() -> None:
    raise ValueError("as told")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return dagster_home(Home(tmp_path), {})


def kinds(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [found.dagster_event.event_type_value for found in instance.all_logs(run_id) if found.dagster_event]


def test_a_run_whose_second_step_fails_is_told_whole_to_whoever_reads_it_later(folder: Path) -> None:
    with night_instance(folder) as instance:
        ended = dg.materialize([first, second], instance=instance, raise_on_error=False)
        told = kinds(instance, ended.run_id)
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        assert kinds(instance, ended.run_id) == told
        assert instance.get_latest_materialization_event(dg.AssetKey("first")) is not None
        stored = instance.get_run_by_id(ended.run_id)
    assert stored is not None
    assert stored.status is dg.DagsterRunStatus.FAILURE
    assert [kind for kind in told if kind.startswith("STEP_")][-2:] == ["STEP_START", "STEP_FAILURE"]
    assert told.count("ASSET_MATERIALIZATION_PLANNED") == 2
    assert told.count("ASSET_MATERIALIZATION") == 1


def test_what_dagster_tells_is_the_same_in_its_own_storage_and_in_ours(tmp_path: Path) -> None:
    told = []
    for name in ("own", "ours"):
        folder = dagster_home(Home(tmp_path / name), {})
        opened = night_instance(folder) if name == "ours" else dg.DagsterInstance.local_temp(str(folder))
        with opened as instance:
            run = dg.materialize([first], instance=instance)
            told.append([kind for kind in kinds(instance, run.run_id) if kind != "LOGS_CAPTURED"])
    assert told[0] == told[1]


def test_each_file_of_the_event_log_is_opened_a_few_times_a_run_and_not_at_each_event(folder: Path) -> None:
    """Fails where Dagster no longer opens its files by ``_connect``: a night then takes some seconds longer."""
    opened: list[str] = []

    def note(connection: sqlite3.Connection, _record: object) -> None:
        opened.append(Path(connection.execute("pragma database_list").fetchone()[2]).name)

    with night_instance(folder) as instance:
        assert type(instance.event_log_storage) is NightEventLog
        dg.materialize([first], instance=instance)
        event.listen(Engine, "connect", note)
        try:
            run = dg.materialize([first], instance=instance)
        finally:
            event.remove(Engine, "connect", note)
    assert opened.count("index.db") == 0
    assert 1 <= opened.count(f"{run.run_id}.db") < 8, "to be made, and once for the night"


def test_another_reads_what_a_night_wrote_while_it_goes_on(folder: Path) -> None:
    with night_instance(folder) as instance:
        run = dg.materialize([first], instance=instance)
        other = SqliteEventLogStorage(str(folder / "history" / "runs"))
        assert {found.dagster_event_type for found in other.get_logs_for_run(run.run_id)} >= {
            dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
            dg.DagsterEventType.ASSET_MATERIALIZATION,
        }
        other.dispose()


def test_after_the_night_no_file_is_held_open(folder: Path) -> None:
    with night_instance(folder) as instance:
        dg.materialize([first], instance=instance)
    assert list(folder.rglob("*-wal")) == []


def test_events_that_somebody_keeps_elsewhere_are_kept_there(folder: Path, tmp_path: Path) -> None:
    settings = folder / "dagster.yaml"
    elsewhere = tmp_path / "elsewhere"
    settings.write_text(f"{settings.read_text()}storage:\n  sqlite:\n    base_dir: {elsewhere}\n")
    with night_instance(folder) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        dg.materialize([first], instance=instance)
    assert list(elsewhere.rglob("index.db"))


def test_no_output_is_captured_by_way_of_files(folder: Path) -> None:
    """Fails where Dagster renames its manager that keeps none: then four helpers follow files in every night."""
    with night_instance(folder) as instance:
        assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"
        dg.materialize([first], instance=instance)
    assert not (folder / "storage").exists() or not list((folder / "storage").rglob("*.out"))
