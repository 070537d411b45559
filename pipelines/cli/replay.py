"""``okr replay``: parse kept raw replies of snapshots anew, after a parsing bug was mended."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date

import click

from okr_models.client.model import Client
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window
from pipelines.cli.common import DAY, complete_client, fail, home_of, one_line
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.db import DatabaseUnusable
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import open_warehouse
from pipelines.warehouse.run_lock import RunInProgress, run_lock


@click.command(epilog="Example: okr replay --source acme/facebook --from 2026-01-01 --to 2026-01-31")
@click.option("--source", "named", required=True, metavar="[CLIENT/]SOURCE", help="Whose readings to parse anew.")
@click.option("--from", "start", type=DAY, required=True, help="First day.")
@click.option("--to", "end", type=DAY, required=True, help="Last day.")
@click.option(
    "--client", metavar="C", shell_complete=complete_client, help="The source's client, where --source does not say."
)
@click.pass_context
def replay(context: click.Context, named: str, start: date, end: date, client: str | None) -> None:
    """Parse the kept replies of followers and post counters anew, and put what they give in place of those rows.

    Nothing is asked of the vendor and no secret is needed. Days are those that a reading stands for. Figures follow
    with the next okr run. Exit 0: all parsed. 1: those named on stderr could not be, and keep their rows.
    """
    if end < start:
        raise fail(f"--to {end} is before --from {start}", code=2)
    home = home_of(context)
    owner, settings = _source(home, named, client)

    from connectors.registry import SOURCE_TYPES
    from pipelines.warehouse.ingest.replay import Replay

    run_id = f"replay-{start}-{end}"
    try:
        now = clock_from(os.environ).now()
        with run_lock(home, run_id=run_id, now=now), closing(open_warehouse(home)) as con:
            report = Replay(
                con=con,
                home=home,
                client=owner,
                settings=settings,
                kind=SOURCE_TYPES[settings.type],
                window=Window(start, end),
                now=now,
                run_id=run_id,
            ).run()
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    except (RunInProgress, DatabaseUnusable) as error:
        raise fail(one_line(error)) from error
    for line in report.failed:
        click.echo(f"okr: {one_line(ValueError(line))}", err=True)
    failed = f", {len(report.failed)} could not be" if report.failed else ""
    then = "; okr run counts with them" if report.changed else ""
    click.echo(
        f"{owner.client}/{settings.id}, {start} to {end}: {report.readings} readings parsed anew,"
        f" {report.changed} came out different{failed}{then}"
    )
    if report.failed:
        raise click.exceptions.Exit(1)


def _source(home: Home, named: str, client: str | None) -> tuple[Client, SourceSettings]:
    """The one source meant. Anything else ends the command: wrong usage."""
    before, slash, source = named.rpartition("/")
    if slash and client is not None and client != before:
        raise fail(f"--source {named} and --client {client} name two clients", code=2)
    owner = before if slash else client
    loaded = load_clients(home, only=(owner,) if owner else ())
    if loaded.unknown:
        raise fail(" ".join(loaded.unknown), code=2)
    if owner and loaded.broken:
        raise fail(" ".join(line for file in loaded.broken for line in file.errors))
    found = [(one, settings) for one in loaded.clients for settings in one.sources if settings.id == source]
    if len(found) > 1:
        raise fail(f"{len(found)} clients have a source {source}; write --source CLIENT/{source}", code=2)
    if not found:
        there = ", ".join(f"{one.client}/{settings.id}" for one in loaded.clients for settings in one.sources)
        raise fail(f"no source {named}; there are: {there or 'none'}", code=2)
    return found[0]
