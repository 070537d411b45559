"""Declared tests of staging, intermediate and result tables: each kind can fail, and what is refused is undone.

Under test: ``declared``, ``run``, ``refusals.audit_in_place`` and ``results`` over a small warehouse with real models
and Great Expectations. Tables are spoiled as a faulty model or step would spoil them.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse.checks import expectations
from pipelines.warehouse.checks.declared import checks_of
from pipelines.warehouse.checks.refusals import audit_change, audit_in_place, reason
from pipelines.warehouse.checks.results import RESULT_TABLES, audit_results
from pipelines.warehouse.checks.run import CheckOutcome, check_model
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import Model, load_project
from pipelines.warehouse.models.runner import run_model
from pipelines.warehouse.models.schema_yml import DataTest
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.publish.views import VIEWS
from pipelines.warehouse.schema import OPS_TABLES
from tests.unit.pipelines.warehouse.checks.test_mart_checks import story
from tests.unit.sql_story import copy_of_built, copy_of_file

PROJECT = load_project()
INNER = [model for model in PROJECT.models if model.layer != "marts"]
NIGHT, NEXT = "2026-11-19", "2026-11-20"


@pytest.fixture(scope="module")
def built() -> duckdb.DuckDBPyConnection:
    return copy_of_built(story)


@pytest.fixture
def con(built: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shared warehouse; what a test does is put back."""
    built.execute("begin transaction")
    yield built
    built.execute("rollback")


def outcomes(con: duckdb.DuckDBPyConnection, model: Model, **how: Any) -> dict[str, CheckOutcome]:
    found = check_model(con, model, project=PROJECT, table=f"{model.schema}.{model.name}", **how)
    return {outcome.name: outcome for outcome in found}


def test_every_inner_table_passes_all_its_checks_and_each_has_a_key_and_a_suite(
    built: duckdb.DuckDBPyConnection,
) -> None:
    filled = 0
    for model in INNER:
        found = outcomes(built, model)
        assert [reason(outcome) for outcome in found.values() if not outcome.passed] == [], model.name
        assert any(check.test.name == "not_null" for check in checks_of(model)), model.name
        filled += bool(built.execute(f"select 1 from {model.schema}.{model.name} limit 1").fetchall())
    assert filled > len(INNER) / 2, "a check of nothing"


SPOILED = [
    ("stg_raw__web_daily", "grain", "insert into {table} from {table} limit 1"),
    ("stg_raw__web_daily", "not_null__sessions", "update {table} set sessions = null where day = date '2026-11-01'"),
    ("stg_raw__web_daily", "non_negative__page_views", "update {table} set page_views = -1"),
    ("stg_raw__web_daily", "finite__engagement_seconds", "update {table} set engagement_seconds = 'nan'"),
    ("stg_config__sources", "accepted_values__category", "update {table} set category = 'print'"),
    ("int_kpi_source_months", "finite__value", "update {table} set value = '-infinity' where kpi = 'sessions'"),
    ("int_kpi_days", "grain", "insert into {table} from {table} limit 1"),
    ("int_additive_months", "non_negative__observed_share", "update {table} set observed_share = -0.5"),
]


@pytest.mark.parametrize(("name", "check", "sql"), SPOILED, ids=[f"{name}-{check}" for name, check, _ in SPOILED])
def test_a_spoiled_inner_table_fails_by_name_and_shows_the_rows_key(
    con: duckdb.DuckDBPyConnection, name: str, check: str, sql: str
) -> None:
    model = PROJECT.model(name)
    con.execute(sql.format(table=f"{model.schema}.{name}"))
    outcome = outcomes(con, model)[check]
    assert not outcome.passed
    assert outcome.blocks
    assert outcome.unexpected > 0
    assert 0 < len(outcome.sample) <= 10
    if check != "grain":
        assert set(model.grain) <= set(outcome.sample[0])


TESTED = [
    DataTest(name="unique"),
    DataTest(name="relationships", arguments={"to": "ref('stg_config__kpis')", "field": "kpi"}),
    DataTest(name="accepted_range", arguments={"min_value": 5, "max_value": 7}),
    DataTest(name="not_above", arguments={"total": "day"}),
]


