"""docs/models.md against the declarations it is made from, and those against the interface users rely on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipelines.warehouse.models.docs import models_markdown
from pipelines.warehouse.models.project import Project, load_project
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES
from pipelines.warehouse.publish.views import VIEWS
from pipelines.warehouse.schema import LOADS, OPS_TABLES
from tests.home import PROJECT

RESULTS = OKR_TABLES | STATE_TABLES
PAGE = PROJECT / "docs" / "models.md"

INTERFACE_KEYS = {
    "kpi_monthly": "client kpi scope month",
    "kpi_daily": "client kpi scope day",
    "blog_posts": "client source post_id",
    "social_posts": "client platform post_id",
    "key_result_progress": "client objective_id key_result_id as_of known_at",
    "objective_progress": "client objective_id as_of known_at",
    "key_result_items": "client objective_id key_result_id as_of known_at item_id",
    "initiative_results": "client initiative_id as_of",
    "forecast_scores": "client objective_id key_result_id as_of known_at said_by",
    "key_result_path": "client objective_id key_result_id month",
    "checkins": "client objective_id key_result_id checked_on by",
    "clients": "client",
    "kpis": "client kpi",
    "sources": "client source",
    "objectives": "client objective_id",
    "key_results": "client objective_id key_result_id",
}
INTERFACE_COLUMNS = {
    "kpi_monthly": "value unit kind scope_kind scope_name is_closed is_estimated observed_share note note_codes",
    "kpi_daily": "value",
    "blog_posts": (
        "url path title published_at page_views page_views_90d engagement_seconds search_clicks search_position"
    ),
    "social_posts": "url caption published_at likes comments shares interactions interactions_28d is_maturing",
    "key_result_progress": "title kpi unit kind baseline first_target target current current_growth raw_progress"
    " progress expected_progress forecast forecast_low forecast_high forecast_target probability probability_full"
    " status data_through is_estimated notes definition_version input_hash",
    "objective_progress": "title team owner progress progress_low progress_high expected_progress coverage status"
    " weakest_key_result deciding_key_result",
    "key_result_items": "title url published_at value threshold outcome decided_on",
    "initiative_results": "title key_result kpi effect effect_low effect_high effect_share detectable_effect"
    " probability_worthwhile verdict reason cost",
    "forecast_scores": "probability outcome brier",
    "key_result_path": "target_path expected low high",
    "checkins": "confidence text next",
    "clients": "name language timezone fiscal_year_start currency as_of",
    "kpis": "title kind unit better adds_over_time adds_over_sources closing_days is_own source",
    "sources": "source_type title category platform zone opened_on start_on",
    "objectives": "position title team owner period_start_on period_end_on",
    "key_results": "position title kpi measure scope condition target first_target baseline weight ambition owner"
    " definition_version",
}
ADDED = {
    "kpi_monthly": "numerator denominator median origin data_through closes_on",
    "kpi_daily": "is_estimated origin method",
    "blog_posts": "published_on is_estimated redated_on also_listed_by unseen_host",
    "social_posts": "source published_on",
    "key_result_progress": "explanation ambition first_month last_month note_codes position",
    "objective_progress": "position",
    "forecast_scores": "is_inside",
    "checkins": "known_at position",
}
"""Columns that the interface allows and does not name; a new one is added here on purpose."""

ADDED_TABLES = {"blog_post_daily", "social_post_daily"}
LOADS_COLUMNS = (
    "client source stream window_start window_end rows status attempts error_class message started_at finished_at"
    " run_id"
)


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project()


def _published(project: Project) -> dict[str, tuple[tuple[str, ...], list[tuple[str, str]]]]:
    """Key, and columns with their types, of every table that is published in schema marts."""
    found = {
        model.name: (model.grain, [(c.name, c.data_type) for c in model.columns])
        for model in project.models
        if model.layer == "marts"
    }
    return found | {t.name: (t.key, [(c.name, c.type) for c in t.columns]) for t in RESULTS.values()}


def test_the_committed_page_is_what_is_declared() -> None:
    message = "write it anew: python -m pipelines.warehouse.models.docs > docs/models.md"
    assert PAGE.read_text(encoding="utf-8") == models_markdown(), message


def test_the_page_names_every_table_and_every_column_with_its_meaning(project: Project) -> None:
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", models_markdown(project), re.M | re.S))
    tables = {f"{m.schema}.{m.name}": [(c.name, c.description) for c in m.columns] for m in project.models}
    tables |= {f"{s.schema}.{s.name}": [(c.name, c.description) for c in s.columns] for s in project.sources}
    tables |= {f"ops.{t.name}": [(c.name, c.meaning) for c in t.columns] for t in OPS_TABLES.values()}
    tables |= {f"okr.{t.name}": [(c.name, c.meaning) for c in t.columns] for t in RESULTS.values()}
    assert sections.keys() == tables.keys() | {f"marts.{view.name}" for view in VIEWS}
    for table, columns in tables.items():
        for name, meaning in columns:
            assert meaning, f"{table}.{name} has no meaning"
            assert re.search(rf"^\| `{name}` \| [^|]+ \| {re.escape(meaning)} \|", sections[table], re.M), (table, name)


def test_a_pipe_in_a_description_does_not_break_the_table(project: Project) -> None:
    model = project.models[0]
    column = replace(model.columns[0], description="this | that")
    changed = replace(project, models=(replace(model, columns=(column, *model.columns[1:])), *project.models[1:]))
    assert "this \\| that" in models_markdown(changed)


def test_the_picture_has_an_arrow_for_everything_a_model_reads_and_none_beside(project: Project) -> None:
    arrows = set(re.findall(r"^    (\w+__\w+) --> (\w+)$", models_markdown(project), re.M))
    expected = {(f"{s}__{t}", f"{m.layer}__{m.name}") for m in project.models for s, t in m.sources}
    expected |= {(f"{project.model(r).layer}__{r}", f"{m.layer}__{m.name}") for m in project.models for r in m.refs}
    assert arrows == expected


def test_published_tables_and_views_are_those_of_the_interface(project: Project) -> None:
    assert _published(project).keys() == INTERFACE_KEYS.keys() | ADDED_TABLES
    assert {view.name for view in VIEWS} == {
        *("key_result_latest", "objective_latest", "kpi_monthly_all"),
        *("key_result_items_latest", "initiative_latest", "loads_latest"),
    }


@pytest.mark.parametrize("table", INTERFACE_KEYS)
def test_a_published_table_has_the_interfaces_key_and_columns_and_only_declared_additions(
    table: str, project: Project
) -> None:
    key, columns = _published(project)[table]
    promised = (INTERFACE_KEYS[table] + " " + INTERFACE_COLUMNS[table]).split()
    assert list(key) == INTERFACE_KEYS[table].split()
    names = [name for name, _ in columns]
    assert len(names) == len(set(names))
    assert set(names) - set(promised) == set(ADDED.get(table, "").split())
    assert set(promised) - set(names) == set()


def test_days_are_dates_and_instants_carry_a_zone(project: Project) -> None:
    instants = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"}
    for table, (_, columns) in _published(project).items():
        for name, kind in columns:
            if name in {"day", "month", "as_of", "data_through", "decided_on", "published_on", "closes_on"}:
                assert kind == "DATE", (table, name)
            if name.endswith("_at"):
                assert kind in instants, (table, name)


def test_the_ledger_has_the_interfaces_columns_in_their_order() -> None:
    assert list(LOADS.column_names) == [*LOADS_COLUMNS.split(), "quality"]
