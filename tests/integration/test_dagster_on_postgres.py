"""compose.yaml's services as processes: webserver and daemon over one home folder, Dagster's records in PostgreSQL.

Under test: the commands that the file gives, ``OKR_DAGSTER_POSTGRES``, and a night that the daemon runs. No container
engine is used; PostgreSQL is Debian's, started by the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests
import yaml

from pipelines.instance import DagsterFolderUnusable, dagster_home
from pipelines.warehouse.home import Home
from tests.agency import write_files
from tests.csv_home import query
from tests.home import PROJECT
from tests.real_database import PASSWORD, no_postgres, postgres
from tests.real_wordpress import free_port, running

LONGEST_SECONDS = 500.0
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))


def until(done: Callable[[], bool], *, what: str, logs: list[Path]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not done():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}; " + "\n".join(log.read_text(errors="replace")[-2000:] for log in logs))
        time.sleep(0.5)


def test_every_service_of_ours_is_one_part_of_okr_ui_and_names_the_database() -> None:
    ours = {name: service for name, service in COMPOSE["services"].items() if name != "postgres"}
    assert {name: service["command"][:3] for name, service in ours.items()} == {
        name: ["ui", "--part", name] for name in ("webserver", "daemon")
    }
    for service in ours.values():
        assert "OKR_DAGSTER_POSTGRES" in service["environment"]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        # a folder that the engine makes is root's: no service of ours starts before somebody said whose it is
        assert service["user"].startswith("${OKR_USER:?")
        assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.skipif(no_postgres() is not None, reason=str(no_postgres()))
@pytest.mark.timeout(900)
def test_the_daemon_runs_a_night_whose_records_are_in_postgres(tmp_path: Path) -> None:
    home, port = Home(tmp_path / "home"), free_port()
    write_files(home, date(2026, 2, 12))
    okr = [str(Path(sys.executable).with_name("okr")), "--home", str(home.root)]
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder), setup="create database dagster;") as database:
        address = f"postgresql+psycopg2://owner:{quote(PASSWORD, safe='')}@127.0.0.1:{database}/dagster"
        environ = {
            **os.environ,
            "OKR_TODAY": "2026-02-12",
            "OKR_HOME": str(home.root),
            "DAGSTER_HOME": str(home.root / "dagster"),
            "OKR_DAGSTER_POSTGRES": address,
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        logs = [tmp_path / "webserver.log", tmp_path / "daemon.log"]
        web, daemon = (
            [*okr, *(str(port) if part == "3000" else part for part in COMPOSE["services"][name]["command"])]
            for name in ("webserver", "daemon")
        )

        def ask(sql: str) -> list[tuple[object, ...]]:
            with psycopg.connect(address.replace("+psycopg2", "")) as con:
                return con.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]

        def answers() -> bool:
            try:
                return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5).ok
            except requests.RequestException:
                return False

        with running(web, log=logs[0], environ=environ), running(daemon, log=logs[1], environ=environ):
            until(answers, what="the webserver did not answer", logs=logs)
            dagster = str(Path(sys.executable).with_name("dagster"))
            launched = subprocess.run(
                [dagster, "job", "launch", "-w", "workspace.yaml", "-j", "nightly"],
                cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert launched.returncode == 0, launched.stderr[-3000:]
            until(
                lambda: {status for (status,) in ask("select status from runs")} & {"SUCCESS", "FAILURE"} != set(),
                what="the run did not end",
                logs=logs,
            )
            assert ask("select status, pipeline_name from runs") == [("SUCCESS", "nightly")]
            ((events,),) = ask("select count(*) from event_logs")
            assert int(str(events)) > 100
        for log in logs:
            assert PASSWORD not in log.read_text(errors="replace")
    assert [row["client"] for row in query(home, "select client from marts.clients order by client")] != []
    assert list((home.root / "dagster").rglob("*.db")) == [], "nothing of Dagster's is kept beside it"
    # and with the database gone the trouble is named, with what helps
    gone = subprocess.run([*okr, "run"], env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert gone.returncode == 1
    # after the tries that Dagster's library tells of itself
    line = gone.stderr.strip().splitlines()[-1]
    assert "PostgreSQL that it names did not answer; is it up, and OKR_DAGSTER_POSTGRES right?" in line
    assert quote(PASSWORD, safe="") not in gone.stderr
    assert "Traceback" not in gone.stderr


def test_an_address_without_its_driver_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    environ = {"OKR_DAGSTER_POSTGRES": "postgresql://dagster:s3cret@127.0.0.1/dagster"}
    with pytest.raises(DagsterFolderUnusable, match=r"begin it with postgresql\+psycopg2://") as refused:
        dagster_home(Home(tmp_path), environ)
    assert "s3cret" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
