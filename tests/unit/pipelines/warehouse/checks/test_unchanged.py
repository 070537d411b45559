"""A table that is left as it is, is what a full refresh makes, and has passed every test on these very rows.

Under test: ``unchanged`` as the night uses it, over two clients with every model built, whatever happens in between.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines.assets.models import _in_order
from pipelines.warehouse.checks.declared import checks_of, failing_rows_sql
from pipelines.warehouse.checks.refusals import Audit, audit_in_place
from pipelines.warehouse.checks.unchanged import Unchanged, _shapes
from pipelines.warehouse.models.project import LAYERS, Model, load_project
from pipelines.warehouse.models.runner import run_model, run_project
from tests.unit.dbt_like_sql.test_properties import random_story, tables
from tests.unit.pipelines.warehouse.models.test_incremental import CHANGES, OTHERWISE, copy_of
from tests.unit.sql_story import write

Connection = duckdb.DuckDBPyConnection
PROJECT = load_project()
CLOCKS_AND_CHANCE = re.compile(
    r"\b(now|today|current_\w+|get_current_\w+|localtime\w*|random|setseed|uuid\w*|gen_random_uuid|nextval)\s*\("
    r"|\bcurrent_(date|time|timestamp)\b|\blocaltime(stamp)?\b|\busing sample\b|\btablesample\b",
    re.IGNORECASE,
)

UNQUOTED = re.compile(r"\b(raw|config|ops|okr|staging|intermediate|marts)\.\w")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of two clients after a night."""
    path = tmp_path_factory.mktemp("unchanged") / "base.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        write(con, [random_story("one", 1), random_story("two", 2)])
        night(con)
    return path


@pytest.fixture
def con(base: Path) -> Iterator[Connection]:
    with copy_of(base) as con:
        yield con


def night(con: Connection) -> dict[str, Audit]:
    """The audits of those tables that were made."""
    made = {}
    for layer in LAYERS:
        models = {model.name: model for model in PROJECT.models if model.layer == layer}
        unchanged = Unchanged(con, PROJECT, list(models.values()))
        for model in _in_order(models):
            if unchanged.audit(model) is None:
                made[model.name] = audited(con, model)
                unchanged.made(model, made[model.name])
        unchanged.keep()
    return made


def audited(con: Connection, model: Model) -> Audit:
    return audit_in_place(con, model, lambda: run_model(con, model), project=PROJECT)


def stands(con: Connection, model: Model) -> bool:
    return Unchanged(con, PROJECT, [model]).audit(model) is not None


def with_a_failure(made: dict[str, Audit]) -> set[str]:
    return {name for name, audit in made.items() if not all(outcome.passed for outcome in audit.outcomes)}


def test_a_second_night_makes_only_what_failed_a_test(con: Connection) -> None:
    made = night(con)
    assert made.keys() == with_a_failure(made)
    assert len(made) < 10, "a test of nothing"
    run_project(con, project=PROJECT, full_refresh=True)
    assert night(con).keys() == made.keys(), "what a full refresh makes is what was tested"


@pytest.mark.parametrize("first", range(5))
def test_whatever_happens_the_tables_are_those_of_a_full_refresh(con: Connection, first: int) -> None:
    """Several changes a night; that SQL is another now is below."""
    for name in sorted(CHANGES.keys() - {"the_sql_changed"})[first::5]:
        CHANGES[name](con, random.Random(4))
    made = night(con)
    assert all(audit.result is not None for audit in made.values())
    assert made.keys() < {model.name for model in PROJECT.models}
    left = tables(con)
    run_project(con, project=PROJECT, full_refresh=True)
    anew = tables(con)
    assert not [model.name for model in PROJECT.models if left[model.name] != anew[model.name]]


