"""``okr export``: the CSVs and the report again, from what is published."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from pipelines.cli.common import DAY, Place, client_option, fail, home_of, one_line, published
from pipelines.exports.all import export_all
from pipelines.exports.database import NotHandedOut, hand_out
from pipelines.exports.reader import UnknownLanguage, agency_language, readers_of
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.held_back import EXPORTS as HELD_AT_EXPORTS
from pipelines.warehouse.held_back import held_back
from pipelines.warehouse.home import Home


@click.command(epilog="Example: okr --home okr-home export --client acme --audience board --out for-the-board")
@client_option
@click.option("--out", type=Place(), help="Write here instead of the home folder's exports/.")
@click.option("--as-of", type=DAY, help="As it was known that day.")
@click.option("--audience", type=click.Choice(["board", "team"]), help="board leaves out the key results' detail.")
@click.option(
    "--database",
    type=Place(is_file=True),
    help="Write the published tables of one client into this file instead, to hand out.",
)
@click.pass_context
def export(  # noqa: PLR0917 - one parameter an option
    context: click.Context,
    clients: tuple[str, ...],
    out: Path | None,
    as_of: date | None,
    audience: str | None,
    database: Path | None,
) -> None:
    """Write the CSVs and the report again."""
    home = home_of(context)
    if database is not None:
        if len(clients) != 1 or out or as_of or audience:
            raise fail("--database takes one --client and no other option", code=2)
        _hand_out(home, clients[0], database)
        return
    try:
        language = agency_language(os.environ)
    except UnknownLanguage as error:
        raise fail(one_line(error)) from error
    with published(home) as con:
        loaded = load_clients(home).clients
        known = [reader.client for reader in readers_of(con, loaded)]
        if unknown := sorted(set(clients) - set(known)):
            raise fail(f"nothing is known of {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")
        # whose files alone could not be written has figures of tonight for them
        held = {each.client: each.reason for each in held_back(home) if each.stage != HELD_AT_EXPORTS}
        failed: dict[str, str] = {}
        written = export_all(
            con,
            out or home.exports,
            clients=loaded,
            only=clients,
            as_of=as_of,
            audience="board" if audience == "board" else None,
            board_apart=out is None,
            held=held if out is None else None,
            on_fault=lambda client, error: failed.update({client: one_line(error)}),
            language=language,
            root=home.root,
        )
    for path in written:
        click.echo(path)
    if failed and not written and len(set(failed.values())) == 1:
        raise fail(f"nothing was exported: {next(iter(failed.values()))}")
    for client, reason in failed.items():
        click.echo(f"okr: {client}: {reason}; its files are as they were", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def _hand_out(home: Home, client: str, target: Path) -> None:
    with published(home) as con:
        known = [reader.client for reader in readers_of(con, load_clients(home).clients)]
    if client not in known:
        raise fail(f"nothing is known of {client}; there are: {', '.join(known) or 'none'}")
    try:
        hand_out(home.published_database.resolve(), client, target)
    except NotHandedOut as error:
        raise fail(one_line(error)) from error
    click.echo(target)
