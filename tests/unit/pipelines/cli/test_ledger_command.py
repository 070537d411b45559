"""``okr ledger forget`` and ``okr run`` on a date that the ledger contradicts, over a home of csv files."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr
from pipelines.warehouse.checks.results import PROGRESS_TABLES, audit_results
from pipelines.warehouse.db import connect
from tests.csv_home import CsvHome, query

TODAY, WRONG = "2026-11-20", "2028-03-20"


@pytest.fixture(scope="module")
def after_both(tmp_path_factory: pytest.TempPathFactory) -> CsvHome:
    """After a night on a right date and one on a wrong one."""
    home = CsvHome(tmp_path_factory.mktemp("both")).own("orders", "flow").months("orders", "2025-01", [100.0] * 22)
    home.result("more", kpi="orders", target="+10%")
    home.period = {"start": "2026-01-01", "end": "2028-12-31"}
    home.night(TODAY)
    home.night(WRONG)
    return home


@pytest.fixture
def home(after_both: CsvHome, tmp_path: Path) -> CsvHome:
    """The same, each test's own."""
    return replace(after_both, root=shutil.copytree(after_both.root, tmp_path / "home", symlinks=True))


def newest(home: CsvHome) -> object:
    return query(home.home, "select max(as_of) as day from marts.key_result_progress")[0]["day"]


def run(home: CsvHome, *arguments: str, today: str = TODAY, said: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(
        okr, ["--home", str(home.root), *arguments], env={"OKR_TODAY": today}, input=said, catch_exceptions=False
    )
    return done.exit_code, done.output


def test_a_run_before_the_newest_night_is_refused_with_one_and_changes_nothing(home: CsvHome) -> None:
    code, told = run(home, "run")
    assert (code, len(told.splitlines())) == (1, 1)
    assert "okr ledger forget --from 2026-11-21" in told
    assert not (home.root / "dagster" / "history").exists()


def test_the_night_is_undone_after_saying_what_goes_and_the_next_one_is_sound(home: CsvHome) -> None:
    assert newest(home) == date(2028, 3, 20)
    code, told = run(home, "ledger", "forget", "--from", "2026-11-21", said="y\n")
    assert code == 0, told
    assert "okr.key_result_progress: 1 row" in told
    assert newest(home) == date(2026, 11, 20)
    with closing(connect(home.home)) as con:
        _, outcomes = audit_results(con, home.home, lambda: None, tables=PROGRESS_TABLES)
        assert not [one for found in outcomes.values() for one in found if one.blocks]
    home.night("2026-11-21")
    days = query(home.home, "select max(month) as month from marts.kpi_monthly where kpi = 'orders'")
    assert days == [{"month": date(2026, 11, 1)}]


def test_whoever_says_no_keeps_everything(home: CsvHome) -> None:
    code, told = run(home, "ledger", "forget", "--from", "2026-11-21", said="n\n")
    assert "okr.key_result_progress: 1 row" in told
    assert code == 1
    assert newest(home) == date(2028, 3, 20)
    code, told = run(home, "ledger", "forget", "--from", "2028-04-01", "--yes")
    assert (code, told) == (0, "nothing was read or judged on 2028-04-01 or later\n")
