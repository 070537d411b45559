"""The working database lost, damaged, put back from an older backup, or made by another version."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr
from pipelines.warehouse import opening
from pipelines.warehouse.checks.results import PROGRESS_TABLES, audit_results
from pipelines.warehouse.db import DatabaseUnusable, connect, first_row
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import VERSION, open_warehouse, version_of
from pipelines.warehouse.schema import declared_fingerprint, ensure_schema
from tests.csv_home import CsvHome, query, small_home, small_home_after_a_night

SECOND = "2026-11-21"
PUBLISHED = "select * exclude (known_at) from marts.key_result_progress order by all"


@pytest.fixture
def home(tmp_path: Path) -> CsvHome:
    return small_home(tmp_path)


@pytest.fixture
def seen(tmp_path: Path) -> CsvHome:
    """After its first night."""
    return small_home_after_a_night(tmp_path)


def refused(home: Home) -> list[str]:
    with closing(connect(home)) as con:
        _, outcomes = audit_results(con, home, lambda: None, tables=PROGRESS_TABLES)
    return [one.name for found in outcomes.values() for one in found if one.blocks]


def test_a_lost_database_takes_past_results_and_the_ledger_over_and_the_next_night_is_sound(seen: CsvHome) -> None:
    before = query(seen.home, PUBLISHED)
    shutil.rmtree(seen.home.warehouse)
    with closing(open_warehouse(seen.home)) as con:
        loads = con.execute("select status, rows, error_class from ops.loads").fetchall()
        assert loads == [("failed", 0, "not_found")]
        assert first_row(con, "select max(finished_at)::date from ops.loads") == (date(2026, 11, 20),)
    assert refused(seen.home) == []
    seen.night(SECOND)
    after = query(seen.home, PUBLISHED)
    assert [row for row in after if row["as_of"] == date(2026, 11, 20)] == before
    assert len(after) == 2 * len(before)
    # the csv file was read again: it had figures all the same
    assert after[-1]["current"] == before[-1]["current"]


def test_a_database_that_has_anything_takes_nothing_over(seen: CsvHome) -> None:
    with closing(connect(seen.home)) as con:
        con.execute("delete from okr.key_result_progress")
    with closing(open_warehouse(seen.home)) as con:
        assert first_row(con, "select count(*) from okr.key_result_progress") == (0,)
    assert "append_only" in " ".join(refused(seen.home))


def test_an_older_backup_put_back_gets_the_missing_results_by_the_command_that_the_refusal_names(seen: CsvHome) -> None:
    shutil.copytree(seen.home.warehouse, seen.root / "spare")
    seen.night(SECOND)
    shutil.rmtree(seen.home.warehouse)
    (seen.root / "spare").rename(seen.home.warehouse)
    assert refused(seen.home) != []
    done = CliRunner().invoke(okr, ["--home", str(seen.root), "ledger", "take-over"], catch_exceptions=False)
    assert (done.exit_code, done.output) == (0, "2 results taken over from published/\n")
    assert refused(seen.home) == []


@pytest.mark.parametrize("is_published", [True, False])
def test_the_line_on_a_damaged_database_names_the_way_and_what_is_lost(is_published: bool, seen: CsvHome) -> None:
    if not is_published:
        shutil.rmtree(seen.home.published)
    seen.home.database.write_bytes(b"no database " * 1_000)
    with pytest.raises(DatabaseUnusable) as told:
        open_warehouse(seen.home)
    said = "takes past results and the ledger over from published/" if is_published else "past progress"
    assert said in str(told.value)
    assert "lost" in str(told.value)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(seen: CsvHome) -> None:
    open_warehouse(seen.home).close()
    with closing(connect(seen.home)) as con:
        con.execute("update meta.schema_version set version = ?", [VERSION + 1])
    before = seen.home.database.read_bytes()
    with pytest.raises(DatabaseUnusable, match="newer version of this program made it"):
        open_warehouse(seen.home)
    assert seen.home.database.read_bytes() == before


def test_an_older_database_is_copied_and_then_migrated(home: CsvHome, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(connect(home.home)) as con:
        ensure_schema(con)
        assert version_of(con) == 0
        con.execute("alter table ops.loads drop column quality")
    old = home.home.database.read_bytes()
    monkeypatch.setattr(opening, "VERSION", 3)
    monkeypatch.setattr(
        opening,
        "MIGRATIONS",
        {
            2: lambda con: con.execute("create table okr.two as select 1"),
            3: lambda con: con.execute("drop table okr.two"),
        },
    )
    with closing(open_warehouse(home.home)) as con:
        assert version_of(con) == 3
        assert first_row(con, "select count(quality) from ops.loads") == (0,)
    assert (home.home.warehouse / "okr.before-schema-0.duckdb").read_bytes() == old


def test_a_migration_that_fails_changes_nothing(home: CsvHome, monkeypatch: pytest.MonkeyPatch) -> None:
    open_warehouse(home.home).close()

    def fails(con: object) -> None:
        con.execute("drop table ops.loads")  # type: ignore[attr-defined]
        raise RuntimeError("half way")

    monkeypatch.setattr(opening, "VERSION", 2)
    monkeypatch.setattr(opening, "MIGRATIONS", {2: fails})
    with pytest.raises(RuntimeError, match="half way"):
        open_warehouse(home.home)
    with closing(connect(home.home)) as con:
        assert version_of(con) == 1
        assert first_row(con, "select count(*) from ops.loads") == (0,)


def test_a_database_as_declared_is_left_alone_and_a_table_that_is_missing_is_made(
    home: CsvHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(con: object) -> None:
        made.append("made")
        ensure_schema(con)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "ensure_schema", counted)
    for _ in range(3):
        open_warehouse(home.home).close()
    assert made == ["made"]
    with closing(connect(home.home)) as con:
        con.execute("drop table okr.checkins")
    with closing(open_warehouse(home.home)) as con:
        assert first_row(con, "select count(*) from okr.checkins") == (0,)
    assert made == ["made"] * 2
    # as another version would have declared it
    monkeypatch.setattr(opening, "declared_fingerprint", lambda: "another")
    open_warehouse(home.home).close()
    assert made == ["made"] * 3


def test_what_is_declared_has_the_same_fingerprint_in_every_process() -> None:
    program = "from pipelines.warehouse.schema import declared_fingerprint; print(declared_fingerprint())"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == declared_fingerprint()
