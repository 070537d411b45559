"""Progress, roll-up, initiatives and the scores of past forecasts, judged from the marts; rows are only ever added."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.assets.ingest import CONFIG_KEY, OWNERS
from pipelines.preview import preview, progress_plot, row_count
from pipelines.resources import Night
from pipelines.warehouse.forecast_step import night_forecaster, night_workers, score_forecasts
from pipelines.warehouse.initiative_step import judge_initiatives
from pipelines.warehouse.okr_step import evaluate_all
from pipelines.warehouse.okr_tables import OKR_TABLES
from pipelines.warehouse.progress import Progress

GROUP = "okr"
PROGRESS_TABLES = ("key_result_items", "key_result_progress", "objective_progress")


def okr_key(table: str) -> dg.AssetKey:
    """Asset key of a result table."""
    return dg.AssetKey(["okr", table])


def _spec(table: str, deps: list[dg.AssetKey]) -> dg.AssetSpec:
    return dg.AssetSpec(
        okr_key(table),
        group_name=GROUP,
        deps=deps,
        description=OKR_TABLES[table].meaning,
        kinds={"python", "duckdb"},
        owners=OWNERS,
        metadata={
            "dagster/table_name": f"okr.{table}",
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(c.name, c.type, c.meaning) for c in OKR_TABLES[table].columns]
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


def okr_assets(marts: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The result tables, downstream of ``marts``."""

    @dg.multi_asset(name="progress", specs=[_spec(table, [*marts, CONFIG_KEY]) for table in PROGRESS_TABLES])
    def progress_(
        night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.done("key results", "progress and forecasts", 0)
        report = evaluate_all(
            night.con,
            night.clients.clients,
            night.clock,
            forecaster=night_forecaster(night.con, workers=night_workers()),
        )
        for table in PROGRESS_TABLES:
            yield dg.MaterializeResult(
                asset_key=okr_key(table), metadata=_shown(night, table, rows_added=report.added.get(table, 0))
            )
        progress.done("key results", "progress and forecasts")

    @dg.multi_asset(name="initiatives", specs=[_spec("initiative_results", [*marts, okr_key("key_result_progress")])])
    def initiatives(night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
        progress.done("key results", "initiatives", 0)
        results = judge_initiatives(night.con, night.clients.clients, night.clock, workers=night_workers())
        progress.done("key results", "initiatives")
        return dg.MaterializeResult(metadata=_shown(night, "initiative_results", initiatives=len(results)))

    @dg.multi_asset(name="scores", specs=[_spec("forecast_scores", [okr_key("key_result_progress")])])
    def scores(night: dg.ResourceParam[Night], progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult[None]:
        changed = score_forecasts(night.con, night.clients.clients)
        progress.done("key results", "scores of past forecasts")
        return dg.MaterializeResult(metadata=_shown(night, "forecast_scores", rows_changed=changed))

    return [progress_, initiatives, scores]
