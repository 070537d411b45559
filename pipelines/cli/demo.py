"""``okr demo``: the night over the demo clients, against a sandbox server of its own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipelines.cli.common import fail
from pipelines.cli.night import run_night
from pipelines.cli.run import report
from pipelines.cli.status import status_text
from pipelines.warehouse.clock import TODAY_VARIABLE, clock_from
from pipelines.warehouse.home import Home

DEMO_TODAY = "2026-11-20"
BUNDLED = Path(__file__).resolve().parents[2] / "demo"


@click.command(epilog="Example: okr demo")
@click.pass_context
def demo(context: click.Context) -> None:
    """Run the night on the bundled demo clients and show what came of it."""
    chosen = context.find_root().obj
    home = Home.resolve(chosen or str(BUNDLED), os.environ)
    if not home.clients.is_dir():
        raise fail(f"{home.clients} is missing; okr demo runs from a checkout of the project", code=2)
    is_demo_day = not os.environ.get(TODAY_VARIABLE)
    os.environ.setdefault(TODAY_VARIABLE, DEMO_TODAY)

    from connectors.sandbox.environment import demo_environment
    from connectors.sandbox.server import SandboxServer

    with SandboxServer(now=clock_from(os.environ).now()) as server:
        os.environ.update(demo_environment(server))
        # the demo's own day, whatever somebody tried in its folder in between
        ended = run_night(home, os.environ, clock_is_right=is_demo_day)
    if ended.exit_code != 1:
        click.echo(status_text(home), nl=False)
        click.echo()
        for path in sorted([home.published_database, *home.exports.rglob("*")]):
            if path.is_file():
                click.echo(path)
    report(ended)
