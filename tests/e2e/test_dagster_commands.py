"""Dagster's own commands over the code location, and the lock that keeps its runs and ``okr run`` apart."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from connectors.sandbox.server import SandboxServer
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import run_lock
from tests.home import PROJECT, Installation, copy_demo

TODAY = date(2026, 11, 20)


def dagster(home: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder = home.root / "dagster"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), *arguments],
        cwd=PROJECT,
        env={
            **os.environ,
            **home.environ,
            "OKR_HOME": str(home.root),
            "DAGSTER_HOME": str(folder),
            "OKR_TODAY": TODAY.isoformat(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_workspace_is_valid(tmp_path: Path) -> None:
    with SandboxServer(today=TODAY) as server:
        checked = dagster(Installation(tmp_path, server, TODAY), "definitions", "validate", "-w", "workspace.yaml")
    assert checked.returncode == 0, checked.stderr
    assert "marketing_okr" in checked.stdout + checked.stderr


def test_dagster_runs_the_job_as_okr_run_does_and_without_a_partition_it_is_the_ordinary_night(tmp_path: Path) -> None:
    with SandboxServer(today=TODAY) as server:
        home = Installation(copy_demo(tmp_path, only=("lindhs",)), server, TODAY)
        done = dagster(home, "job", "execute", "-m", "pipelines.definitions", "-j", "nightly")
        assert done.returncode == 0, done.stderr[-3000:]
        assert home.query("select count(*) > 0 from marts.key_result_latest") == [(True,)]
        before = home.query("select * from marts.key_result_progress order by all")
        again = home.okr("run")
        assert again.returncode == 0, again.stderr
        assert home.query("select * from marts.key_result_progress order by all") == before


def test_a_range_of_days_is_one_run_that_reads_just_those_days_again_and_nonsense_is_refused(tmp_path: Path) -> None:
    def materialize(days: str) -> subprocess.CompletedProcess[str]:
        chosen = ("--select", 'key:"raw/web_daily"', "--partition-range", days)
        return dagster(home, "asset", "materialize", *chosen, "-m", "pipelines.definitions")

    with SandboxServer(today=TODAY) as server:
        home = Installation(copy_demo(tmp_path, only=("lindhs",)), server, TODAY)
        done = materialize("2026-11-03...2026-11-05")
        assert done.returncode == 0, done.stderr[-3000:]
        for nonsense in ("2026-11-05...2026-11-03", "2026-11-20...2026-11-25", "2024-01-01...2031-01-01"):
            assert materialize(nonsense).returncode != 0, nonsense
    con = duckdb.connect(str(tmp_path / "warehouse" / "okr.duckdb"), read_only=True)
    read = con.execute("select window_start, window_end, status, count(distinct run_id) from ops.loads group by all")
    assert read.fetchall() == [(date(2026, 11, 3), date(2026, 11, 5), "loaded", 1)]
    con.close()


def test_while_one_run_is_going_on_another_names_it_and_refuses(tmp_path: Path) -> None:
    with SandboxServer(today=TODAY) as server:
        home = Installation(copy_demo(tmp_path, only=("lindhs",)), server, TODAY)
        with run_lock(Home(home.root), run_id="the-nightly-one", now=datetime(2026, 11, 20, 4, tzinfo=UTC)):
            refused = home.okr("run")
            assert refused.returncode == 1
            assert "the-nightly-one" in refused.stderr
            assert len(refused.stderr.strip().splitlines()) == 1
            from_dagster = dagster(home, "job", "execute", "-m", "pipelines.definitions", "-j", "nightly")
            assert from_dagster.returncode != 0
            assert "the-nightly-one" in from_dagster.stdout + from_dagster.stderr
        assert not (home.root / "published").exists()
