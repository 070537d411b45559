"""Progress, roll-up, initiatives and the scores of past forecasts, judged from the marts; rows are only ever added.

Each step's rows are checked in the transaction that adds them: where a check blocks, none was added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import dagster as dg

from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.checks import check_results, check_specs, refuse
from pipelines.keys import OWNERS, config_key, okr_key
from pipelines.preview import bullets, preview, progress_plot, row_count
from pipelines.resources import Night
from pipelines.warehouse.checkin_files import judged_before, read_file
from pipelines.warehouse.checks.by_client import audit_by_client
from pipelines.warehouse.checks.refusals import reason
from pipelines.warehouse.checks.results import PROGRESS_TABLES, RESULT_TABLES
from pipelines.warehouse.held_back import INITIATIVES, PROGRESS, SCORES
from pipelines.warehouse.ingest.stages import StageListener
from pipelines.warehouse.okr.tables import OKR_TABLES, STATE_TABLES

GROUP = "okr"
PATH = "key_result_path"
TABLES = {**OKR_TABLES, **STATE_TABLES}
ROWS_READ = "every_row_read"
MOST_FAULTS = 50


def _spec(table: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        okr_key(table),
        group_name=GROUP,
        deps=deps,
        description=TABLES[table].meaning,
        kinds={"python", "duckdb"},
        owners=OWNERS,
        metadata={
            "dagster/table_name": f"okr.{table}",
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(c.name, c.type, c.meaning) for c in TABLES[table].columns]
            ),
        },
    )


def _shown(night: Night, table: str, **figures: int) -> dict[str, int | dg.MetadataValue]:
    """What the table's page shows of this night."""
    return {
        "dagster/row_count": row_count(night.con, "okr", table),
        **figures,
        **preview(night.con, "okr", table),
        **(progress_plot(night.con) if table == "key_result_progress" else {}),
    }


Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def _checks(*tables: str) -> list[dg.AssetCheckSpec]:
    return [spec for table in tables for spec in check_specs(RESULT_TABLES[table], asset=okr_key(table))]


Judge = Callable[[Sequence[Client]], Mapping[str, Mapping[str, int]]]
"""A judgement of some clients; gives the figures of each table."""


def _audited(night: Night, stage: str, tables: Sequence[str], judge: Judge, *, beside: Sequence[str] = ()) -> Events:
    """Events of a judgement of all clients that can be judged; the others are held back.

    ``beside``: tables without checks that the same judgement makes.

    A change that is refused whole is recorded and ends the step.
    """
    held = night.held.clients(but=stage)

    def change(left_out: frozenset[str]) -> Mapping[str, Mapping[str, int]]:
        return judge([client for client in night.clients.clients if client.client not in held | left_out])

    audited = audit_by_client(night.con, night.home, change, tables=tables)
    figures, outcomes = audited.result, audited.outcomes
    night.hold(stage, audited.held)
    if figures is not None:
        for table in (*tables, *beside):
            yield dg.MaterializeResult(asset_key=okr_key(table), metadata=_shown(night, table, **figures[table]))
    for table, found in outcomes.items():
        yield from check_results(found, asset=okr_key(table))
    for table, found in outcomes.items():
        reasons = [reason(outcome) for outcome in found if outcome.blocks]
        if reasons:
            refuse(night, table=f"okr.{table}", reasons=reasons)


def okr_assets(marts: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The result tables, downstream of ``marts``."""

    @dg.multi_asset(
        name="progress",
        specs=[_spec(table, [*marts, config_key("sources")]) for table in (*PROGRESS_TABLES, PATH)],
        check_specs=_checks(*PROGRESS_TABLES),
    )
    def progress_(night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]) -> Events:
        from pipelines.warehouse.okr.forecasts import night_forecaster, night_workers
        from pipelines.warehouse.okr.judge import evaluate_all

        stages.done("key results", "progress and forecasts", 0)

        def judge(clients: Sequence[Client]) -> Mapping[str, Mapping[str, int]]:
            report = evaluate_all(
                night.con,
                clients,
                night.clock,
                forecaster=night_forecaster(night.con, workers=night_workers()),
            )
            figures = {table: {"rows_added": report.added.get(table, 0)} for table in PROGRESS_TABLES}
            return {**figures, PATH: {"rows": report.paths}}

        yield from _audited(night, PROGRESS, PROGRESS_TABLES, judge, beside=[PATH])
        stages.done("key results", "progress and forecasts")

    @dg.multi_asset(
        name="initiatives",
        specs=[_spec("initiative_results", [*marts, okr_key("key_result_progress")])],
        check_specs=_checks("initiative_results"),
    )
    def initiatives(night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]) -> Events:
        from pipelines.warehouse.okr.forecasts import night_workers
        from pipelines.warehouse.okr.initiatives import judge_initiatives

        stages.done("key results", "initiatives", 0)

        def judge(clients: Sequence[Client]) -> Mapping[str, Mapping[str, int]]:
            results = judge_initiatives(night.con, clients, night.clock, workers=night_workers())
            return {"initiative_results": {"initiatives": len(results)}}

        yield from _audited(night, INITIATIVES, ["initiative_results"], judge)
        stages.done("key results", "initiatives")

    @dg.multi_asset(
        name="checkins",
        specs=[_spec("checkins", [config_key("clients")])],
        check_specs=[
            dg.AssetCheckSpec(
                ROWS_READ,
                asset=okr_key("checkins"),
                description="Every row of the check-in files can be used; names the others.",
            )
        ],
    )
    def checkins(night: dg.ResourceParam[Night]) -> Events:
        from pipelines.warehouse.okr.checkins import store_checkins

        now = night.clock.now()
        former = judged_before(night.con, "okr")
        read = {
            client.client: read_file(
                night.home,
                client,
                today=local_date(now, ZoneInfo(client.timezone)),
                former=former.get(client.client, ()),
            )
            for client in night.clients.clients
        }
        count = store_checkins(night.con, {client: file.checkins for client, file in read.items()}, now=now)
        faults = [fault for file in read.values() for fault in file.faults]
        yield dg.MaterializeResult(asset_key=okr_key("checkins"), metadata=_shown(night, "checkins", read=count))
        yield dg.AssetCheckResult(
            check_name=ROWS_READ,
            asset_key=okr_key("checkins"),
            passed=not faults,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(faults[:MOST_FAULTS]) or None,
            metadata={"bad_rows": len(faults), **({"faults": bullets(faults[:MOST_FAULTS])} if faults else {})},
        )

    @dg.multi_asset(
        name="scores",
        specs=[_spec("forecast_scores", [okr_key("key_result_progress"), okr_key("checkins")])],
        check_specs=_checks("forecast_scores"),
    )
    def scores(night: dg.ResourceParam[Night], stages: dg.ResourceParam[StageListener]) -> Events:
        from pipelines.warehouse.okr.forecasts import score_forecasts

        def judge(clients: Sequence[Client]) -> Mapping[str, Mapping[str, int]]:
            return {"forecast_scores": {"rows_changed": score_forecasts(night.con, clients)}}

        yield from _audited(night, SCORES, ["forecast_scores"], judge)
        stages.done("key results", "scores of past forecasts")

    return [progress_, initiatives, checkins, scores]
