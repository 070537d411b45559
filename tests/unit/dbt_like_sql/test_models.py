"""Each SQL model with logic alone: the rows of ``tests/unit/sql/*.yml`` in, the expected rows out.

Under test: one model a case, with its inputs replaced by the given rows; all cases share one connection.
"""

from __future__ import annotations

import duckdb
import pytest

from pipelines.warehouse.models.project import Project, load_project
from tests.unit.sql_cases import Case, cases, prepare, run

ALL_CASES = list(cases())
PROJECT = load_project()


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    prepare(connection, PROJECT)
    return connection


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_rows_in_give_the_expected_rows_out(con: duckdb.DuckDBPyConnection, case: Case) -> None:
    real, expected = run(con, PROJECT, case)
    assert real == expected


def has_logic(project: Project) -> set[str]:
    """Models that do more than rename the columns of one table."""
    words = (" join ", "case", "regexp", "round(", "where", "distinct", "group by")
    return {model.name for model in project.models if any(word in model.sql for word in words)}


def test_every_model_with_logic_has_a_case() -> None:
    assert has_logic(PROJECT) - {case.model for case in ALL_CASES} == set()


def test_a_case_that_expects_something_else_fails(con: duckdb.DuckDBPyConnection) -> None:
    case = next(case for case in ALL_CASES if case.model == "int_months")
    real, _ = run(con, PROJECT, case)
    wrong = Case(
        name="wrong",
        model=case.model,
        given=case.given,
        expected=({"client": "nobody", "days_in_month": 3},),
        defaults=case.defaults,
    )
    assert real
    assert run(con, PROJECT, wrong)[0] != run(con, PROJECT, wrong)[1]