@pytest.mark.parametrize("at_gate", [True, False])
def test_a_test_says_the_same_of_a_frame_and_of_the_table(con: duckdb.DuckDBPyConnection, at_gate: bool) -> None:
    con.execute("create table staging.small (client varchar, day integer, value double)")
    con.execute("insert into staging.small values ('a', 1, 5), ('a', 2, 7), ('b', 3, 9), (null, 4, null)")
    columns = tuple(
        dataclasses.replace(column, name=name, tests=tests)
        for column, (name, tests) in zip(
            PROJECT.model("int_days").columns,
            {
                "client": (DataTest(name="not_null"), DataTest(name="unique"), TESTED[1]),
                "day": (DataTest(name="non_negative"), DataTest(name="accepted_values", arguments={"values": [1, 2]})),
                "value": (TESTED[2], TESTED[3]),
            }.items(),
            strict=False,
        )
    )
    model = dataclasses.replace(
        PROJECT.model("int_days"),
        name="small",
        schema="staging",
        grain=("client", "day"),
        columns=columns,
        tests=(DataTest(name="grain", arguments={"columns": ["client"]}),),
    )
    found = outcomes(con, model, at_gate=at_gate)
    assert all(outcome.raised is None for outcome in found.values()), found
    assert {name for name, outcome in found.items() if not outcome.passed} == {
        "grain",
        "not_null__client",
        "unique__client",
        "relationships__client",
        "accepted_values__day",
        "accepted_range__value",
        "not_above__value",
    }
    said = {name: outcome.explanation for name, outcome in found.items() if not outcome.passed}
    if at_gate:
        assert {name: (about or {}).get("success") for name, about in said.items()} == dict.fromkeys(said, False), said
    else:
        assert said == dict.fromkeys(said)


