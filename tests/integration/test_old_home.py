"""A home folder as commit 2a2509d left it, before there was a schema version, opened by the commands of today.

``tests/homes/2a2509d.tar.xz`` is what that version's ``okr run`` wrote on 2026-11-19 and 2026-11-20 for one client with
a csv source: client file, data, working database and what was published; without ``dagster/`` and ``exports/``, which a
home may lack.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.db import connect, first_row
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import VERSION, version_of
from tests.csv_home import Row, query

KEPT = Path(__file__).parents[1] / "homes" / "2a2509d.tar.xz"
RESULTS = (
    "select objective_id, key_result_id, as_of, known_at, title, kpi, unit, baseline, target, current, progress,"
    " status, probability from marts.key_result_progress where as_of <= '2026-11-20' order by all"
)
MONTHS = "select kpi, scope, month, value from marts.kpi_monthly where is_closed and value is not null order by all"


def okr(home: Path, *arguments: str, today: str = "2026-11-21") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from pipelines.cli.main import main; main()", "--home", str(home), *arguments],
        env={**os.environ, "OKR_TODAY": today, "COLUMNS": "100", "DAGSTER_DISABLE_TELEMETRY": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """The home folder after one night of today's, and how it was before."""

    home: Home
    working: bytes
    results: list[Row]
    months: list[Row]
    status: str
    run: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    root = tmp_path_factory.mktemp("old") / "home"
    with tarfile.open(KEPT) as archive:
        archive.extractall(root, filter="data")
    home = Home(root)
    working = home.database.read_bytes()
    results, months = query(home, RESULTS), query(home, MONTHS)
    status = okr(root, "status", today="2026-11-20")
    assert status.returncode == 0, status.stderr
    run = okr(root, "run")
    return Opened(home=home, working=working, results=results, months=months, status=status.stdout, run=run)


@pytest.mark.timeout(900)
def test_a_night_of_today_goes_on_where_that_version_stopped(opened: Opened) -> None:
    assert opened.run.returncode == 0, opened.run.stderr
    assert opened.run.stderr == "" or "failed" not in opened.run.stderr
    nights = query(opened.home, "select distinct as_of::varchar as night from marts.key_result_progress order by 1")
    assert [row["night"] for row in nights] == ["2026-11-19", "2026-11-20", "2026-11-21"]


def test_what_was_said_and_known_before_stands_unchanged(opened: Opened) -> None:
    assert len(opened.results) == 6
    assert query(opened.home, RESULTS) == opened.results
    assert len(opened.months) > 90
    assert query(opened.home, MONTHS) == opened.months


def test_its_status_could_be_read_before_the_night(opened: Opened) -> None:
    for title in ("Fler order", "Nöjdare kunder", "Fler följare"):
        assert title in opened.status


def test_the_schema_got_a_version_and_the_database_of_before_was_kept_first(opened: Opened) -> None:
    with closing(connect(opened.home, read_only=True)) as con:
        assert version_of(con) == VERSION
        assert first_row(con, "select count(*) from ops.loads where status = 'failed'") == (0,)
    spare = opened.home.warehouse / "okr.before-schema-0.duckdb"
    assert spare.read_bytes() == opened.working
    with closing(duckdb.connect(str(spare), read_only=True)) as con:
        assert con.execute("select count(*) from ops.loads").fetchone() == (2,)


def test_a_backup_of_it_is_put_back_and_answers_the_same(opened: Opened, tmp_path: Path) -> None:
    file, folder = tmp_path / "b.tar.gz", tmp_path / "back"
    assert okr(opened.home.root, "backup", str(file)).returncode == 0
    assert okr(opened.home.root, "restore", str(file), "--into", str(folder)).returncode == 0
    assert query(Home(folder), RESULTS) == opened.results
    before, after = okr(opened.home.root, "status"), okr(folder, "status")
    assert (before.returncode, after.returncode) == (0, 0)
    assert after.stdout == before.stdout
