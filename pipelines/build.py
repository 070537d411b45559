"""The one place where the graph is assembled, the same for production, tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipelines.assets.config import client_files, ledger_table
from pipelines.assets.ingest import ingest_sources, snapshots
from pipelines.assets.models import model_assets
from pipelines.assets.okr import okr_assets
from pipelines.assets.publish import publish_assets
from pipelines.checks import access_lasts
from pipelines.jobs import nightly, tonight
from pipelines.partitions import EVERY_MORNING
from pipelines.resources import NightResource
from pipelines.schedules import nightly_schedule
from pipelines.sensors import tell_of_failures, tell_of_warnings
from pipelines.warehouse.ingest.stages import Unwatched


def build_defs(*, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; ``resource_overrides`` replaces ``night`` or ``stages``."""
    models = model_assets()
    marts = [key for asset in models for key in sorted(asset.keys) if key.path[0] == "marts"]
    judged = okr_assets(marts)
    results = [key for asset in judged for key in asset.keys]
    begun = [snapshots, ingest_sources, ledger_table, client_files]
    assets = [*begun, *models, *judged, *publish_assets([*marts, *sorted(results)])]
    return dg.Definitions(
        assets=dg.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, EVERY_MORNING), assets),
        asset_checks=[access_lasts],
        jobs=[nightly, tonight],
        schedules=[nightly_schedule],
        sensors=[tell_of_warnings, tell_of_failures],
        executor=dg.in_process_executor,  # by hand too: only one process can hold the home folder's lock
        resources={"night": NightResource(), "stages": Unwatched(), **(resource_overrides or {})},
    )
