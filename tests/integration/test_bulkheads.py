"""One client's trouble is one client's: each stage of a night broken for one of three, by an exception and by a check.

Under test: the job's assets from the client files to the exports, what is published of whom, ``okr status``, the
agency's page. The fault goes from stage to stage over the nights of one home folder. Dagster runs a sound one, one by
``okr run`` and one that fails; of the others the steps run one after another, and give all that the sound one gave.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from pipelines.assets import models
from pipelines.build import build_defs
from pipelines.cli.main import okr
from pipelines.cli.night import run_night
from pipelines.cli.status import held_up_text
from pipelines.exports import all as exports
from pipelines.resources import Night
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.held_back import held_back
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import config_tables
from pipelines.warehouse.models.project import load_project
from pipelines.warehouse.okr import forecasts, initiatives, judge
from tests.agency import write_files
from tests.csv_home import Row, asked, night_steps, query
from tests.torture.night import Told, run_step, steps_of_the_job

BROKEN, SOUND = "beta", ("alfa", "gamma")
FIRST = date(2026, 2, 12)
TWICE = "select * from ({sql}) union all select * from ({sql}) where client = 'beta'"
NOT_INGESTED = {"client_files", "config", "staging", "intermediate", "marts", "okr", "publish"}
READING = {"snapshots", "ingest", "ledger"}
Patch = pytest.MonkeyPatch


def raising_for_beta(patch: Patch, module: Any, name: str, client_of: Callable[..., str]) -> None:
    """``module.name`` falls over where it is at beta's."""
    real = getattr(module, name)

    def broken(*args: Any, **kwargs: Any) -> Any:
        if client_of(*args, **kwargs) == BROKEN:
            raise ZeroDivisionError("nothing to divide by")
        return real(*args, **kwargs)

    patch.setattr(module, name, broken)


def doubled(model: str) -> Callable[[Patch], None]:
    """The SQL of ``model`` gives beta's rows twice."""

    def break_it(patch: Patch) -> None:
        project = load_project()
        changed = tuple(
            dataclasses.replace(each, sql=TWICE.format(sql=each.sql)) if each.name == model else each
            for each in project.models
        )
        patch.setattr(models, "load_project", lambda: dataclasses.replace(project, models=changed))

    return break_it


def config_raises(patch: Patch) -> None:
    raising_for_beta(patch, config_tables, "_Night", lambda client, **_: client.client)


def evaluation_raises(patch: Patch) -> None:
    raising_for_beta(patch, judge, "prepare", lambda client, *_, **__: client.client)


def forecast_raises(patch: Patch) -> None:
    home_of_beta = {"beta"}
    real = judge.prepare
    of_beta: set[int] = set()

    def noting(client: Any, *args: Any, **kwargs: Any) -> Any:
        prepared = real(client, *args, **kwargs)
        if client.client in home_of_beta:
            of_beta.add(id(prepared.job))
            kept.append(prepared)
        return prepared

    def forecast_many(jobs: Any, *, workers: int) -> Any:
        if any(id(job) in of_beta for job in jobs):
            raise ZeroDivisionError("nothing to divide by")
        return real_many(jobs, workers=workers)

    kept: list[Any] = []
    real_many = forecasts.forecast_many
    patch.setattr(judge, "prepare", noting)
    patch.setattr(forecasts, "recall", lambda *_: {})
    patch.setattr(forecasts, "forecast_many", forecast_many)


def progress_is_refused(patch: Patch) -> None:
    real = judge.add_key_result

    def too_much(con: Any, result: Any, *, known_at: Any) -> int:
        if result.prepared.client.client == BROKEN:
            result = dataclasses.replace(result, progress=2.0)
        return real(con, result, known_at=known_at)

    patch.setattr(judge, "add_key_result", too_much)


def storing_raises(patch: Patch) -> None:
    """As DuckDB refuses a row: that ends the transaction in which all clients' rows are added."""
    real = judge.add_key_result

    def nameless(con: Any, result: Any, *, known_at: Any) -> int:
        if result.prepared.client.client == BROKEN:
            con.execute("insert into okr.key_result_progress (client) values ('beta')")
        return real(con, result, known_at=known_at)

    patch.setattr(judge, "add_key_result", nameless)


def initiative_raises(patch: Patch) -> None:
    patch.setattr(initiatives, "recall", lambda *_: {})
    raising_for_beta(patch, initiatives, "judge", lambda case: case.client.client)