def test_a_mart_too_large_for_a_frame_is_refused_all_the_same(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expectations.FRAME_ROWS > 100
    monkeypatch.setattr(expectations, "FRAME_ROWS", 100)
    monkeypatch.setattr(expectations, "_validated", lambda *_, **__: pytest.fail("a frame was made"))
    con.execute("update marts.kpi_daily set value = -value where kpi = 'sessions'")
    outcome = outcomes(con, PROJECT.model("kpi_daily"), at_gate=True)["non_negative__value"]
    assert outcome.blocks
    assert outcome.sample[0]["kpi"] == "sessions"
    assert "more than the 100" in str(outcome.explanation)


def test_a_refused_inner_table_is_as_it_was(built: duckdb.DuckDBPyConnection) -> None:
    model = PROJECT.model("int_months")
    before = built.execute("from intermediate.int_months order by all").fetchall()
    faulty = dataclasses.replace(model, sql=f"select * from ({model.sql}) union all select * from ({model.sql})")
    audit = audit_in_place(built, faulty, lambda: run_model(built, faulty), project=PROJECT)
    assert audit.result is None
    assert "check grain failed" in audit.reasons[0]
    assert built.execute("from intermediate.int_months order by all").fetchall() == before
    assert audit_in_place(built, model, lambda: run_model(built, model), project=PROJECT).result is not None


def test_a_change_that_raises_is_undone_and_its_error_told(built: duckdb.DuckDBPyConnection) -> None:
    def change() -> None:
        built.execute("create table staging.half (a integer)")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        audit_change(built, change, list)
    assert built.execute("select 1 from duckdb_tables() where table_name = 'half'").fetchall() == []


RESULTS = OKR_TABLES | STATE_TABLES


class Results:
    """A small warehouse with result tables, and what was published from it."""

    def __init__(self, root: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.home, self.con = Home(root), con

    def add(self, day: str, **values: Any) -> None:
        """A row of every result table."""
        for table in OKR_TABLES.values():
            usual = {
                "VARCHAR": "x", "DATE": day, "TIMESTAMPTZ": f"{day} 04:00:00+00", "DOUBLE": 0.5, "BOOLEAN": True,
                "INTEGER": 1,
            }  # fmt: skip
            row = {column.name: usual[column.type] for column in table.columns}
            row |= {"status": "on_track", "kind": "flow", "outcome": "met", "verdict": "keep"}
            row |= {"ambition": "committed"}
            row |= {"outcome": True} if table.name == "forecast_scores" else {}
            row |= {name: value for name, value in values.items() if name in row}
            self.con.execute(table.insert_sql, [row[name] for name in table.column_names])

    def audit(self, change: Any = lambda: "done") -> tuple[Any, dict[str, str]]:
        """What the change came to, and why each failing check failed, by table and check."""
        result, outcomes = audit_results(self.con, self.home, change, tables=list(OKR_TABLES))
        told = {
            f"{table}.{outcome.name}": reason(outcome)
            for table, found in outcomes.items()
            for outcome in found
            if not outcome.passed
        }
        assert set(outcomes) == set(OKR_TABLES)
        return result, told

    def rows(self) -> list[tuple[Any, ...]]:
        return [row for name in OKR_TABLES for row in self.con.execute(f"from okr.{name} order by all").fetchall()]


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder after it, and beside what is published a file with the warehouse."""
    first = Results(tmp_path_factory.mktemp("first"), copy_of_built(story))
    first.add(NIGHT)
    publish(first.con, first.home, run_id="first")
    first.con.execute(f"attach '{first.home.root / 'warehouse.duckdb'}' as kept")
    first.con.execute("copy from database memory to kept")
    first.con.close()
    return first.home.root


@pytest.fixture
def results(first_night: Path, tmp_path: Path) -> Iterator[Results]:
    """A copy of the first night, each test's own."""
    shutil.copytree(first_night / "published", tmp_path / "published", symlinks=True)
    with closing(copy_of_file(first_night / "warehouse.duckdb")) as con:
        yield Results(tmp_path, con)


def test_sound_results_pass_and_are_kept(results: Results) -> None:
    assert results.audit(lambda: results.add(NEXT)) == (None, {})
    assert len(results.rows()) == 2 * len(OKR_TABLES)


@pytest.mark.parametrize(
    ("values", "failing"),
    [
        ({"progress": math.nan}, {"key_result_progress.finite__progress", "objective_progress.finite__progress"}),
        ({"raw_progress": math.inf}, {"key_result_progress.finite__raw_progress"}),
        ({"forecast_low": 9.0}, {"key_result_progress.not_above__forecast_low"}),
        ({"probability": 1.01}, {"key_result_progress.accepted_range__probability", "forecast_scores.accepted_range__probability"}),  # noqa: E501
        ({"status": "fine"}, {"key_result_progress.accepted_values__status", "objective_progress.accepted_values__status"}),  # noqa: E501
        ({"progress_low": 0.6}, {"objective_progress.not_above__progress_low"}),
        ({"coverage": -0.1}, {"objective_progress.accepted_range__coverage"}),
        ({"verdict": "perhaps"}, {"initiative_results.accepted_values__verdict"}),
        ({"effect_low": 0.9}, {"initiative_results.not_above__effect_low"}),
        ({"brier": 2.0}, {"forecast_scores.accepted_range__brier"}),
    ],
    ids=lambda value: " ".join(sorted(value)),  # a set has another order in each process
)  # fmt: skip
def test_an_impossible_result_is_refused_and_not_kept(
    results: Results, values: dict[str, Any], failing: set[str]
) -> None:
    before = results.rows()
    result, told = results.audit(lambda: results.add(NEXT, **values) or "added")
    assert result is None
    assert failing <= told.keys()
    assert results.rows() == before


@pytest.mark.parametrize("table", list(OKR_TABLES))
@pytest.mark.parametrize("fault", ["lost", "changed"])
def test_a_published_result_that_is_gone_or_changed_is_refused(results: Results, table: str, fault: str) -> None:
    results.add(NEXT)
    column = "probability" if table == "forecast_scores" else "title"
    value = "0.25" if table == "forecast_scores" else "'another'"
    sql = f"delete from okr.{table}" if fault == "lost" else f"update okr.{table} set {column} = {value}"
    result, told = results.audit(lambda: results.con.execute(f"{sql} where as_of = date '{NIGHT}'") and "done")
    assert result is None
    assert list(told) == [f"{table}.append_only"]
    assert f"as_of {NIGHT}" in told[f"{table}.append_only"]


def test_before_the_first_night_and_with_an_older_versions_columns_there_is_less_to_compare(results: Results) -> None:
    change = f"update okr.key_result_progress set title = 'another' where as_of = date '{NIGHT}'"
    published = results.home.published_database.resolve()
    published.chmod(0o644)
    with duckdb.connect(str(published)) as older:
        older.execute("drop view marts.key_result_latest")
        older.execute("alter table marts.key_result_progress drop column title")
        older.execute(
            "create or replace table marts.forecast_scores as select * exclude (said_by) from marts.forecast_scores"
        )
    assert results.audit(lambda: results.con.execute(change) and "done") == ("done", {})
    results.con.execute("update okr.key_result_progress set kpi = 'another'")
    assert list(results.audit()[1]) == ["key_result_progress.append_only"]
    results.home.published_database.unlink()
    assert results.audit() == ("done", {})


def test_every_published_table_and_column_is_declared_and_described_and_the_other_way_round(results: Results) -> None:
    marts = [model for model in PROJECT.models if model.layer == "marts"]
    declared = {("marts", model.name, column.name) for model in marts for column in model.columns}
    declared |= {("marts", table.name, column.name) for table in RESULTS.values() for column in table.columns}
    of_tables = {table: {name for _, other, name in declared if other == table} for _, table, _ in declared}
    of_tables |= {table.name: {column.name for column in table.columns} for table in OPS_TABLES.values()}
    declared |= {("marts", view.name, name) for view in VIEWS for name in of_tables[view.table]}
    declared |= {("ops", table.name, column.name) for table in OPS_TABLES.values() for column in table.columns}
    with duckdb.connect(str(results.home.published_database.resolve()), read_only=True) as published:
        real = published.execute("select schema_name, table_name, column_name from duckdb_columns() where not internal")
        assert set(real.fetchall()) == declared
        silent = published.execute(
            "select table_name from duckdb_tables() where coalesce(trim(comment), '') = '' and not internal"
            " union all select view_name from duckdb_views() where coalesce(trim(comment), '') = '' and not internal"
            " union all select table_name || '.' || column_name from duckdb_columns()"
            " where coalesce(trim(comment), '') = '' and not internal"
        )
        assert silent.fetchall() == []


def test_the_suites_are_about_columns_that_are_there() -> None:
    for name, table in RESULT_TABLES.items():
        columns = {column.name for column in table.columns}
        assert {column.name for column in OKR_TABLES[name].columns} == columns
        for check in checks_of(table):
            assert check.column is None or check.column in columns
            assert {str(check.test.arguments.get("total", next(iter(columns))))} <= columns
