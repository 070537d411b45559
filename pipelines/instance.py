"""Dagster's own folder inside a home folder, and its settings.

What belongs here: ``dagster.yaml`` and where it lies. What does not: jobs and assets. Loads no dagster.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipelines.warehouse.home import Home

DAGSTER_YAML = """\
# Written once by okr; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false                # no sign-up window over the first page
concurrency:
  runs:
    max_concurrent_runs: 1      # one process writes to the warehouse (docs/adr/0001-one-process-writes.md)
run_retries:
  enabled: true
  max_retries: 2                # a crashed worker, not a failed asset: the next night heals that by itself
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
"""

NO_OUTPUT_KEPT = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",  # as Dagster's own settings name it
        "class": "NoOpComputeLogManager",
    }
}
"""For a night in the foreground: its output goes to who started it, not by way of files that four helpers follow."""


def dagster_home(home: Home, environ: Mapping[str, str]) -> Path:
    """DAGSTER_HOME where it is set, else ``dagster/`` in the home folder, with a ``dagster.yaml`` made at first use."""
    folder = home.dagster(environ)
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        settings.write_text(DAGSTER_YAML, encoding="utf-8")
    return folder
