"""The Dagster graph as assembled for production: layers, groups, job, schedule, and what loading it imports."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.build import build_defs
from pipelines.checks import CHECK_NAMES
from pipelines.dagster_private import IN_THE_UI
from pipelines.markdown import escaped
from pipelines.partitions import FIRST_NIGHT, BadRange, checked_rerun, nights
from pipelines.warehouse.checks.declared import checks_of
from pipelines.warehouse.checks.results import RESULT_TABLES
from pipelines.warehouse.models.project import load_project

LAYERS = ("ingest", "staging", "intermediate", "marts", "okr", "publish")


@pytest.fixture(scope="module")
def graph() -> dg.Definitions:
    return build_defs()


def test_data_flows_one_way(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    for key in assets.get_all_asset_keys():
        node = assets.get(key)
        for parent in node.parent_keys:
            above = assets.get(parent)
            assert LAYERS.index(above.group_name) <= LAYERS.index(node.group_name), f"{parent} -> {key}"


def test_every_asset_has_a_group_an_owner_a_description_and_a_kind(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    for key in assets.get_all_asset_keys():
        node = assets.get(key)
        assert node.group_name in LAYERS
        assert node.owners, key
        assert node.description, key
        assert node.kinds, key


def test_every_check_says_in_a_sentence_what_it_asks(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    asked = [assets.get_check_spec(key).description or "" for key in assets.asset_check_keys]
    assert 80 < len(asked) < 150, "more than that nobody reads"
    unreadable = [text for text in asked if not text.endswith(".") or set(text) & set("[]{}") or "ref(" in text]
    assert unreadable == []


def test_each_declared_test_stands_in_the_check_of_its_table_and_severity(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    for checked in [*load_project().models, *RESULT_TABLES.values()]:
        asset = dg.AssetKey([checked.schema, checked.name])
        for check in checks_of(checked):
            spec = assets.get_check_spec(dg.AssetCheckKey(asset, CHECK_NAMES[check.severity]))
            assert spec.blocking is (check.severity == "error")
            assert escaped(check.name) in spec.metadata["declared"].value


def test_a_staging_model_is_downstream_of_just_the_tables_that_it_reads(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    for model in load_project().models:
        if model.layer == "staging":
            key = dg.AssetKey(["staging", model.name])
            tables = {dg.AssetKey([schema, table]) for schema, table in model.sources}
            assert tables, key
            assert {parent for parent in assets.get(key).parent_keys if parent.path[0] != "staging"} == tables, key


def test_a_night_from_the_command_line_is_listed_among_its_jobs_runs(graph: dg.Definitions) -> None:
    workspace = yaml.safe_load(Path("workspace.yaml").read_text(encoding="utf-8"))
    location = workspace["load_from"][0]["python_module"]["location_name"]
    assert {".dagster/repository": f"{graph.get_repository_def().name}@{location}"} == IN_THE_UI


def test_the_job_is_nightly_and_holds_every_asset(graph: dg.Definitions) -> None:
    job = graph.resolve_job_def("nightly")
    assert job.asset_layer.executable_asset_keys == graph.resolve_asset_graph().get_all_asset_keys()
    assert job.executor_def.name == "in_process"
    assert job.partitions_def == nights


def test_what_is_materialised_by_hand_runs_in_one_process_too(graph: dg.Definitions) -> None:
    by_hand = graph.resolve_implicit_global_asset_job_def()
    assert by_hand.executor_def.name == "in_process", "else each step wants the home folder's lock for itself"


@pytest.mark.parametrize(
    ("tick", "partition"),
    [
        (datetime(2026, 11, 20, 4, 0, tzinfo=UTC), "2026-11-19"),
        (datetime(2026, 3, 29, 3, 0, tzinfo=UTC), "2026-03-28"),
        (datetime(2026, 10, 25, 4, 0, tzinfo=UTC), "2026-10-24"),
    ],
)
def test_the_schedule_asks_for_yesterday_at_five_in_stockholm_in_summer_and_winter(
    graph: dg.Definitions, tick: datetime, partition: str
) -> None:
    schedule = graph.get_schedule_def("nightly_schedule")
    assert schedule.cron_schedule == "0 5 * * *"
    assert schedule.execution_timezone == "Europe/Stockholm"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    with dg.DagsterInstance.ephemeral() as instance:
        asked = schedule.evaluate_tick(dg.build_schedule_context(instance, scheduled_execution_time=tick)).run_requests
    assert [request.partition_key for request in asked or []] == [partition]


def test_a_rerun_is_clipped_to_days_that_are_over_and_nonsense_is_refused() -> None:
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    clipped = checked_rerun(date(2026, 11, 10), date(2026, 12, 24), now=now)
    assert (clipped.start, clipped.end) == (date(2026, 11, 10), date(2026, 11, 19))
    for start, end in [
        (date(2026, 11, 12), date(2026, 11, 10)),
        (date(2026, 11, 20), date(2026, 11, 25)),
        (date(2020, 1, 1), date(2026, 11, 1)),
        (date(1999, 6, 1), date(1999, 6, 30)),
    ]:
        with pytest.raises(BadRange):
            checked_rerun(start, end, now=now)


def test_any_day_that_a_client_can_have_data_of_is_one_that_dagster_can_be_asked_for() -> None:
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    window = checked_rerun(date(2023, 6, 1), date(2023, 6, 30), now=now)
    assert nights.has_partition_key(window.start.isoformat())
    assert nights.has_partition_key(FIRST_NIGHT.isoformat())


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("pipelines.definitions", ("great_expectations", "pandas", "numpy", "pyarrow", "altair", "requests")),
        ("pipelines.warehouse.ingest.run", ("dagster", "pandas", "numpy", "pyarrow", "requests")),
        ("pipelines.checks", ("great_expectations", "pandas", "numpy", "pyarrow")),
        ("pipelines.cli.client_files", ("dagster", "great_expectations", "statsmodels", "requests", "pyarrow")),
        ("okr_models.client.file", ("dagster", "duckdb", "requests", "pipelines", "connectors")),
        ("connectors.registry", ("dagster", "pipelines", "google")),
    ],
)
def test_loading_a_module_does_not_load_what_it_has_no_use_for(module: str, unwanted: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print(*sorted(set({unwanted!r}) & {{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""


def test_loading_the_graph_says_nothing_to_the_person_at_the_terminal() -> None:
    program = "import pipelines.definitions"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (0, "", "")
