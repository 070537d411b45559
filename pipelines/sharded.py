"""Dagster's control over a home in shards: one job, a partition a day, each shard's outcome as metadata and checks.

What belongs here: the one asset and its job. What does not: what a run does (``shards_run.py``). A client is never a
partition, and a shard is none: which to run again is asked in the launchpad.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import dagster as dg
from pydantic import Field

from pipelines.keys import OWNERS
from pipelines.markdown import markdown_table
from pipelines.partitions import EVERY_MORNING, nights, rerun_of
from pipelines.preview import bullets
from pipelines.shards.engine import RunEnded
from pipelines.shards.night import Outcome
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import HOME_VARIABLE

NIGHT = dg.AssetKey(["shards", "night"])
RAN, WHOLE = "every_shard_ran", "nothing_failed_in_a_shard"
MEGABYTE = 1024 * 1024


class ShardsConfig(dg.Config):
    """What the launchpad asks."""

    shards: list[int] = Field(default_factory=list, description="Only these shards; empty: all")
    full_refresh: bool = Field(default=False, description="Make incremental models anew")
    clock_is_right: bool = Field(default=False, description="Go on with a date before the ledger's newest row")
    lax_secrets: bool = Field(default=False, description="Read secret files that everybody on the machine may read")


class ShardsRun:
    """Runs shards: ``run_all`` over the home that OKR_HOME names, a folder or a bucket."""

    def run(self, **options: Any) -> RunEnded:
        """What came of it; raises ``dg.Failure`` in words."""
        # Ray is loaded where it is used
        from pipelines.shards_run import FORESEEN, run_all

        try:
            return run_all(os.environ.get(HOME_VARIABLE) or ".", os.environ, **options)
        except FORESEEN as error:
            raise dg.Failure(str(error)) from error
        except click.exceptions.Exit as error:
            raise dg.Failure("the run ended; its log says why") from error


def _table(outcomes: Sequence[Outcome]) -> dg.MetadataValue[Any]:
    rows: list[Mapping[str, object]] = [
        {
            "shard": each.shard,
            "ended": each.kind if each.exit_code != 1 else "failed",
            "clients": len(each.clients),
            "seconds": round(each.seconds, 1),
            "processor": round(each.processor_seconds, 1),
            "megabytes": each.peak_bytes // MEGABYTE,
            "on": each.where,
        }
        for each in outcomes
    ]
    return dg.MetadataValue.md(markdown_table(rows))


@dg.asset(
    key=NIGHT,
    group_name="shards",
    partitions_def=nights,
    check_specs=[
        dg.AssetCheckSpec(RAN, asset=NIGHT, description="Every shard made a new version; names those that did not."),
        dg.AssetCheckSpec(WHOLE, asset=NIGHT, description="Nothing failed inside a shard; says what did."),
    ],
    kinds={"duckdb", "ray"},
    owners=OWNERS,
    freshness_policy=EVERY_MORNING,
    description="The night of every shard on Ray, and what they published as one database.",
)
def shards_night(
    context: dg.AssetExecutionContext, config: ShardsConfig, shards_run: dg.ResourceParam[ShardsRun]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    window = rerun_of(context, now=clock_from(os.environ).now())
    ended = shards_run.run(
        only=config.shards,
        start=window.start if window else None,
        end=window.end if window else None,
        full_refresh=config.full_refresh,
        clock_is_right=config.clock_is_right,
        lax_secrets=config.lax_secrets,
    )
    failed = [each for each in ended.outcomes if each.exit_code == 1]
    if ended.outcomes and len(failed) == len(ended.outcomes):
        raise dg.Failure("no shard made a new version", metadata={"problems": bullets(list(ended.problems))})
    yield dg.MaterializeResult(
        metadata={
            "shards": len(ended.outcomes),
            "clients": sum(len(each.clients) for each in ended.outcomes),
            "processor_seconds": sum(each.processor_seconds for each in ended.outcomes),
            "outcomes": _table(ended.outcomes),
            **({"published": dg.MetadataValue.path(ended.published)} if ended.published else {}),
        }
    )
    yield dg.AssetCheckResult(
        check_name=RAN,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"shards {', '.join(str(each.shard) for each in failed)} failed" if failed else None,
        metadata={"failed": [each.shard for each in failed]},
    )
    yield dg.AssetCheckResult(
        check_name=WHOLE,
        passed=not ended.problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(ended.problems) or None,
        metadata={"problems": len(ended.problems)},
    )


nightly_shards = dg.define_asset_job(
    "nightly_shards",
    selection=dg.AssetSelection.assets(NIGHT),
    description="The night of every shard. In the launchpad, shards: [3] runs one again.",
    executor_def=dg.in_process_executor,
)
nightly_shards_schedule = dg.build_schedule_from_partitioned_job(
    nightly_shards,
    name="nightly_shards_schedule",
    description="05:00 Europe/Stockholm, for yesterday",
    hour_of_day=5,
    minute_of_hour=0,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def build_sharded_defs(*, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions of a home in shards; ``resource_overrides`` replaces ``shards_run``."""
    return dg.Definitions(
        assets=[shards_night],
        jobs=[nightly_shards],
        schedules=[nightly_shards_schedule],
        executor=dg.in_process_executor,
        resources={"shards_run": ShardsRun(), **(resource_overrides or {})},
    )
