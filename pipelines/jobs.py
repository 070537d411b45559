"""The jobs: a whole night, in process, one run at a time (docs/adr/0001-one-process-writes.md); and a door to it.

What belongs here: which job begins what. What does not: what a night does (``assets/``, ``cli/night.py``).
"""

import os
import subprocess
import sys
from collections import deque

import dagster as dg
from pydantic import Field

from pipelines.keys import SOURCES_FAILED
from pipelines.warehouse.home import Home

NIGHTLY, TONIGHT = "nightly", "tonight"
NOT_ALL_READ = 3
"""Exit code of ``okr run`` where the night ended but sources or clients failed."""
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
    """Raises ``dagster.Failure`` with the last lines of ``okr run`` where no night came of it."""
    home = Home.resolve(None, os.environ)
    chosen = [word for client in config.clients for word in ("--client", client)]
    command = [sys.executable, "-c", OKR, "--home", str(home.root), "run", *chosen]
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(  # noqa: S603 - this program; what a person chose are words of their own, never a shell's
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as run:
        try:
            for line in run.stdout or ():
                context.log.info(line.rstrip())
                last.append(line.rstrip())
        except BaseException:
            run.terminate()  # as Ctrl-C would: okr run ends its night in order
            raise
    if run.returncode == NOT_ALL_READ:
        context.log.warning("the night is published, but not all of it was read: okr status names what is missing")
        context.instance.add_run_tags(context.run_id, {SOURCES_FAILED: "some"})
    elif run.returncode:
        raise dg.Failure(description=f"okr run ended with {run.returncode}: {' | '.join(last)}", allow_retries=False)


@dg.job(
    name=TONIGHT,
    description="The ordinary night, as okr run and the schedule do it, without a partition to choose.",
    executor_def=dg.in_process_executor,
)
def tonight() -> None:
    """One step: the whole night."""
    okr_run()
