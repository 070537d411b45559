"""The night as a job, in process, one run at a time (docs/adr/0001-one-process-writes.md), and the door to it.

``nightly`` is the work, of a partition or of a range of them. ``tonight`` is for a person in the UI: no partition to
choose, the same night that ``okr run`` runs.
"""

import os

import click
import dagster as dg

from pipelines.warehouse.home import Home

NIGHTLY, TONIGHT = "nightly", "tonight"

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description=(
        "Reads every source, builds the SQL models, judges the key results, publishes the database and the exports. "
        "Yesterday's partition, or none, is the ordinary night; a range reads those days again."
    ),
    executor_def=dg.in_process_executor,
)


class NightFailed(RuntimeError):
    """The night ended without publishing; what was published before still stands."""


@dg.op(description="Runs the job nightly in this process, for yesterday; it has a run of its own among that job's.")
def run_the_night(context: dg.OpExecutionContext) -> None:
    """Raises ``NightFailed``. What failed of a night that was published is a warning in this run's log."""
    # the command is loaded where it is used, as it loads the graph that this job is part of
    from pipelines.cli.night import run_night

    try:
        ended = run_night(Home.resolve(None, os.environ), os.environ)
    except click.exceptions.Exit as error:
        # said in a line on stderr, where the command says it too: another run goes on, no client file, a wrong date
        raise NightFailed(f"the night was refused with {error.exit_code}; the step's stderr says why") from error
    for problem in ended.problems:
        context.log.warning(problem)
    if ended.exit_code == 1:
        raise NightFailed("; ".join(ended.problems))


@dg.job(
    name=TONIGHT,
    description="The ordinary night, without a partition to choose: what okr run does.",
    executor_def=dg.in_process_executor,
    resource_defs={"io_manager": dg.mem_io_manager},
)
def tonight() -> None:
    """One step."""
    run_the_night()
