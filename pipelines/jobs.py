"""The one job: a whole night, in process, one run at a time (docs/adr/0001-one-process-writes.md)."""

from __future__ import annotations

import dagster as dg

NIGHTLY = "nightly"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description=(
        "Reads every source, builds the SQL models, judges the key results, publishes the database and the exports. "
        "Yesterday's partition, or none, is the ordinary night; a range reads those days again."
    ),
    executor_def=dg.in_process_executor,
)
