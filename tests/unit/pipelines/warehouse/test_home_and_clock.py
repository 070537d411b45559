"""Where an installation lies and what time it is: the two things everything else is handed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.home import Home, OutsideHome


@pytest.mark.parametrize(
    ("today", "instant"),
    [
        ("2026-11-20", datetime(2026, 11, 20, 4, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 7, 1, 3, tzinfo=UTC)),
        ("2026-03-29", datetime(2026, 3, 29, 3, tzinfo=UTC)),  # clocks went forward at 02:00
        ("2026-10-25", datetime(2026, 10, 25, 4, tzinfo=UTC)),  # and back at 03:00
        (" 2024-02-29 ", datetime(2024, 2, 29, 4, tzinfo=UTC)),
    ],
)
def test_a_fixed_today_is_five_in_the_morning_in_stockholm(today, instant):
    clock = clock_from({"OKR_TODAY": today})
    assert clock.now() == clock.now() == instant
    assert clock.now().tzinfo == UTC


@pytest.mark.parametrize(
    "today", ["2026-02-29", "20 November", "2026-11-20T05:00", "26-11-20", "20261120", "0001-01-01", "9999-12-31"]
)
def test_a_today_that_is_no_date_is_refused_in_words(today):
    with pytest.raises(BadToday, match="OKR_TODAY"):
        clock_from({"OKR_TODAY": today})


@pytest.mark.parametrize("environ", [{}, {"OKR_TODAY": ""}])
def test_without_a_fixed_today_it_is_the_machines_time(environ):
    before = datetime.now(UTC)
    assert before <= clock_from(environ).now() <= datetime.now(UTC)


def test_the_option_wins_over_the_environment_and_that_over_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {"OKR_HOME": str(tmp_path / "env")}
    assert Home.resolve(tmp_path / "option", environ).root == tmp_path / "option"
    assert Home.resolve(None, environ).root == tmp_path / "env"
    assert Home.resolve(None, {}).root == tmp_path
    assert Home.resolve("demo", {}).root == tmp_path / "demo"


def test_the_paths_are_those_of_the_contract(tmp_path):
    home = Home(tmp_path)
    assert home.database == tmp_path / "warehouse" / "okr.duckdb"
    assert home.published_database == tmp_path / "published" / "okr.duckdb"
    assert (home.clients, home.data, home.exports) == (tmp_path / "clients", tmp_path / "data", tmp_path / "exports")
    assert home.dagster({}) == tmp_path / "dagster"
    assert home.dagster({"DAGSTER_HOME": "/srv/dagster"}) == Path("/srv/dagster")


def test_a_path_of_a_client_file_stays_inside(tmp_path):
    home = Home(tmp_path)
    assert home.inside("data/x.csv") == tmp_path / "data" / "x.csv"
    (tmp_path / "link").symlink_to("/etc")
    for path in ("../x.csv", "/etc/passwd", "data/../../x", "link/passwd"):
        with pytest.raises(OutsideHome, match="inside"):
            home.inside(path)