def test_another_value_in_any_column_that_is_read_is_seen(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    # which columns there are, no value changes: looked up once (tests below change them)
    places = {(model.schema, model.name) for model in PROJECT.models} | {(t.schema, t.name) for t in PROJECT.sources}
    shapes = _shapes(con, places)
    monkeypatch.setattr(
        "pipelines.warehouse.checks.unchanged._shapes",
        lambda _, asked: {place: shapes[place] for place in asked & shapes.keys()},
    )
    readers = {}
    for model in PROJECT.models:
        for table in model.sources:
            readers.setdefault(table, (model, PROJECT.source(*table).columns))
        for other in map(PROJECT.model, model.refs):
            readers.setdefault((other.schema, other.name), (model, other.columns))
    seen = 0
    for (schema, table), (model, columns) in readers.items():
        if not stands(con, model) or not con.execute(f"select 1 from {schema}.{table} limit 1").fetchall():
            continue
        for column in columns:
            if column.data_type in OTHERWISE:
                con.execute("begin transaction")
                con.execute(
                    f"update {schema}.{table} set {column.name} = {OTHERWISE[column.data_type].format(column.name)}"
                    f" where rowid = (select max(rowid) from {schema}.{table})"
                )
                assert not stands(con, model), (model.name, table, column.name)
                con.execute("rollback")
                seen += 1
    assert seen > 200, "a test of nothing"


def test_no_model_and_no_test_asks_a_clock_or_leaves_anything_to_chance() -> None:
    for model in PROJECT.models:
        asked = [model.sql, *([model.increment.sql, *model.increment.hooks] if model.increment else [])]
        asked += [
            failing_rows_sql(check, model=model, project=PROJECT, table="checked", previous="before")
            for check in checks_of(model)
        ]
        assert not [found.group() for text in asked if (found := CLOCKS_AND_CHANCE.search(text))], model.name


def test_a_test_reads_no_table_but_those_that_it_names() -> None:
    known = {f'"{model.schema}"."{model.name}"' for model in PROJECT.models}
    for model in PROJECT.models:
        for check in checks_of(model):
            text = failing_rows_sql(check, model=model, project=PROJECT, table="checked", previous="before")
            named = {f'"{PROJECT.model(name).schema}"."{name}"' for name in check.refs}
            assert {table for table in known if table in text} <= named, (model.name, check.name)
            assert not re.search(r"\b(raw|config|ops|okr|staging|intermediate|marts)\.\w", text), (
                model.name,
                check.name,
            )


def test_a_table_that_was_changed_by_hand_is_made_again(con: Connection) -> None:
    model = PROJECT.model("int_kpi_days")
    assert stands(con, model)
    con.execute("update intermediate.int_kpi_days set value = value + 1 where rowid = 3")
    assert not stands(con, model)
    assert "int_kpi_days" in night(con)
    assert stands(con, model)
    con.execute("alter table intermediate.int_kpi_days rename column value to figure")
    assert not stands(con, model)
    con.execute("drop table intermediate.int_kpi_days")
    assert not stands(con, model)


def test_other_words_or_another_test_make_it_again(con: Connection) -> None:
    model = PROJECT.model("int_kpi_days")
    assert stands(con, model)
    described = replace(model.columns[0], description="Something else")
    untested = replace(model.columns[0], tests=())
    others = (
        {"sql": f"{model.sql} order by all"},
        {"description": "Something else"},
        {"columns": (described, *model.columns[1:])},
        {"columns": (untested, *model.columns[1:])} if model.columns[0].tests else {"tests": ()},
    )
    for other in others:
        assert not stands(con, replace(model, **other)), other  # type: ignore[arg-type]


def test_what_failed_a_test_is_tested_again_though_nothing_changed(con: Connection) -> None:
    model = PROJECT.model("int_kpi_days")
    for is_held in (False, True):
        unchanged, audit = Unchanged(con, PROJECT, [model]), audited(con, model)
        first, *others = audit.outcomes
        con.execute("delete from cache.model_notes where table_name = 'int_kpi_days'")
        unchanged = Unchanged(con, PROJECT, [model])
        failed = replace(audit, outcomes=(replace(first, passed=False, is_held_back=is_held), *others))
        unchanged.made(model, failed)
        unchanged.keep()
        assert not stands(con, model)
        unchanged.made(model, audit, of_all=False)
        unchanged.keep()
        assert not stands(con, model)
        unchanged.made(model, audit)
        assert not stands(con, model), "a killed night has written nothing down"
        unchanged.keep()
        assert stands(con, model)


def test_a_refused_table_is_no_news(con: Connection) -> None:
    model = PROJECT.model("int_kpi_days")
    audit = audited(con, model)
    con.execute("update raw.web_daily set page_views = page_views + 1")
    con.execute("drop table cache.model_notes")
    unchanged = Unchanged(con, PROJECT, [model])
    unchanged.made(model, replace(audit, result=None))
    unchanged.keep()
    assert not stands(con, model)
