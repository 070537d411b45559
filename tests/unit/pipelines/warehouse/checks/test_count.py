"""Rows that fail each check, counted in one statement a table: as many as each check's own query gives.

Under test: ``counting`` over a small warehouse whose tables are spoiled in many ways at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.warehouse.checks.count import Counted, count_failing
from pipelines.warehouse.checks.declared import Check, checks_of, failing_rows_sql
from pipelines.warehouse.models.project import Model, load_project
from pipelines.warehouse.models.schema_yml import DataTest
from tests.unit.pipelines.warehouse.checks.test_mart_checks import story
from tests.unit.sql_story import copy_of_built

PROJECT = load_project()


@pytest.fixture(scope="module")
def built() -> duckdb.DuckDBPyConnection:
    return copy_of_built(story)


@pytest.fixture
def con(built: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The shared warehouse; what a test does is put back."""
    built.execute("begin transaction")
    yield built
    built.execute("rollback")


def table_of(model: Model) -> str:
    return f"{model.schema}.{model.name}"


def counted(con: duckdb.DuckDBPyConnection, model: Model) -> Counted:
    table = table_of(model)
    return count_failing(con, checks_of(model), model=model, project=PROJECT, table=table, previous=table)


def query_of(check: Check, model: Model) -> str:
    table = table_of(model)
    return failing_rows_sql(check, model=model, project=PROJECT, table=table, previous=table)


def spoil(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Every row twice, once with -1 or NaN for each number, and once more with nothing in it at all."""
    impossible = {"BIGINT": "-1", "DOUBLE": "cast('nan' as double)"}
    numbers = [column for column in model.columns if column.data_type in impossible]
    worse = [f"{impossible[column.data_type]} as {column.name}" for column in numbers]
    replaced = f" replace ({', '.join(worse)})" if worse else ""
    con.execute(f"insert into {table_of(model)} select *{replaced} from {table_of(model)}")
    con.execute(f"insert into {table_of(model)} ({model.columns[0].name}) values (null)")


@pytest.mark.parametrize("model", PROJECT.models, ids=lambda model: model.name)
def test_together_the_checks_of_a_table_count_what_each_counts_alone(
    con: duckdb.DuckDBPyConnection, model: Model
) -> None:
    spoil(con, model)
    found = counted(con, model)
    assert found.raised == {}
    alone = {
        check.name: con.execute(f"select count(*) from ({query_of(check, model)})").fetchall()[0][0]
        for check in checks_of(model)
    }
    assert found.rows == alone
    assert all(rows >= 1 for name, rows in found.rows.items() if name == "grain")
    assert all(rows >= 1 for name, rows in found.rows.items() if name.startswith("not_null"))


def test_a_key_counts_once_however_often_it_is_there_and_each_with_a_hole(con: duckdb.DuckDBPyConnection) -> None:
    model = PROJECT.model("int_months")
    con.execute("insert into intermediate.int_months from intermediate.int_months limit 1")
    con.execute("insert into intermediate.int_months from intermediate.int_months limit 1")
    con.execute("insert into intermediate.int_months (client, month) values ('acme', null), (null, date '2026-01-01')")
    assert counted(con, model).rows["grain"] == 3


def test_sound_tables_fail_nothing(con: duckdb.DuckDBPyConnection) -> None:
    for model in PROJECT.models:
        found = counted(con, model)
        assert set(found.rows) == {check.name for check in checks_of(model)}
        assert set(found.rows.values()) == {0}, model.name


BROKEN = DataTest(name="not_above", arguments={"total": "nowhere"}, title="broken")


def with_a_broken_check(model: Model) -> Model:
    first, *others = model.columns
    return dataclasses.replace(model, columns=(dataclasses.replace(first, tests=(*first.tests, BROKEN)), *others))


def test_a_check_that_raises_takes_no_other_with_it(built: duckdb.DuckDBPyConnection) -> None:
    model = PROJECT.model("int_months")
    found = counted(built, with_a_broken_check(model))
    assert list(found.raised) == ["broken"]
    assert "nowhere" in str(found.raised["broken"])
    assert found.rows == counted(built, model).rows


def test_in_a_transaction_that_its_error_has_ended_none_is_called_passed(con: duckdb.DuckDBPyConnection) -> None:
    model = with_a_broken_check(PROJECT.model("int_months"))
    found = counted(con, model)
    assert found.rows == {}
    assert set(found.raised) == {check.name for check in checks_of(model)}
    assert all("nowhere" in str(error) for error in found.raised.values())
