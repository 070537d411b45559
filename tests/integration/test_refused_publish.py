"""A night in Dagster in which a mart is faulty: its checks are recorded, nothing after it runs, nothing is published.

Under test: the assets ``marts`` to ``publish`` as the job runs them, the sensors' reading of the run, ``okr status``.
The warehouse is a small one in memory; only the faulty mart's SQL is not the real one.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from pipelines.assets import models
from pipelines.build import build_defs
from pipelines.cli.main import okr
from pipelines.cli.status import held_up_text
from pipelines.notices.text import notice_of
from pipelines.partitions import EVERY_MORNING
from pipelines.resources import Night
from pipelines.sensors import summary_of, tell_of_failures, tell_of_warnings
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import Project, load_project
from tests.unit.pipelines.warehouse.checks.test_mart_checks import AS_OF, story
from tests.unit.sql_story import copy_of_built

KEPT = {"marts", "okr", "publish"}
TWICE = "select * from ({sql}) union all select * from ({sql})"
DOUBLED = "select * replace (value * 2 as value) from ({sql})"


class Nights:
    """One home folder over a warehouse in memory, and nights from the marts on."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (root / "clients").mkdir()
        self.home = Home(root)
        self.con = copy_of_built(story)
        self.instance = dg.DagsterInstance.ephemeral()
        self._monkeypatch = monkeypatch

    def run(self, mart: str = "", sql: str = "") -> dg.ExecuteInProcessResult:
        """A night, in which the SQL of ``mart`` is wrapped in ``sql``."""
        project = load_project()
        if mart:
            project = faulty(project, mart, sql)
        self._monkeypatch.setattr(models, "load_project", lambda: project)
        night = Night(
            home=self.home,
            clock=fixed_clock(AS_OF),
            environ={},
            con=self.con,
            clients=load_clients(self.home),
            run_id=mart or "sound",
        )
        job = build_defs(resource_overrides={"night": night}).resolve_job_def("nightly")
        chosen = [key for key in job.asset_layer.executable_asset_keys if key.path[0] in KEPT]
        return job.execute_in_process(
            asset_selection=chosen,
            instance=self.instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

    def served(self) -> dict[str, list[tuple[Any, ...]]]:
        con = duckdb.connect(str(self.home.published_database.resolve()), read_only=True)
        try:
            names = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
            return {name: con.execute(f'select * from marts."{name}" order by all').fetchall() for (name,) in names}
        finally:
            con.close()


def faulty(project: Project, mart: str, sql: str) -> Project:
    changed = [
        dataclasses.replace(model, sql=sql.format(sql=model.sql)) if model.name == mart else model
        for model in project.models
    ]
    return dataclasses.replace(project, models=tuple(changed))


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    return Nights(tmp_path, monkeypatch)


def checks(result: dg.ExecuteInProcessResult, *, passed: bool) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        f"{found.asset_key.path[-1]}.{found.check_name}": found
        for found in result.get_asset_check_evaluations()
        if found.passed is passed
    }


def test_each_mart_refused_in_turn_leaves_what_is_published_and_a_sound_night_mends_it(nights: Nights) -> None:
    assert nights.run().success
    before, link = nights.served(), nights.home.published_database.resolve()
    for mart in [model.name for model in load_project().models if model.layer == "marts"]:
        refused = nights.run(mart, TWICE)
        assert not refused.success
        assert nights.home.published_database.resolve() == link
        assert nights.served() == before
        materialised = {event.asset_key.path[-1] for event in refused.get_asset_materialization_events()}
        assert not materialised & {mart, "database", "exports", "key_result_progress"}
        failed = checks(refused, passed=False)[f"{mart}.tests"]
        assert "| client |" in str(failed.metadata["sample_grain"].value)
        assert "| grain |" in str(failed.metadata["failing_tests"].value)
        assert not failed.metadata["great_expectations"].value["grain"]["success"]  # type: ignore[call-overload,index]
        assert int(str(failed.metadata["failing_rows"].value)) >= 1
        assert f"marts.{mart}: check grain failed" in " ".join(held_up_text(nights.home).split())
    assert nights.run().success
    assert held_up_text(nights.home) == ""
    assert nights.served() == before


