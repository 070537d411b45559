"""What every kind of source gives passes every declared test that would refuse the night.

Under test: the tests in ``schema.yml`` against the rows of the KPI tests' made-up clients. A new kind of source that no
gate knows would stop the publication of all.
"""

from __future__ import annotations

import duckdb
import pytest

from pipelines.warehouse.checks.run import check_model
from pipelines.warehouse.models.project import Model, load_project
from tests.unit.dbt_like_sql.test_post_identity import stories as post_identity_stories
from tests.unit.dbt_like_sql.test_properties import random_story
from tests.unit.sql_story import build

PROJECT = load_project()


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build([random_story("one", 1), random_story("two", 2), *post_identity_stories()])


@pytest.mark.parametrize("model", PROJECT.models, ids=lambda model: model.name)
def test_no_declared_test_refuses_a_sound_night(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    found = check_model(con, model, project=PROJECT, table=f"{model.schema}.{model.name}")
    assert [
        (outcome.name, outcome.unexpected) for outcome in found if not outcome.passed and outcome.severity == "error"
    ] == []
