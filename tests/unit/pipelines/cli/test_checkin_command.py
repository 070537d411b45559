"""``okr checkin`` as a person types it: what it keeps, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from connectors.catalogue import SETTINGS
from okr_models.client.template import client_template
from pipelines.cli.main import okr
from tests.unit.published_fixture import build_published

SURE = ("--confidence", "60", "--text", "Två inlägg i veckan")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "clients").mkdir()
    text = client_template("acme", types=SETTINGS)
    (tmp_path / "clients" / "acme.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("OKR_TODAY", "2026-11-20")
    return tmp_path


def key_result(home: Path) -> str:
    from pipelines.warehouse.clients import load_clients
    from pipelines.warehouse.home import Home

    (client,) = load_clients(Home(home)).clients
    objective = client.objectives[0]
    return f"{objective.id}/{objective.key_results[0].id}"


def run(home: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(okr, ["--home", str(home), *arguments])
    return result.exit_code, result.output


def test_it_appends_a_row_that_validate_finds_sound(home: Path) -> None:
    for by in ("anna", "bo"):
        code, told = run(home, "checkin", "acme", key_result(home), *SURE, "--by", by)
        assert (code, "checkins/acme.csv" in told) == (0, True), told
    lines = (home / "checkins" / "acme.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert "2026-11-20" in lines[1]
    assert run(home, "validate")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody", "a/b", *SURE), "no client file for 'nobody'"),
        (("acme", "awareness/nothing", *SURE), "is no key result of this client"),
        (("acme", None, "--confidence", "160", "--text", "x"), "outside 0 to 100"),
        (("acme", None, "--confidence", "60"), "Missing option '--text'"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_2_and_nothing_is_written(
    home: Path, arguments: tuple[str | None, ...], told: str
) -> None:
    code, output = run(home, "checkin", *(each or key_result(home) for each in arguments))
    assert (code, told in output) == (2, True), output
    assert not (home / "checkins").exists() or not list((home / "checkins").glob("acme.csv"))


def test_validate_names_a_bad_row_by_file_and_line(home: Path) -> None:
    (home / "checkins").mkdir()
    row = f"on,key_result,confidence\n2026-11-03,{key_result(home)},lots\n"
    (home / "checkins" / "acme.csv").write_text(row, encoding="utf-8")
    code, output = run(home, "validate")
    assert (code, "checkins/acme.csv:2: confidence 'lots' is no number" in output) == (1, True), output


def test_status_names_a_bad_row_too_and_knows_key_results_that_were_judged_before(home: Path) -> None:
    (home / "published").mkdir()
    with build_published() as con, duckdb.connect(str(home / "published" / "okr.duckdb")) as made:
        for table in con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
            schema, _, name = table[0].partition(".")
            frame = con.sql(f"select * from {schema}.{name}").to_arrow_table()  # noqa: F841 - DuckDB reads it
            made.execute(f"create schema if not exists {schema}; create table {schema}.{name} as select * from frame")
        made.execute("update marts.key_result_progress set client = 'acme' where client = 'fjallglas'")
    (home / "checkins").mkdir()
    rows = "on,key_result,confidence\n2026-11-03,awareness/interactions,60\n2026-11-03,awareness/never,60\n"
    (home / "checkins" / "acme.csv").write_text(rows, encoding="utf-8")
    result = CliRunner().invoke(okr, ["--home", str(home), "status"])
    assert result.exit_code == 0, result.output
    assert [line[:31] for line in result.stderr.splitlines()] == ["okr: checkins/acme.csv:3: 'awar"]
    assert "checkins/acme.csv" not in result.stdout
