"""When the night runs: 05:00 in Stockholm, summer and winter, for yesterday's partition."""

from __future__ import annotations

import dagster as dg

from pipelines.jobs import nightly

nightly_schedule = dg.build_schedule_from_partitioned_job(
    nightly,
    name="nightly_schedule",
    description="05:00 Europe/Stockholm, for yesterday",
    hour_of_day=5,
    minute_of_hour=0,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
