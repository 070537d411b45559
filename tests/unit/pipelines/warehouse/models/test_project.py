"""Reading, running and documenting the SQL project.

Under test: ``sql_project``, ``sql_runner`` and ``sql_lineage``, on the real project and on small ones with mistakes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from connectors.core.raw_tables import RAW_TABLES
from pipelines.warehouse.models import lineage
from pipelines.warehouse.models import render as sql_render
from pipelines.warehouse.models.lineage import (
    CARRIED,
    ColumnOf,
    carried_text,
    column_lineage,
    kept_column_lineage,
    tables_read,
)
from pipelines.warehouse.models.project import PROJECT, Project, SqlProjectError, load_project
from pipelines.warehouse.models.runner import ModelShapeMismatch, build_model, run_model, run_project, swap_model
from pipelines.warehouse.models.schema_yml import canonical_type
from pipelines.warehouse.schema import declared_tables, ensure_schema

SETTINGS = """
name: small
models:
    small: {staging: {+schema: staging}, intermediate: {+schema: intermediate}, marts: {+schema: marts}}
vars: {limit: 3}
"""


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project()


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    ensure_schema(con)
    run_project(con, project=project)
    return con


Small = Callable[..., Path]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """A project of marts, each with its SQL and columns as ``name type``."""

    def write(models: dict[str, tuple[str, list[str]]], *, described: set[str] | None = None) -> Path:
        (tmp_path / "models" / "marts").mkdir(parents=True, exist_ok=True)
        (tmp_path / "dbt_project.yml").write_text(SETTINGS)
        lines = ["models:"]
        for name, (sql, columns) in models.items():
            (tmp_path / "models" / "marts" / f"{name}.sql").write_text(sql)
            if described is not None and name not in described:
                continue
            lines += [f"    - name: {name}", "      description: It's a model", "      config: {meta: {grain: [id]}}"]
            lines += ["      columns:"]
            for column in columns:
                column_name, data_type = column.split()
                lines += [f"        - {{name: {column_name}, data_type: {data_type}, description: The {column_name}}}"]
        (tmp_path / "models" / "marts" / "schema.yml").write_text("\n".join(lines))
        return tmp_path

    return write


def test_a_text_that_jinja_need_not_compile_says_the_same_as_with_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_plainly, plain = sql_render._said_plainly, []
    monkeypatch.setattr(sql_render, "_said_plainly", lambda text, names: plain.append(said_plainly(text, names)))
    assert load_project(project.models[0].path.parents[2]) == project
    assert len(project.models) / 2 < sum(text is not None for text in plain) < len(plain)
    assert said_plainly("select {{ ref('a') }} {# why #}", {"ref": str}) is None
    assert said_plainly("select {{ ref( 'a' ) }}", {"ref": str}) is None
    assert (
        said_plainly("from {{ ref('a') }}, {{ source('raw', 'b') }}", {"ref": str, "source": "{}.{}".format})
        == "from a, raw.b"
    )


def test_every_model_comes_after_all_that_it_reads(project: Project) -> None:
    position = {model.name: number for number, model in enumerate(project.models)}
    assert all(position[read] < position[model.name] for model in project.models for read in model.refs)
    facts = {"kpi_monthly", "kpi_daily", "blog_posts", "blog_post_daily", "social_posts", "social_post_daily"}
    dimensions = {"clients", "kpis", "sources", "objectives", "key_results"}
    assert facts | dimensions == {model.name for model in project.models if model.layer == "marts"}


def test_no_layer_reads_a_later_one_and_only_staging_reads_sources(project: Project) -> None:
    order = ("staging", "intermediate", "marts")
    for model in project.models:
        for read in model.refs:
            assert order.index(project.model(read).layer) <= order.index(model.layer), (model.name, read)
        assert not model.sources or model.layer == "staging", model.name
        assert model.refs == () or model.layer != "staging", model.name


def test_marts_hold_no_logic(project: Project) -> None:
    for model in project.models:
        if model.layer == "marts":
            assert len(model.refs) == 1, model.name
            assert not any(word in model.sql for word in (" join ", " where ", " case ", "(")), model.name


def test_what_the_templates_refer_to_is_what_the_sql_reads(project: Project) -> None:
    for model in project.models:
        referred = {(project.model(read).schema, read) for read in model.refs} | set(model.sources)
        assert set(tables_read(model)) == referred, model.name


def test_documented_columns_equal_the_real_ones_both_ways(project: Project, built: duckdb.DuckDBPyConnection) -> None:
    real = built.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where schema_name in ('staging', 'intermediate', 'marts') order by table_oid, column_index"
    ).fetchall()
    documented = {
        (model.schema, model.name, column.name, column.data_type)
        for model in project.models
        for column in model.columns
    }
    assert {(*row[:3], canonical_type(row[3])) for row in real} == documented


def test_every_table_and_column_has_a_description_and_a_comment(
    project: Project, built: duckdb.DuckDBPyConnection
) -> None:
    assert all(model.description and model.grain for model in project.models)
    assert all(len(column.description) > 3 for model in project.models for column in model.columns)
    silent = built.execute(
        "select table_name from duckdb_tables() where schema_name in ('staging', 'intermediate', 'marts')"
        " and coalesce(comment, '') = '' union all select table_name || '.' || column_name from duckdb_columns()"
        " where schema_name in ('staging', 'intermediate', 'marts') and coalesce(comment, '') = ''"
    ).fetchall()
    assert silent == []


def test_the_grain_is_a_set_of_the_models_own_columns_and_is_tested(project: Project) -> None:
    for model in project.models:
        names = {column.name for column in model.columns}
        assert set(model.grain) <= names, model.name
        tested = [test.arguments["columns"] for test in model.tests if test.name == "grain"]
        assert tested == [list(model.grain)] or model.name.startswith(("stg_ops__", "int_source_doubts")), model.name
        if tested:  # which is never null: a model with a row without one of them would be refused every night
            filled = {column.name for column in model.columns if any(test.name == "not_null" for test in column.tests)}
            assert set(model.grain) <= filled, f"{model.name}: say not_null of {set(model.grain) - filled}"


def test_sources_yml_says_what_the_program_makes(project: Project) -> None:
    made = {
        (table.schema, table.name): [(column.name, canonical_type(column.type)) for column in table.columns]
        for table in declared_tables()
        if table.schema in {"raw", "config", "ops"}
    }
    said = {
        (source.schema, source.name): [(column.name, column.data_type) for column in source.columns]
        for source in project.sources
    }
    assert said == made


def test_every_raw_table_but_the_replies_is_read(project: Project) -> None:
    read = {table for model in project.models for schema, table in model.sources if schema == "raw"}
    assert read == set(RAW_TABLES) - {"snapshot_replies"}


def test_column_lineage_goes_through_steps_to_other_tables(project: Project) -> None:
    posts = column_lineage(project, project.model("int_blog_post_days"))
    assert posts["page_views"] == (ColumnOf("staging", "stg_raw__web_pages_daily", "page_views"),)
    mart = column_lineage(project, project.model("kpi_monthly"))
    assert mart["data_through"] == (ColumnOf("intermediate", "int_kpi_noted_months", "data_through_on"),)


def test_kept_lineage_is_the_parsed_one_until_the_model_or_what_it_reads_changes(small: Small) -> None:
    folder = small({"a": ("select 1 as id", ["id integer"]), "b": ("select id from {{ ref('a') }}", ["id integer"])})
    con, project = duckdb.connect(), load_project(folder)
    first = kept_column_lineage(con, project, [project.model("b")])["b"]
    assert first == column_lineage(project, project.model("b")) == {"id": (ColumnOf("marts", "a", "id"),)}
    assert kept_column_lineage(con, project, [project.model("b")])["b"] == first
    assert con.execute("select count(*) from cache.answers where kind = 'lineage'").fetchone() == (1,)
    # the text kept is what is given, and nothing is parsed for it
    con.execute("""update cache.answers set answer = '{"id": [["x", "y", "z"]]}'""")
    assert kept_column_lineage(con, project, [project.model("b")])["b"] == {"id": (ColumnOf("x", "y", "z"),)}
    small(
        {"a": ("select 1 as other", ["other integer"]), "b": ("select other as id from {{ ref('a') }}", ["id integer"])}
    )
    changed = load_project(folder)
    assert kept_column_lineage(con, changed, [changed.model("b")])["b"] == {"id": (ColumnOf("marts", "a", "other"),)}


def test_the_carried_lineage_is_what_the_models_say() -> None:
    message = "write it anew: python -m pipelines.warehouse.models.lineage > pipelines/warehouse/models/lineage.json"
    assert CARRIED.read_text(encoding="utf-8") == carried_text(), message


def test_a_new_home_parses_no_model_for_its_lineage(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = column_lineage(project, project.model("int_blog_post_days"))

    def never(*_: object) -> dict[str, tuple[ColumnOf, ...]]:
        raise AssertionError("parsed")

    monkeypatch.setattr(lineage, "column_lineage", never)
    found = kept_column_lineage(duckdb.connect(), project, project.models)
    assert set(found) == {model.name for model in project.models}
    assert found["int_blog_post_days"] == expected


def test_a_rerun_gives_the_same_tables(project: Project, built: duckdb.DuckDBPyConnection) -> None:
    results = run_project(built, project=project)
    assert [result.model for result in results] == [model.name for model in project.models]
    assert all(result.rows == 0 for result in results)


def test_the_project_is_found_beside_the_code_and_needs_no_dagster() -> None:
    assert PROJECT.name == "dbt_like_sql"
    code = (
        "import sys, pipelines.warehouse.models.runner, pipelines.warehouse.models.lineage;"
        "sys.exit(sorted({'dagster', 'great_expectations', 'dbt'} & set(sys.modules)).__repr__() if"
        " {'dagster', 'great_expectations', 'dbt'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_is_swapped_in_with_its_comments(small: Small) -> None:
    folder = small({"a": ("select 1 as id union all select 2 as id", ["id integer"])})
    con = duckdb.connect()
    model = load_project(folder).model("a")
    assert run_model(con, model).rows == 2
    assert run_model(con, model).rows == 2
    assert con.execute("select comment from duckdb_tables()").fetchall() == [("It's a model",)]
    assert con.execute("select comment from duckdb_columns() where column_name = 'id'").fetchall() == [("The id",)]


def test_a_built_model_waits_beside_the_old_one_until_it_is_swapped(small: Small) -> None:
    con = duckdb.connect()
    run_model(con, load_project(small({"a": ("select 1 as id", ["id integer"])})).model("a"))
    model = load_project(small({"a": ("select 2 as id", ["id integer"])})).model("a")
    beside = build_model(con, model)
    assert con.execute(f"select id from {beside}").fetchall() == [(2,)]
    assert con.execute("select id from marts.a").fetchall() == [(1,)]
    assert swap_model(con, model) == 1
    assert con.execute("select id from marts.a").fetchall() == [(2,)]
    assert con.execute("select table_name from duckdb_tables()").fetchall() == [("a",)]


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as id, 2 as extra",
        "select 1 as other",
        "select cast(1 as bigint) as id",
        "select cast('x' as integer) as id",
        "select 1 as id from nowhere",
    ],
)
def test_a_model_that_goes_wrong_leaves_the_old_table(small: Small, sql: str) -> None:
    con = duckdb.connect()
    run_model(con, load_project(small({"a": ("select 1 as id", ["id integer"])})).model("a"))
    broken = load_project(small({"a": (sql, ["id integer"])})).model("a")
    with pytest.raises((ModelShapeMismatch, duckdb.Error)):
        run_model(con, broken)
    assert con.execute("select id from marts.a").fetchall() == [(1,)]
    assert con.execute("select table_name from duckdb_tables()").fetchall() == [("a",)]


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from pipelines.warehouse.models import runner as sql_runner
from pipelines.warehouse.models.project import load_project
sql_runner._comment = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sql_runner.run_project(duckdb.connect(sys.argv[1]), project=load_project(Path(sys.argv[2])))
"""


