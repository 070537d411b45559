"""``okr send``: what the client files ask to be sent and is due."""

from __future__ import annotations

import os

import click

from pipelines.cli.common import client_option, fail, home_of, one_line, published
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, clock_from


@click.command(epilog="Example: okr --home okr-home send --dry-run")
@client_option
@click.option("--dry-run", is_flag=True, help="Say what would go to whom; send nothing and note nothing.")
@click.option("--hold", "is_hold", is_flag=True, help="Stop what was previewed and has not gone to the others.")
@click.pass_context
def send(context: click.Context, clients: tuple[str, ...], dry_run: bool, is_hold: bool) -> None:
    """Send what the client files' send asks for and is due; each message once.

    The night does so too, after it has published. Exit 3: some could not be sent, and are named.
    """
    from pipelines.sending.ledger import AlreadySending
    from pipelines.sending.send import hold, send_due

    home = home_of(context)
    try:
        now = clock_from(os.environ).now()
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    loaded = load_clients(home, only=clients)
    if loaded.unknown:
        raise fail(" ".join(loaded.unknown), code=2)
    for line in (line for file in loaded.broken for line in file.errors):
        click.echo(line, err=True)
    try:
        if is_hold:
            done = hold(home, loaded.clients, now=now, dry_run=dry_run)
        else:
            with published(home) as con:
                done = send_due(con, home, loaded.clients, environ=os.environ, now=now, dry_run=dry_run)
    except AlreadySending as error:
        raise fail(one_line(error)) from error
    for each in done:
        click.echo(f"okr: {each.line}" if each.is_trouble else each.line, err=each.is_trouble)
    if not done:
        click.echo("nothing to stop" if is_hold else "nothing is due")
    if loaded.broken or any(each.is_trouble for each in done):
        raise click.exceptions.Exit(3)
