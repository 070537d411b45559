"""``okr run``: the job ``nightly``, in this process, with progress on the terminal; the same code as the schedule."""

from __future__ import annotations

import os
from datetime import date

import click

from pipelines.cli.common import DAY, client_option, fail, home_of, store_of
from pipelines.cli.night import NightEnded, run_night


@click.command(
    epilog="""\b
Examples: okr --home okr-home run
          okr run --client acme --from 2026-11-01 --to 2026-11-07"""
)
@client_option
@click.option("--from", "start", type=DAY, help="Read again from this day on.")
@click.option("--to", "end", type=DAY, help="Read again to this day; default yesterday.")
@click.option("--full-refresh", is_flag=True, help="Derive every figure anew from the raw tables; gives the same.")
@click.option(
    "--clock-is-right",
    is_flag=True,
    help="Go on though the date is before the newest night's, or more than 40 days after it.",
)
@click.option("--lax-secrets", is_flag=True, help="Read secret files though everybody on this machine may read them.")
@click.option("--engine", type=click.Choice(["ray"]), help="Run shards of the clients on a Ray cluster (RAY_ADDRESS).")
@click.option("--shards", type=click.IntRange(1, 9999), help="With --engine, the first time: how many.")
@click.option("--shard", "only", type=int, multiple=True, help="With --engine: only this shard; may be given again.")
@click.pass_context
def run(  # noqa: PLR0917 - one parameter an option
    context: click.Context,
    clients: tuple[str, ...],
    start: date | None,
    end: date | None,
    full_refresh: bool,
    clock_is_right: bool,
    lax_secrets: bool,
    engine: str | None,
    shards: int | None,
    only: tuple[int, ...],
) -> None:
    """Run the night: read every source, build the figures, publish.

    Exit 0: all loaded. 3: the night finished, but the sources or client files named on stderr failed. 1: it failed.
    """
    if end is not None and start is None:
        raise fail("--to needs --from", code=2)
    if engine is not None:
        if clients:
            raise fail("--engine ray runs whole shards; --shard N is one of them", code=2)
        from pipelines.cli.run_shards import run_on_ray

        report(
            run_on_ray(
                store_of(context),
                os.environ,
                shards=shards,
                only=only,
                start=start,
                end=end,
                full_refresh=full_refresh,
                clock_is_right=clock_is_right,
                lax_secrets=lax_secrets,
            )
        )
        return
    if shards is not None or only:
        raise fail("--shards and --shard need --engine ray", code=2)
    home = home_of(context)
    if home.is_sharded:
        raise fail(f"the clients of {home.root} are in shards; okr --home {home.root} run --engine ray", code=2)
    ended = run_night(
        home,
        os.environ,
        clients=clients,
        start=start,
        end=end,
        full_refresh=full_refresh,
        clock_is_right=clock_is_right,
        lax_secrets=lax_secrets,
    )
    report(ended)


def report(ended: NightEnded) -> None:
    """Name what failed on stderr, after what else is to be said, and leave with the night's exit code."""
    for line in (*ended.notes, *ended.problems):
        click.echo(f"okr: {line}", err=True)
    if ended.exit_code:
        raise click.exceptions.Exit(ended.exit_code)