def test_a_run_that_is_killed_once_the_new_rows_are_there_leaves_the_old_table(small: Small, tmp_path: Path) -> None:
    database = tmp_path / "killed.duckdb"
    with duckdb.connect(str(database)) as con:
        run_project(con, project=load_project(small({"a": ("select 1 as id", ["id integer"])})))
    folder = small({"a": ("select 2 as id", ["id integer"])})
    done = subprocess.run([sys.executable, "-c", KILLED, str(database), str(folder)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    with duckdb.connect(str(database)) as con:
        assert con.execute("from marts.a").fetchall() == [(1,)]
        assert con.execute("select comment from duckdb_columns() where table_name = 'a'").fetchall() == [("The id",)]
        run_project(con, project=load_project(folder))
        assert con.execute("from marts.a").fetchall() == [(2,)]
        assert con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall() == [("a",)]


def test_selected_models_alone_are_run_and_in_order(small: Small) -> None:
    project = load_project(
        small(
            {
                "z": ("select 1 as id", ["id integer"]),
                "a": ("select id from {{ ref('z') }}", ["id integer"]),
                "m": ("select {{ var('limit') }} as id", ["id integer"]),
            }
        )
    )
    con = duckdb.connect()
    assert [result.model for result in run_project(con, {"a", "z"}, project=project)] == ["z", "a"]
    assert project.model("m").sql == "select 3 as id"


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("select id from {{ ref('kpi_monthy') }}", "did you mean kpi_monthly"),
        ("select id from {{ source('raw', 'web') }}", "there is no source raw.web"),
        ("select {{ var('limits') }} as id", "did you mean limit"),
        ("select {{ nothing }} as id", "'nothing' is undefined"),
        ("select {{ ref('a' }} as id", "can't be rendered"),
    ],
)
def test_a_name_nobody_knows_is_an_error_with_the_nearest_one(small: Small, sql: str, complaint: str) -> None:
    folder = small({"a": (sql, ["id integer"]), "kpi_monthly": ("select 1 as id", ["id integer"])})
    with pytest.raises(SqlProjectError, match=complaint) as raised:
        load_project(folder)
    assert "a.sql" in str(raised.value)