def initiative_is_refused(patch: Patch) -> None:
    real = initiatives._insert

    def nonsense(con: Any, result: Any) -> None:
        real(con, dataclasses.replace(result, cost=-1.0) if result.client == BROKEN else result)

    patch.setattr(initiatives, "_insert", nonsense)


def score_raises(patch: Patch) -> None:
    raising_for_beta(patch, forecasts, "_scored", lambda _con, client, *_: client.client)


def score_is_refused(patch: Patch) -> None:
    real = forecasts._scored

    def absurd(con: Any, client: Any, *rows: Any) -> Any:
        scored = real(con, client, *rows)
        return scored.assign(brier=7.0) if client.client == BROKEN else scored

    patch.setattr(forecasts, "_scored", absurd)


def report_raises(patch: Patch) -> None:
    raising_for_beta(patch, exports, "render_client", lambda _con, reader, *_, **__: reader.client)


STAGES: dict[str, tuple[Callable[[Patch], None], str, str | None]] = {
    "a client's settings raise": (config_raises, "client file", "beta.yaml:1"),
    "a check on a staging table": (doubled("stg_raw__own_metrics"), "staging.stg_raw__own_metrics", "beta.yaml:"),
    "a check on an inner table": (doubled("int_csv_months"), "intermediate.int_csv_months", "beta.yaml:"),
    "a check on a mart": (doubled("kpi_monthly"), "marts.kpi_monthly", "beta.yaml:"),
    "the evaluation raises": (evaluation_raises, "progress", "growth_2026"),
    "the forecast raises": (forecast_raises, "progress", "growth_2026"),
    "a check on the progress": (progress_is_refused, "progress", "growth_2026"),
    "the database refuses a row of progress": (storing_raises, "progress", "growth_2026"),
    "an initiative raises": (initiative_raises, "initiatives", "letter"),
    "a check on the initiatives": (initiative_is_refused, "initiatives", "letter"),
    "the scoring raises": (score_raises, "scores", "beta.yaml:1"),
    "a check on the scores": (score_is_refused, "scores", "growth_2025"),
}


