"""Progress, roll-up, forecasts' scores and initiatives, judged from the marts; rows are only ever added."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.assets.ingest import CONFIG_KEY, OWNERS
from pipelines.resources import Night
from pipelines.warehouse.okr_step import evaluate_all
from pipelines.warehouse.okr_tables import OKR_TABLES

GROUP = "okr"
PROGRESS_TABLES = ("key_result_items", "key_result_progress", "objective_progress")


def okr_key(table: str) -> dg.AssetKey:
    """Asset key of a result table."""
    return dg.AssetKey(["okr", table])


def okr_assets(marts: list[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The result tables, downstream of ``marts``."""

    @dg.multi_asset(
        name="progress",
        specs=[
            dg.AssetSpec(
                okr_key(table),
                group_name=GROUP,
                deps=[*marts, CONFIG_KEY],
                description=OKR_TABLES[table].meaning,
                kinds={"python", "duckdb"},
                owners=OWNERS,
                metadata={"dagster/table_name": f"okr.{table}"},
            )
            for table in PROGRESS_TABLES
        ],
    )
    def progress(night: dg.ResourceParam[Night]) -> Iterator[dg.MaterializeResult[None]]:
        report = evaluate_all(night.con, night.clients.clients, night.clock)
        for table in PROGRESS_TABLES:
            yield dg.MaterializeResult(asset_key=okr_key(table), metadata={"rows_added": report.added.get(table, 0)})

    return [progress]
