"""``okr run --engine ray``: the nights of all shards, what each came to, and what is published of all together.

What belongs here: the command's words. What does not: Ray (``pipelines/shards/ray_engine.py``) and the order of a run
(``pipelines/shards/engine.py``).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date

import click

from pipelines.cli.common import fail, one_line
from pipelines.cli.night import NightEnded
from pipelines.cli.shard_night import night_of_shard
from pipelines.shards.engine import OtherNumber, RunEnded, run_shards
from pipelines.shards.files import folder_of
from pipelines.shards.mirror import brought, taken_back
from pipelines.shards.night import Order, Outcome
from pipelines.shards.ray_engine import NoRay, environ_of, executor
from pipelines.shards.state import Busy, LeaseLost
from pipelines.shards.store import Conflict, StoreUnavailable, opened
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import BadToday, clock_from
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import RunInProgress

MEGABYTE = 1024 * 1024


def run_on_ray(
    address: str,
    environ: Mapping[str, str],
    *,
    shards: int | None = None,
    only: Collection[int] = (),
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
) -> NightEnded:
    """Run every shard's night and publish; a line a shard on stdout. What is foreseen ends the command in words."""
    ended = shards_ended(
        address,
        environ,
        shards=shards,
        only=only,
        start=start,
        end=end,
        full_refresh=full_refresh,
        clock_is_right=clock_is_right,
    )
    return NightEnded(ended.exit_code, ended.problems)


def shards_ended(
    address: str,
    environ: Mapping[str, str],
    *,
    shards: int | None = None,
    only: Collection[int] = (),
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
) -> RunEnded:
    """The same with what became of each shard."""
    from pipelines.assets.publish import agency_page_language

    try:
        clock = clock_from(environ)
    except BadToday as error:
        raise fail(one_line(error), code=2) from error
    try:
        store = opened(address)
        root = folder_of(store)
        home = Home(root) if root is not None else brought(store, environ)
        order = Order(
            run_id=uuid.uuid4().hex[:12],
            environ=environ_of(environ),
            start=start,
            end=end,
            full_refresh=full_refresh,
            clock_is_right=clock_is_right,
        )
        ended = run_shards(
            store,
            home,
            order,
            execute=executor(address, night=night_of_shard, environ=environ, told=_tell),
            clock=clock,
            shards=shards,
            only=only,
            language=agency_page_language(),
            send=lambda home, kept: _sent(home, kept, environ=environ),
        )
        if root is None:
            taken_back(store, home)
        return ended
    except (Busy, LeaseLost, StoreUnavailable, Conflict, OtherNumber, NoRay, RunInProgress) as error:
        raise fail(one_line(error)) from error


def _tell(outcome: Outcome) -> None:
    what = "done" if outcome.exit_code == 0 else "done, with failures" if outcome.exit_code != 1 else "FAILED"
    click.echo(
        f"shard {outcome.shard}: {what}; {len(outcome.clients)} clients, {outcome.seconds:.1f} s,"
        f" {outcome.processor_seconds:.1f} s of processor, {outcome.peak_bytes / MEGABYTE:.0f} MB, on {outcome.where}"
    )


def _sent(home: Home, kept: Collection[str], *, environ: Mapping[str, str]) -> list[str]:
    from pipelines.assets.publish import sent_now

    clients = [client for client in load_clients(home).clients if client.client not in kept]
    return [f"not sent: {line}" for line in sent_now(home, clients, environ=environ, now=clock_from(environ).now())[1]]
