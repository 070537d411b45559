"""A run over all shards with the house's own night, exports and letters: what ``okr run`` and Dagster both start.

What belongs here: putting together what ``pipelines/shards`` is handed. What does not: the order of a run
(``pipelines/shards/engine.py``), a command's words (``pipelines/cli/run_shards.py``), assets (``sharded.py``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import date

import duckdb

from pipelines.cli.shard_night import night_of_shard
from pipelines.partitions import BadRange, checked_rerun, yesterday
from pipelines.shards.address import opened
from pipelines.shards.engine import OtherNumber, RunEnded, run_shards
from pipelines.shards.files import clients_of, folder_of
from pipelines.shards.mirror import brought, taken_back
from pipelines.shards.moving import NoSuchShard
from pipelines.shards.night import Order, Outcome
from pipelines.shards.ray_engine import NoRay, environ_of, executor
from pipelines.shards.state import Busy, LeaseLost
from pipelines.shards.store import Conflict, Missing, StoreUnavailable
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.clock_check import ClockDoubted, check_clock
from pipelines.warehouse.db import DatabaseUnusable, open_published
from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import RunInProgress


class NoClientFiles(ValueError):
    """There is no client to run for."""

    def __init__(self, *, store: str) -> None:
        super().__init__(f"no client file in {store}/clients; okr init CLIENT writes one")


FORESEEN = (
    Busy,
    LeaseLost,
    StoreUnavailable,
    Conflict,
    OtherNumber,
    NoSuchShard,
    NoRay,
    RunInProgress,
    DatabaseUnusable,
    ClockDoubted,
    BadRange,
    NoClientFiles,
    Missing,
)
"""What a run can be ended by, in one line each; what was published before stands."""
WRONG_USAGE = (NoSuchShard, BadRange, NoClientFiles)
"""Of these, what a person has to ask otherwise."""


def run_all(
    address: str,
    environ: Mapping[str, str],
    *,
    shards: int | None = None,
    only: Collection[int] = (),
    start: date | None = None,
    end: date | None = None,
    full_refresh: bool = False,
    clock_is_right: bool = False,
    lax_secrets: bool = False,
    told: Callable[[Outcome], None] = lambda _: None,
) -> RunEnded:
    """Run every shard's night (or ``only`` these), publish, send. Raises one of ``FORESEEN``, and ``BadToday``.

    What is wrong with the whole run is said before any shard begins, and is no failure of theirs.
    """
    # what draws takes a second to load
    from pipelines.assets.publish import agency_page_language

    clock = clock_from(environ)
    store = opened(address)
    root = folder_of(store)
    home = Home(root) if root is not None else brought(store, environ)
    if not clients_of(store):
        raise NoClientFiles(store=store.address)
    if start is not None:
        checked_rerun(start, end or yesterday(clock.now()), now=clock.now())
    if not clock_is_right:
        _look_at_clock(home, environ)
    order = Order(
        run_id=uuid.uuid4().hex[:12],
        environ=environ_of(environ),
        start=start,
        end=end,
        full_refresh=full_refresh,
        clock_is_right=clock_is_right,
        lax_secrets=lax_secrets,
    )
    ended = run_shards(
        store,
        home,
        order,
        execute=executor(address, night=night_of_shard, environ=environ, told=told),
        clock=clock,
        shards=shards,
        only=only,
        language=agency_page_language(),
        send=lambda home, kept: _sent(home, kept, environ=environ, lax_secrets=lax_secrets),
    )
    if root is None:
        taken_back(store, home)
    return ended


def _look_at_clock(home: Home, environ: Mapping[str, str]) -> None:
    """Raises ``ClockDoubted`` for a date that what all shards published contradicts. Else each looks at its own."""
    if not home.published_database.exists():
        return
    try:
        with closing(open_published(home)) as con:
            check_clock(con, environ, may_forget=False)
    except (DatabaseUnusable, duckdb.Error):
        return  # it is made anew


def _sent(home: Home, kept: Collection[str], *, environ: Mapping[str, str], lax_secrets: bool) -> list[str]:
    from pipelines.assets.publish import sent_now

    clients = [client for client in load_clients(home).clients if client.client not in kept]
    now = clock_from(environ).now()
    _, trouble = sent_now(home, clients, environ=environ, now=now, lax_secrets=lax_secrets)
    return [f"not sent: {line}" for line in trouble]
