"""``okr ledger``: undo nights that were dated wrong, and bring back results that only what is published has."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date

import click

from pipelines.cli.common import DAY, fail, home_of, one_line
from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.db import Connection, DatabaseUnusable, transaction
from pipelines.warehouse.forget import Forgotten, forget_from
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import open_warehouse
from pipelines.warehouse.publish.publish import publish
from pipelines.warehouse.run_lock import RunInProgress, run_lock
from pipelines.warehouse.takeover import take_over_results


@click.group(epilog="Example: okr --home okr-home ledger forget --from 2026-11-21")
def ledger() -> None:
    """The record of what was read when."""


@ledger.command(epilog="Example: okr --home okr-home ledger forget --from 2026-11-21")
@click.option("--from", "from_on", type=DAY, required=True, help="The first day that goes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(context: click.Context, from_on: date, yes: bool) -> None:
    """Undo every night of this day and later: what was read, counted and judged then.

    For nights that ran on a wrong date. It says what would go before anything does; counters read then can't be had
    again. What those nights read of earlier days stays. The next okr run makes the figures anew.
    """
    home = home_of(context)
    if not home.database.exists() and not home.is_sharded:
        raise fail(f"there is no {home.database}, so there is nothing to forget")
    try:
        now = clock_from(os.environ).now()
        with (
            run_lock(home, run_id=f"okr ledger forget --from {from_on}", now=now),
            closing(open_warehouse(home)) as con,
        ):
            _forget(con, home, from_on, yes=yes)
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    except (RunInProgress, DatabaseUnusable) as error:
        raise fail(one_line(error)) from error


@ledger.command("take-over", epilog="Example: okr --home okr-home ledger take-over")
@click.pass_context
def take_over(context: click.Context) -> None:
    """Bring past results back that are published and that the working database lacks.

    For a home in which an older backup of warehouse/ was put back under a newer published/.
    """
    home = home_of(context)
    if not home.published_database.exists():
        raise fail(f"nothing is published in {home.root} to take over")
    try:
        now = clock_from(os.environ).now()
        with run_lock(home, run_id="okr ledger take-over", now=now), closing(open_warehouse(home)) as con:
            count = take_over_results(con, home)
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    except (RunInProgress, DatabaseUnusable) as error:
        raise fail(one_line(error)) from error
    click.echo(f"{count} result{'' if count == 1 else 's'} taken over from published/")


def _forget(con: Connection, home: Home, from_on: date, *, yes: bool) -> None:
    with transaction(con):
        forgotten = forget_from(con, from_on)
        if forgotten.is_nothing:
            click.echo(f"nothing was read or judged on {from_on} or later")
            return
        click.echo(described(forgotten))
        # what is not wanted is undone with the transaction
        if not yes:
            click.confirm("Take it away?", abort=True, err=True)
    if home.published_database.exists():
        # results that are gone would be missed by the next night's audit
        clients = {client for (client,) in con.execute("select distinct client from ops.loads").fetchall()}
        clients |= {row[0] for row in con.execute("select distinct client from okr.key_result_progress").fetchall()}
        clients |= {row[0] for row in con.execute("select client from config.clients").fetchall()}
        publish(con, home, run_id=f"forgot-{from_on}", held=clients or {""})
    click.echo("done; the published figures are made anew by the next okr run")


def described(forgotten: Forgotten) -> str:
    """What goes, a line a table, and what stays."""
    lines = [f"Of the nights of {forgotten.from_on} and later this goes:"]
    lines += [f"  {table}: {count} row{'' if count == 1 else 's'}" for table, count in forgotten.rows.items()]
    if forgotten.redated:
        lines.append(f"{forgotten.redated} reads of earlier days stay, as read on the day before.")
    return "\n".join(lines)
