"""``okr ui``: Dagster's own UI and daemon over one home folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from pipelines.carried import carried
from pipelines.cli.common import fail, home_of, one_line
from pipelines.instance import DagsterFolderUnusable, dagster_home

SHARDED = "pipelines.sharded_definitions"


@click.command(epilog="Example: okr --home okr-home ui --port 3001")
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True, help="Port to listen on.")
@click.option(
    "--part",
    type=click.Choice(["webserver", "daemon"]),
    help="Only this one, where each is a service of its own; default both.",
)
@click.pass_context
def ui(context: click.Context, port: int, part: str | None) -> None:
    """Open Dagster: lineage, reruns, and the nightly schedule while it runs."""
    home = home_of(context)
    workspace = carried("workspace.yaml")
    if not workspace.exists():
        raise fail(f"{workspace} is missing; install the project again")
    try:
        folder = dagster_home(home, os.environ)
    except DagsterFolderUnusable as error:
        raise fail(one_line(error)) from error
    environ = {**os.environ, "OKR_HOME": str(home.root), "DAGSTER_HOME": str(folder)}
    # the nights of a home in shards are jobs of their own
    location = ["-m", SHARDED] if home.is_sharded else ["-w", str(workspace)]
    name, arguments = {
        "webserver": ("dagster-webserver", [*location, "-p", str(port)]),
        "daemon": ("dagster-daemon", ["run", *location]),
        None: ("dagster", ["dev", *location, "-p", str(port)]),
    }[part]
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    os.chdir(workspace.parent)
    os.execvpe(command[0], command, environ)  # noqa: S606 - a fixed program of this environment, no shell
