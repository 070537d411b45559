"""``okr suggest``: which target is realistic, from the client's own months."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from okr_models.client.fields import FIRST_YEAR, LAST_YEAR
from okr_models.client.model import Client, Period, fiscal_year
from okr_models.kpis import BUILT_IN
from okr_models.periods import local_date, month_end, month_start
from pipelines.cli.common import complete_client, fail, home_of, published
from pipelines.exports.all import folder_name
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import Home

if TYPE_CHECKING:
    from pipelines.exports.suggest import Suggestion

PAGE = "suggest.html"
KEY_RESULTS = "suggested_key_results.yaml"


@click.command(epilog="Example: okr suggest acme --kpi followers --period FY2027")
@click.argument("client", shell_complete=complete_client)
@click.option("--kpi", "kpis", multiple=True, metavar="K", help="This KPI; default: those of the key results.")
@click.option("--period", metavar="FY2027|FROM..TO", help="Default: the fiscal year to come.")
@click.pass_context
def suggest(context: click.Context, client: str, kpis: tuple[str, ...], period: str | None) -> None:
    """Say which target is realistic: how likely each is, from the client's own months.

    Also writes the curves to exports/CLIENT/suggest.html. Exit 1: nothing honest can be said of any.
    """
    home = home_of(context)
    file, wanted, found = _found(home, client, kpis=kpis, period=period)
    from okr_models.suggest.outlook import Outlook
    from pipelines.exports import suggest as suggest_page

    click.echo(suggest_page.as_text(found, file, wanted), nl=False)
    page = suggest_page.write_suggest_page(found, file, wanted, home.exports / folder_name(client) / PAGE)
    if not any(isinstance(each.found, Outlook) for each in found):
        raise click.exceptions.Exit(1)
    click.echo(page)


def write_key_results(home: Home, client: str) -> Path:
    """An objective with key results for the fiscal year to come, to be pasted into the client's file."""
    from pipelines.exports import suggest as suggest_page
    from pipelines.leftovers import write_whole

    file, wanted, found = _found(home, client)
    path = home.exports / folder_name(client) / KEY_RESULTS
    return write_whole(path, suggest_page.as_yaml(found, file, wanted).encode())


def _found(
    home: Home, client: str, *, kpis: tuple[str, ...] = (), period: str | None = None
) -> tuple[Client, Period, tuple[Suggestion, ...]]:
    """The client's file, the period, and what can be said of it."""
    from pipelines.exports import suggest as suggest_page

    loaded = load_clients(home, only=[client])
    if loaded.unknown or not loaded.clients:
        raise fail(" ".join(loaded.unknown) or f"clients/{client}.yaml can't be read; okr validate {client} says why")
    file = loaded.clients[0]
    if unknown := [kpi for kpi in kpis if kpi not in BUILT_IN and kpi not in {each.id for each in file.kpis}]:
        raise fail(f"{unknown[0]!r} is no KPI of {client}; marts.kpis has them")
    as_of = local_date(clock_from(os.environ).now(), ZoneInfo(file.timezone))
    wanted = _period(period, file) if period is not None else suggest_page.next_period(file, as_of=as_of)
    with published(home) as con:
        found = suggest_page.suggestions(con, file, wanted, kpis=kpis, as_of=as_of)
    return file, wanted, found


def _period(text: str, client: Client) -> Period:
    """``FY2027``, or ``2027-01..2027-06``."""
    named = text.strip().upper()
    if named.startswith("FY") and named[2:].isascii() and named[2:].isdigit() and len(named) == 6:
        year = int(named[2:])
        if FIRST_YEAR <= year < LAST_YEAR - 1:
            return fiscal_year(year, first_month=client.fiscal_year_start)
    first, _, last = text.partition("..")
    try:
        start, end = (date.fromisoformat(each if len(each) > 7 else f"{each}-01") for each in (first, last))
        return Period(start=month_start(start), end=month_end(end))
    except ValueError:
        raise fail(f"{text!r} is not a period; write FY2027, or 2027-01..2027-06") from None