def test_models_that_read_each_other_in_a_circle_are_named(small: Small) -> None:
    circle = {
        "a": ("select id from {{ ref('b') }}", ["id integer"]),
        "b": ("select id from {{ ref('c') }}", ["id integer"]),
        "c": ("select id from {{ ref('a') }}", ["id integer"]),
    }
    with pytest.raises(SqlProjectError, match=r"in a circle: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)"):
        load_project(small(circle))


def test_a_model_nobody_describes_is_an_error(small: Small) -> None:
    with pytest.raises(SqlProjectError, match=r"not in its folder's schema\.yml"):
        load_project(small({"a": ("select 1 as id", ["id integer"])}, described=set()))


def test_a_description_of_no_model_is_an_error(small: Small) -> None:
    folder = small({"a": ("select 1 as id", ["id integer"])})
    (folder / "models" / "marts" / "a.sql").unlink()
    with pytest.raises(SqlProjectError, match="there is no such model"):
        load_project(folder)


def test_an_unreadable_project_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(SqlProjectError, match=r"dbt_project\.yml"):
        load_project(tmp_path)


def test_an_unknown_model_is_named_with_the_nearest(project: Project) -> None:
    with pytest.raises(SqlProjectError, match="did you mean kpi_daily"):
        project.select({"kpi_dayly"})
