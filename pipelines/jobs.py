"""The jobs: a whole night, in process, one run at a time (docs/adr/0001-one-process-writes.md); and a door to it.

What belongs here: which job begins what. What does not: what a night does (``assets/``, ``cli/night.py``).
"""

import os
import subprocess
import sys
from collections import deque

import dagster as dg
from pydantic import Field

from pipelines.instance import dagster_home, night_instance
from pipelines.keys import PART_OF, PART_OF_VARIABLE, SOURCES_FAILED
from pipelines.warehouse.home import Home

NIGHTLY, TONIGHT = "nightly", "tonight"
NOT_ALL_WELL = 3
"""Exit code of ``okr run`` where the night ended but sources, clients or messages failed."""
OKR = "from pipelines.cli.main import main; main()"
LAST_LINES = 5

nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    description=(
        "Reads every source, builds the SQL models, judges the key results, publishes the database and the exports. "
        "Yesterday's partition, or none, is the ordinary night; a range reads those days again."
    ),
    executor_def=dg.in_process_executor,
)


class Tonight(dg.Config):
    """What a person may choose of an ordinary night."""

    clients: list[str] = Field(default=[], description="Read and judge only these clients; empty: all")


@dg.op(description="okr run in a process of its own; its lines are this step's log, its run is one of nightly's.")
def okr_run(context: dg.OpExecutionContext, config: Tonight) -> None:
    """Raises ``dagster.Failure`` with the last lines of ``okr run`` where no night came of it.

    The run says of itself what its night says: how many sources could not be read.
    """
    home = Home.resolve(None, os.environ)
    chosen = [word for client in config.clients for word in ("--client", client)]
    command = [sys.executable, "-c", OKR, "--home", str(home.root), "run", *chosen]
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(  # noqa: S603 - this program; what a person chose are words of their own, never a shell's
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, PART_OF_VARIABLE: context.run_id},
    ) as run:
        try:
            for line in run.stdout or ():
                context.log.info(line.rstrip())
                last.append(line.rstrip())
        except BaseException:
            run.terminate()  # as Ctrl-C would: okr run ends its night in order
            raise
    failed = _sources_failed(home, part_of=context.run_id)
    if failed is not None:
        context.instance.add_run_tags(context.run_id, {SOURCES_FAILED: failed})
    if run.returncode == NOT_ALL_WELL:
        context.log.warning(
            "the night is over, but not all of it went well: the lines above that begin with okr: say what"
        )
    elif run.returncode:
        raise dg.Failure(description=f"okr run ended with {run.returncode}: {' | '.join(last)}", allow_retries=False)


def _sources_failed(home: Home, *, part_of: str) -> str | None:
    """How many sources the night could not read that this run began; None where none began, or it read nothing."""
    with night_instance(dagster_home(home, os.environ)) as instance:
        runs = instance.get_runs(filters=dg.RunsFilter(job_name=NIGHTLY, tags={PART_OF: part_of}), limit=1)
    return runs[0].tags.get(SOURCES_FAILED) if runs else None


@dg.job(
    name=TONIGHT,
    description="The ordinary night, as okr run and the schedule do it, without a partition to choose.",
    executor_def=dg.in_process_executor,
)
def tonight() -> None:
    """One step: the whole night."""
    okr_run()