def test_what_dagster_is_told_of_columns_leads_to_columns_that_are_there(nights: Nights) -> None:
    assets = build_defs().resolve_asset_graph()
    done = nights.run()
    marts = {e.asset_key: e for e in done.get_asset_materialization_events() if e.asset_key.path[0] == "marts"}
    assert marts
    for key, event in marts.items():
        metadata = event.step_materialization_data.materialization.metadata
        lineage = metadata["dagster/column_lineage"]
        assert isinstance(lineage, dg.TableColumnLineageMetadataValue)
        deps = lineage.value.deps_by_column
        assert set(deps) == columns(assets, key)
        for dep in [dep for found in deps.values() for dep in found]:
            assert dep.column_name in columns(assets, dep.asset_key), dep
        shown = str(metadata["columns_from"].value)
        assert all(f"\n| {column} |".replace("_", "\\_") in shown for column in deps)


def columns(assets: dg.AssetGraph, key: dg.AssetKey) -> set[str]:
    schema = assets.get(key).metadata["dagster/column_schema"]
    return {column.name for column in (schema.value if hasattr(schema, "value") else schema).columns}


def test_a_warning_is_recorded_and_the_night_is_published(nights: Nights) -> None:
    assert nights.run().success
    warned = nights.run("kpi_monthly", DOUBLED)
    assert warned.success
    assert "restatement" in str(checks(warned, passed=False)["kpi_monthly.warnings"].metadata["failing_tests"].value)
    assert "kpi_monthly.tests" in checks(warned, passed=True)
    assert held_up_text(nights.home) == ""
    notice = notice_of(summary_of(nights.instance, warned.dagster_run))
    assert notice is not None
    assert "published, with" in notice.subject
    assert "restatement" in notice.text


def test_status_says_that_the_figures_are_of_an_earlier_night_and_why(nights: Nights) -> None:
    nights.run()
    nights.run("kpi_daily", TWICE)
    shown = CliRunner().invoke(okr, ["--home", str(nights.home.root), "status"], env={"COLUMNS": "80"})
    said = " ".join(shown.stdout.split())
    assert "figures published before" in said
    assert "2026-11-20 was not published" in said
    assert "marts.kpi_daily: check grain failed" in said
    assert max(len(line) for line in shown.stdout.splitlines()) <= 80


def test_the_sensors_tell_of_a_refused_night_and_keep_silent_on_a_sound_one(
    nights: Nights, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OKR_NOTICE_WEBHOOK", "OKR_NOTICE_SMTP"):
        monkeypatch.delenv(name, raising=False)
    sound, refused = nights.run(), nights.run("kpi_daily", TWICE)
    summary = summary_of(nights.instance, refused.dagster_run)
    assert ("tests", True) in [(check.check, check.blocks) for check in summary.checks]
    assert "grain" in next(check.detail for check in summary.checks if check.blocks)
    assert "marts.kpi_daily refused" in summary.steps[0].message
    notice = notice_of(summary)
    assert notice is not None
    assert "NOT published" in notice.subject
    assert notice_of(summary_of(nights.instance, sound.dagster_run)) is None
    for sensor in (tell_of_failures, tell_of_warnings):
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    failure = next(event for event in refused.all_events if event.is_job_failure)
    context = dg.build_run_status_sensor_context(
        sensor_name="tell_of_failures",
        dagster_event=failure,
        dagster_instance=nights.instance,
        dagster_run=refused.dagster_run,
    )
    tell_of_failures(context)


def test_every_table_and_what_is_published_is_expected_every_morning() -> None:
    graph = build_defs().resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    assert {key.path[0] for key in keys} == {
        "raw",
        "ops",
        "config",
        "staging",
        "intermediate",
        "marts",
        "okr",
        "publish",
    }
    assert [key for key in keys if graph.get(key).freshness_policy != EVERY_MORNING] == []
