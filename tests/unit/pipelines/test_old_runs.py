"""Old runs go, and what Dagster knows of assets stays: sixty nights of a small job, moved back by a day each.

Under test: ``old_runs.py`` on real runs in Dagster's own files. It rests on names of Dagster's tables: where one goes
or means something else, it is here that something fails, and the folder would grow for ever.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines.instance import dagster_home, night_instance
from pipelines.old_runs import DEFAULT_DAYS, BadSetting, days_kept, forget_old_runs
from pipelines.warehouse.home import Home

NIGHTS = dg.DailyPartitionsDefinition(start_date="2026-01-01")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
DAYS = [f"2026-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(60)]


@dg.asset(partitions_def=NIGHTS)
def read() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset(deps=[read], check_specs=[dg.AssetCheckSpec("sound", asset="figures")])
def figures() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    yield dg.MaterializeResult(metadata={"rows": 5})
    yield dg.AssetCheckResult(check_name="sound", passed=True)


def night(instance: dg.DagsterInstance, day: str) -> str:
    done = dg.materialize([read, figures], instance=instance, partition_key=day, run_config=QUIET)
    assert done.success
    return done.run_id


def aged(folder: Path, days: int) -> None:
    """Every run as if it had been so many days earlier."""
    with closing(sqlite3.connect(folder / "history" / "runs.db")) as con, con:
        con.execute("update runs set create_timestamp = datetime(create_timestamp, ?)", [f"-{days} days"])


def size(folder: Path) -> int:
    gc.collect()  # Dagster leaves connections to it, and one that is open keeps a log beside its database
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[int]]:
    """The folder after sixty nights that each prune, the runs, and how large the folder was after each."""
    folder = dagster_home(Home(tmp_path_factory.mktemp("home")), {})
    runs, sizes = [], []
    for day in DAYS:
        with night_instance(folder) as instance:
            runs.append(night(instance, day))
            forget_old_runs(instance, run_id=runs[-1], environ={"OKR_KEEP_RUNS_DAYS": "10"})
        sizes.append(size(folder))
        aged(folder, 1)
    return folder, runs, sizes


def test_the_folder_stays_as_large_as_it_is(sixty: tuple[Path, list[str], list[int]]) -> None:
    """But for one materialisation a night, of the asset that has one a day."""
    _, _, sizes = sixty
    before, after = (sizes[9] - sizes[4]) / 5, (sizes[59] - sizes[14]) / 45
    assert before > 100_000
    assert after < 0.04 * before


def test_only_young_runs_are_left_with_all_that_they_told(sixty: tuple[Path, list[str], list[int]]) -> None:
    folder, runs, _ = sixty
    with night_instance(folder) as instance:
        left = {run.run_id for run in instance.get_runs()}
        assert left == set(runs[-10:])
        assert {path.stem for path in (folder / "history" / "runs").glob("*.db")} == left | {"index"}
        told = [entry.dagster_event.event_type_value for entry in instance.all_logs(runs[-1]) if entry.dagster_event]
    assert told.count("ASSET_MATERIALIZATION") == 2
    assert "PIPELINE_SUCCESS" in told or "RUN_SUCCESS" in told


def test_every_night_still_counts_as_materialised_and_every_check_as_made(
    sixty: tuple[Path, list[str], list[int]],
) -> None:
    folder, runs, _ = sixty
    with night_instance(folder) as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("read")) == set(DAYS)
        newest = instance.get_latest_materialization_event(dg.AssetKey("figures"))
        assert newest is not None
        assert newest.run_id == runs[-1]
        key = dg.AssetCheckKey(dg.AssetKey("figures"), "sound")
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])
        assert found[key].run_id == runs[-1]


def test_an_asset_that_was_not_made_for_long_keeps_its_newest_materialisation(tmp_path: Path) -> None:
    folder = dagster_home(Home(tmp_path), {})
    with night_instance(folder) as instance:
        old = night(instance, DAYS[0])
        aged(folder, DEFAULT_DAYS + 1)
        young = dg.materialize([read], instance=instance, partition_key=DAYS[1], run_config=QUIET).run_id
        assert forget_old_runs(instance, run_id=young, environ={}) == 1
        newest = instance.get_latest_materialization_event(dg.AssetKey("figures"))
        assert newest is not None
        assert newest.run_id == old
        assert instance.get_run_by_id(old) is None


def test_a_run_that_goes_on_is_never_old(tmp_path: Path) -> None:
    folder = dagster_home(Home(tmp_path), {})
    with night_instance(folder) as instance:
        hanging = night(instance, DAYS[0])
        aged(folder, 400)
        with sqlite3.connect(folder / "history" / "runs.db") as con:
            con.execute("update runs set status = 'STARTED'")
        assert forget_old_runs(instance, run_id=night(instance, DAYS[1]), environ={}) == 0
        assert instance.get_run_by_id(hanging) is not None


def test_nothing_is_pruned_of_events_that_somebody_keeps_elsewhere() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert forget_old_runs(instance, run_id=night(instance, DAYS[0]), environ={}) == 0


@pytest.mark.parametrize(("given", "days"), [("", DEFAULT_DAYS), (" 7 ", 7), ("365", 365)])
def test_how_long_runs_are_kept_is_a_setting(given: str, days: int) -> None:
    assert days_kept({"OKR_KEEP_RUNS_DAYS": given}) == days
    assert timedelta(days=days)


@pytest.mark.parametrize("given", ["0", "-3", "1.5", "a month", "²"])
def test_a_setting_that_is_no_number_of_days_prunes_nothing(given: str) -> None:
    with pytest.raises(BadSetting, match="whole number of days"):
        days_kept({"OKR_KEEP_RUNS_DAYS": given})