class Agency:
    """One home folder, and nights over it without reading the sources again."""

    materialised: int
    checks: int

    def __init__(self, root: Path) -> None:
        self.home, self.day = Home(root), FIRST
        for night in ("2025-11-10", "2026-02-10", "2026-02-11"):
            write_files(self.home, date.fromisoformat(night))
            with closing(connect(self.home)) as con:
                night_steps(con, self.home, night)

    @contextmanager
    def opened(self) -> Iterator[Night]:
        """The next night, its database open."""
        self.day += timedelta(days=1)
        with closing(connect(self.home)) as con:
            yield Night(
                home=self.home,
                clock=fixed_clock(self.day),
                environ={},
                con=con,
                clients=load_clients(self.home),
                run_id=f"run-{self.day}",
            )

    def dagster_night(self) -> dg.ExecuteInProcessResult:
        """The next night, as a run of Dagster's."""
        with self.opened() as night:
            job = build_defs(resource_overrides={"night": night}).resolve_job_def("nightly")
            keys = job.asset_layer.executable_asset_keys
            return job.execute_in_process(
                asset_selection=[key for key in keys if key.path[0] in NOT_INGESTED],
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def night(self) -> Told:
        """The next night, step by step."""
        told = Told()
        with self.opened() as night:
            for name, step in steps_of_the_job().items():
                if name not in READING:
                    run_step(step, night, told)
        return told

    def served_of(self, client: str) -> dict[str, list[Row]]:
        """All that is published of one client."""
        with asked(self.home) as ask:
            return {
                row["name"]: ask(f"select * from marts.{row['name']} where client = '{client}' order by all")
                for row in ask("select table_name as name from duckdb_tables() where schema_name = 'marts'")
            }

    def nights_judged(self) -> dict[str, str]:
        rows = query(self.home, "select client, max(as_of) as as_of from marts.key_result_progress group by client")
        return {row["client"]: str(row["as_of"]) for row in rows}


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    agency = Agency(tmp_path_factory.mktemp("agency"))
    first = agency.dagster_night()
    assert first.success
    agency.materialised = len([event for event in first.all_events if event.is_step_materialization])
    of_steps = [each for each in first.get_asset_check_evaluations() if each.check_name != "access_lasts"]
    agency.checks = len(of_steps)
    yield agency
    sound = agency.night()
    assert sound.failed_checks == {}
    assert held_back(agency.home) == ()
    assert held_up_text(agency.home) == ""
    assert set(agency.nights_judged().values()) == {str(agency.day)}


@pytest.mark.parametrize("stage", STAGES)
def test_one_clients_trouble_keeps_its_last_figures_and_the_others_are_published(
    agency: Agency, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it, name, place = STAGES[stage]
    before, judged = agency.served_of(BROKEN), agency.nights_judged()
    page = (agency.home.exports / BROKEN / "report.html").read_bytes()
    break_it(monkeypatch)
    night = agency.night()
    assert (night.materialised, night.checks) == (agency.materialised, agency.checks)
    assert agency.served_of(BROKEN) == before
    assert (agency.home.exports / BROKEN / "report.html").read_bytes() == page
    assert agency.nights_judged() == {BROKEN: judged[BROKEN]} | dict.fromkeys(SOUND, str(agency.day))
    found = held_back(agency.home)
    assert {each.client for each in found} == {BROKEN}
    held = next(each for each in found if each.stage == name)  # what a bad row is made into may fail too
    assert "nothing to divide by" in held.reason or "check" in held.reason or "Constraint" in held.reason
    assert (held.place or "").startswith("beta.yaml:")
    if place is not None and not place.startswith("beta"):
        assert held.place != "beta.yaml:1", "a line of its own, and not the file's first"
    told = " ".join(held_up_text(agency.home).split())
    assert f"{BROKEN}, {agency.day}, {name} ({held.place})" in told
    assert held_up_text(agency.home, clients=SOUND) == ""
    overview = (agency.home.exports / "_agency" / "report.html").read_text("utf-8")
    assert "The night could not be finished for this client" in overview
    assert BROKEN in night.failed_checks["", "no_client_held_back"]


def test_a_report_that_can_not_be_made_leaves_that_clients_files_and_names_them(
    agency: Agency,
) -> None:
    folder = agency.home.exports / BROKEN
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        report_raises(monkeypatch)
        night = agency.night()
    assert (night.materialised, night.checks) == (agency.materialised, agency.checks)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == files
    assert set(agency.nights_judged().values()) == {str(agency.day)}, "the figures are out"
    (held,) = held_back(agency.home)
    assert (held.client, held.stage) == (BROKEN, "exports")
    assert "its files are those of the night before" in held.line
    assert (agency.home.exports / "alfa" / "key_results.csv").read_text("utf-8").count(str(agency.day))
    overview = (agency.home.exports / "_agency" / "report.html").read_text("utf-8")
    assert "nothing to divide by" in overview
    assert "its last good figures" not in overview, "its figures are tonight's"
    told = " ".join(held_up_text(agency.home).split())
    assert "Their figures are the night's, report and files older:" in told
    assert "last good figures" not in told
    assert ("", "every_client_exported") in night.failed_checks
    done = CliRunner().invoke(okr, ["--home", str(agency.home.root), "export"])
    assert done.exit_code == 0, done.output
    assert (folder / "key_results.csv").read_text("utf-8").count(str(agency.day)), "they can be made by now"
    assert "nothing to divide by" not in (agency.home.exports / "_agency" / "report.html").read_text("utf-8")


def test_okr_run_names_the_client_with_its_place_and_ends_with_3(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.day += timedelta(days=1)
    judged = agency.nights_judged()
    monkeypatch.setenv("OKR_TODAY", str(agency.day))
    monkeypatch.setenv("DAGSTER_HOME", str(agency.home.root / "dagster"))
    evaluation_raises(monkeypatch)
    ended = run_night(agency.home, {"OKR_TODAY": str(agency.day)})
    assert ended.exit_code == 3, ended.problems
    (line,) = ended.problems
    assert BROKEN in line
    assert "beta.yaml:" in line
    assert "nothing to divide by" in line
    assert agency.nights_judged() == {BROKEN: judged[BROKEN]} | dict.fromkeys(SOUND, str(agency.day))


def test_what_fails_for_every_client_is_wrong_with_the_whole_and_nothing_is_published(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = agency.home.published_database.resolve()
    monkeypatch.setattr(judge, "prepare", lambda *_, **__: 1 / 0)
    assert not agency.dagster_night().success
    assert agency.home.published_database.resolve() == before
    assert [each for each in held_back(agency.home) if each.run_id == f"run-{agency.day}"] == []
