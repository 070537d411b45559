"""Dagster's job ``tonight``: the ordinary night without a partition to choose.

Really under test: the op, its subprocess, and that the night it ran is one of ``nightly``'s runs. What the night gives
is another test's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from pipelines.build import build_defs
from pipelines.jobs import TONIGHT
from pipelines.keys import SOURCES_FAILED
from tests.csv_home import CsvHome


@dataclass(frozen=True)
class Launched:
    """What became of a run of the job. ``failed``: how many sources it says could not be read."""

    succeeded: bool
    logged: str
    failed: str | None


def launched(home: Path, monkeypatch: pytest.MonkeyPatch, *, clients: list[str]) -> Launched:
    """One run of the job."""
    monkeypatch.setenv("OKR_HOME", str(home))
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    job = build_defs().resolve_job_def(TONIGHT)
    with dg.DagsterInstance.ephemeral() as instance:
        config = {"ops": {"okr_run": {"config": {"clients": clients}}}}
        ended = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        logged = "\n".join(record.user_message for record in instance.all_logs(ended.run_id))
        run = instance.get_run_by_id(ended.run_id)
    assert run is not None
    return Launched(ended.success, logged, run.tags.get(SOURCES_FAILED))


def nights_of(home: Path) -> list[tuple[str, str | None]]:
    """Job and count of failed sources of each run that the home's own Dagster keeps, newest first."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        return [(run.job_name, run.tags.get(SOURCES_FAILED)) for run in instance.get_runs()]


def test_it_is_a_whole_night_and_its_lines_are_the_steps_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = CsvHome(tmp_path).own("nps", "flow").months("nps", "2024-01", [40.0 + n for n in range(34)])
    home.result("k", kpi="nps", target="+10%").write()
    (tmp_path / "clients" / "broken.yaml").write_text("client: broken\nsources: {}\n", encoding="utf-8")
    run = launched(tmp_path, monkeypatch, clients=[])
    assert run.succeeded, run.logged
    assert "models: " in run.logged
    assert (tmp_path / "published" / "okr.duckdb").exists()
    assert nights_of(tmp_path) == [("nightly", "0")]
    # a client's file is no source
    assert run.failed == "0"
    assert "not all of it went well" in run.logged
    assert "okr: broken.yaml:1" in run.logged


def test_it_says_how_many_sources_its_night_could_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = CsvHome(tmp_path).own("nps", "flow").months("nps", "2024-01", [40.0 + n for n in range(34)])
    gone = [{"id": name, "type": "csv", "path": f"data/{name}.csv"} for name in ("gone", "lost")]
    home.client["sources"] = [{"id": "own", "type": "csv", "path": "data/months.csv"}, *gone]
    home.result("k", kpi="nps", target="+10%").write()
    run = launched(tmp_path, monkeypatch, clients=[])
    assert run.succeeded, run.logged
    assert nights_of(tmp_path) == [("nightly", "2")]
    assert run.failed == "2"


def test_a_client_that_is_not_there_fails_it_with_the_commands_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = CsvHome(tmp_path).own("nps", "flow").months("nps", "2024-01", [40.0] * 34)
    home.result("k", kpi="nps", target="+10%").write()
    run = launched(tmp_path, monkeypatch, clients=["nobody"])
    assert (run.succeeded, run.failed) == (False, None)
    assert "nobody" in run.logged
    assert not (tmp_path / "published").exists()
