"""``okr demo``: the night over the demo clients, against a sandbox server of its own."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.carried import carried, is_checkout
from pipelines.cli.common import fail, one_line
from pipelines.cli.night import run_night
from pipelines.cli.run import report
from pipelines.cli.status import status_text
from pipelines.warehouse.clock import FIXED_ZONE, TODAY_VARIABLE, clock_from
from pipelines.warehouse.db import DatabaseUnusable
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import RunInProgress

if TYPE_CHECKING:
    from connectors.sandbox.process import SandboxProcess

DEMO_TODAY = "2026-11-20"
ELSEWHERE = "okr-demo"
"""The demo's home folder outside a checkout, in the current folder; made at first use."""
CHECKINS = "avstamningar"
"""What the demo's owners said of their key results; the home folder gets a copy of its own."""


@click.command(epilog="Example: okr demo")
@click.pass_context
def demo(context: click.Context) -> None:
    """Run the night on the bundled demo clients and show what came of it."""
    chosen = context.find_root().obj
    home = Home.resolve(chosen or (str(carried("demo")) if is_checkout() else ELSEWHERE), os.environ)
    if not is_checkout():
        _copy(carried("demo"), home)
    if not home.clients.is_dir():
        raise fail(f"{home.clients} is missing; okr demo runs from a checkout of the project", code=2)
    is_demo_day = not os.environ.get(TODAY_VARIABLE)
    os.environ.setdefault(TODAY_VARIABLE, DEMO_TODAY)

    from connectors.sandbox.environment import demo_environment
    from connectors.sandbox.process import SandboxProcess
    from connectors.sandbox.shop_database import write_shop_database
    from connectors.sandbox.world import VirtualClock, World

    now = clock_from(os.environ).now()
    with SandboxProcess(now=now) as server:
        os.environ.update(demo_environment(server))
        _before(home, server, now)
        server.set_now(now)
        write_shop_database(home.root, World(clock=VirtualClock(now)))
        # the demo's own day, whatever somebody tried in its folder in between
        ended = run_night(home, os.environ, clock_is_right=is_demo_day)
    if ended.exit_code != 1:
        click.echo(status_text(home), nl=False)
        click.echo()
        for path in sorted([home.published_database, *home.exports.rglob("*")]):
            if path.is_file():
                click.echo(path)
    report(ended)


def _before(home: Home, server: SandboxProcess, now: datetime) -> None:
    """What went before the demo's night: what its owners said, and in a new folder six weeks of nights."""
    from pipelines.cli.demo_nights import live_through

    said = home.data / CHECKINS
    if said.is_dir() and not home.checkins.exists():
        shutil.copytree(said, home.checkins)
    try:
        for line in live_through(home, server, now.astimezone(FIXED_ZONE).date(), os.environ):
            click.echo(line, err=True)
    except (RunInProgress, DatabaseUnusable) as error:
        raise fail(one_line(error)) from error


def _copy(carried_demo: Path, home: Home) -> None:
    """The client files and data that the wheel carries, where the home folder has none."""
    for name in ("clients", "data"):
        if not (home.root / name).exists():
            shutil.copytree(carried_demo / name, home.root / name)
