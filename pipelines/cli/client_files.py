"""``okr init`` and ``okr validate``: client files."""

from __future__ import annotations

import os
import re

import click

from connectors.catalogue import SETTINGS
from okr_models.client.fields import nearest
from okr_models.client.file import AGENCY
from okr_models.client.template import client_template
from okr_models.client.warnings import client_warnings
from pipelines.cli.common import complete_client, fail, home_of
from pipelines.cli.csv_files import csv_problems, csv_warnings
from pipelines.warehouse.checkin_files import bad_rows
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.open_secrets import open_secrets

SLUG = re.compile(r"[a-z0-9_]{1,40}")


@click.command(epilog="Example: okr --home okr-home init acme")
@click.argument("client")
@click.option(
    "--suggest", is_flag=True, help="Of a client with a file and figures: write key results for the period to come."
)
@click.option("--source", "source", metavar="TYPE", help="Write an example of this type of source out, such as sql.")
@click.pass_context
def init(context: click.Context, client: str, suggest: bool, source: str | None) -> None:
    """Write a commented clients/CLIENT.yaml to fill in.

    With --suggest the file is left as it is, and exports/CLIENT/suggested_key_results.yaml has an objective to paste.
    """
    home = home_of(context)
    if suggest:
        from pipelines.cli.suggest import write_key_results

        click.echo(write_key_results(home, client))
        return
    if not SLUG.fullmatch(client) or client == AGENCY:
        raise fail(f"{client!r} can't be a client's name; use a-z, 0-9 and _, at most 40 of them", code=2)
    if source is not None and source not in SETTINGS:
        raise fail(
            f"{source!r} is not a type of source{nearest(source, SETTINGS) or ''}: {', '.join(SETTINGS)}", code=2
        )
    path = home.clients / f"{client}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(client_template(client, types=SETTINGS, shown_type=source))
    except FileExistsError as error:
        raise fail(f"{path} is there already and is left as it is", code=2) from error
    click.echo(path)


@click.command(epilog="Example: okr --home okr-home validate acme")
@click.argument("clients", nargs=-1, shell_complete=complete_client)
@click.pass_context
def validate(context: click.Context, clients: tuple[str, ...]) -> None:
    """Check client files: every error, each as file:line with what would be right.

    So are rows of checkins/CLIENT.csv that can't be used.
    """
    home = home_of(context)
    loaded = load_clients(home, only=clients)
    for sentence in loaded.unknown:
        click.echo(f"okr: {sentence}", err=True)
    if not loaded.known:
        raise fail(f"no client file in {home.clients}; okr init CLIENT writes one")
    now, has_bad_rows = clock_from(os.environ).now(), False
    for parsed in loaded.parsed:
        for warning in (*client_warnings(parsed, os.environ), *csv_warnings(parsed.client, home=home, now=now)):
            click.echo(f"warning: {warning}", err=True)
        for line in open_secrets(home, parsed.client):
            click.echo(f"warning: {line}", err=True)
        found = (*bad_rows(home, [parsed.client], now=now), *csv_problems(parsed.client, home=home, now=now))
        for line in found:
            click.echo(line, err=True)
        has_bad_rows = has_bad_rows or bool(found)
        click.echo(f"{parsed.client.client}: valid")
    for file in loaded.broken:
        for line in file.errors:
            click.echo(line, err=True)
    if loaded.broken or loaded.unknown or has_bad_rows:
        raise click.exceptions.Exit(1)
