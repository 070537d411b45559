"""``okr backtest``: what the forecast would have said about the years gone by, and what came."""

from __future__ import annotations

import click

from okr_models.forecast.backtest import Comparison
from pipelines.cli.common import client_option, fail, home_of, published
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.okr.backtest import Replayed, replay_clients
from pipelines.warehouse.okr.forecasts import night_workers

HEADER = f"{'client':<20} {'kpi':<26} {'scope':<18} {'origins':>7} {'Brier':>6} {'straight':>9} {'inside':>7}"


@click.command(epilog="Example: okr --home okr-home backtest --client acme")
@client_option
@click.pass_context
def backtest(context: click.Context, clients: tuple[str, ...]) -> None:
    """Replay history: Brier score and interval coverage of the forecasts it would have made.

    Each month end with 24 closed months behind it is asked about years of twelve months, for six growth targets.
    Brier 0 is perfect and .25 a coin's; beside it the straight line's. "Inside" is the share of year totals that
    the 80 % interval held.
    """
    home = home_of(context)
    loaded = load_clients(home).clients
    known = [client.client for client in loaded]
    if unknown := sorted(set(clients) - set(known)):
        raise fail(f"no client {', '.join(unknown)} in {home.clients}; there are: {', '.join(known) or 'none'}")
    chosen = [client for client in loaded if not clients or client.client in clients]
    with published(home) as con:
        rows, everyone = replay_clients(con, chosen, workers=night_workers())
    if not rows:
        raise fail("no key result of these clients is measured by a KPI, so there is nothing to replay")
    click.echo(HEADER)
    for row in rows:
        click.echo(_line(row))
    if everyone is not None:
        click.echo(f"{'all':<20} {'':<26} {'':<18} {_figures(everyone)}")


def _line(row: Replayed) -> str:
    head = f"{row.client:<20} {row.kpi:<26} {row.scope:<18}"
    return f"{head} {_figures(row.comparison)}" if row.comparison is not None else f"{head} {row.reason}"


def _figures(found: Comparison) -> str:
    return (
        f"{found.origins:>7} {found.forecast_brier:>6.3f} {found.straight_line_brier:>9.3f}"
        f" {found.interval_coverage:>7.0%}"
    )
