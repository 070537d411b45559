"""Dagster's job ``tonight``: the ordinary night without a partition to choose.

Really under test: the op, its subprocess, and that the night it ran is one of ``nightly``'s runs. What the night gives
is another test's.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.build import build_defs
from pipelines.jobs import TONIGHT
from tests.csv_home import CsvHome


def launched(home: Path, monkeypatch: pytest.MonkeyPatch, *, clients: list[str]) -> tuple[bool, str]:
    """Whether the job succeeded, and all that its step logged."""
    monkeypatch.setenv("OKR_HOME", str(home))
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    job = build_defs().resolve_job_def(TONIGHT)
    with dg.DagsterInstance.ephemeral() as instance:
        config = {"ops": {"okr_run": {"config": {"clients": clients}}}}
        ended = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        logged = "\n".join(record.user_message for record in instance.all_logs(ended.run_id))
    return ended.success, logged


def test_it_is_a_whole_night_and_its_lines_are_the_steps_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = CsvHome(tmp_path).own("nps", "flow").months("nps", "2024-01", [40.0 + n for n in range(34)])
    home.result("k", kpi="nps", target="+10%").write()
    succeeded, logged = launched(tmp_path, monkeypatch, clients=[])
    assert succeeded, logged
    assert "models: " in logged
    assert (tmp_path / "published" / "okr.duckdb").exists()
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert [run.job_name for run in instance.get_runs()] == ["nightly"]


def test_a_client_that_is_not_there_fails_it_with_the_commands_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = CsvHome(tmp_path).own("nps", "flow").months("nps", "2024-01", [40.0] * 34)
    home.result("k", kpi="nps", target="+10%").write()
    succeeded, logged = launched(tmp_path, monkeypatch, clients=["nobody"])
    assert not succeeded
    assert "nobody" in logged
    assert not (tmp_path / "published").exists()
