"""The nights before the demo's own: six weeks of counters, read one night after the other, and some nights judged.

What belongs here: which nights there were, and how far each went. What does not: the steps, which are those of every
night (``warehouse/ingest``, ``models``, ``okr``). Checks, exports and Dagster's records come with the demo's own night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from time import monotonic
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.core.protocol import Delivery
from connectors.sandbox.shop_database import write_shop_database
from connectors.sandbox.world import VirtualClock, World
from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.warehouse.checkin_files import read_file
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import Clock, fixed_clock
from pipelines.warehouse.db import Connection, connect, transaction
from pipelines.warehouse.faults import ClientFaults
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.models.runner import run_project
from pipelines.warehouse.okr.checkins import store_checkins
from pipelines.warehouse.okr.forecasts import night_forecaster, night_workers, score_forecasts
from pipelines.warehouse.okr.judge import evaluate_all
from pipelines.warehouse.opening import open_warehouse
from pipelines.warehouse.run_lock import run_lock

NIGHTS_BEFORE = 42
JUDGED = frozenset({42, 7})
"""How many nights before the demo's own everything is read and judged; on the others counters alone are read.

On the first, an objective that is over by now was still open; the one a week before is what the report compares with.
"""
COUNTERS: frozenset[Delivery] = frozenset({"snapshot"})
REST: frozenset[Delivery] = frozenset({"window", "listing"})


RUN = "demo-"
"""How the run ids of these nights begin; a date follows."""


class Sandbox(Protocol):
    """What the demo reads; it can be moved to a day."""

    def set_today(self, today: date) -> None: ...


def live_through(home: Home, server: Sandbox, today: date, environ: Mapping[str, str]) -> Iterator[str]:
    """Run the nights before ``today`` that are left, with a line for what was done: in a new home folder all of them.

    Where an earlier try was stopped it goes on, from the night that it had begun. A folder that had a night of its own
    keeps the nights that it had. A client file that can't be used is left to the night itself, which names it.
    """
    left = _nights_left(home, today)
    loaded = load_clients(home)
    if not left or not loaded.clients:
        return
    began, now = monotonic(), fixed_clock(left[0]).now()
    with run_lock(home, run_id="okr demo", now=now), closing(open_warehouse(home)) as con:
        for night in left:
            server.set_today(night)
            clock, before = fixed_clock(night), (today - night).days
            is_judged = before in JUDGED
            if is_judged:
                write_shop_database(home.root, World(clock=VirtualClock(clock.now())))
            for deliveries in (COUNTERS, REST) if is_judged else (COUNTERS,):
                _read(con, home, loaded.clients, clock=clock, deliveries=deliveries, environ=environ)
            if is_judged:
                try:
                    _judge(con, home, loaded.clients, loaded.known, clock)
                except ClientFaults as error:
                    yield f"{night}: not judged: {error}"
                yield f"{night}: {before} nights to go, {monotonic() - began:.0f} s"


def _nights_left(home: Home, today: date) -> list[date]:
    """Nights before ``today`` that are yet to be lived through, in order; none where the folder had one of its own."""
    every = [today - timedelta(days=before) for before in range(NIGHTS_BEFORE, 0, -1)]
    if not home.database.exists():
        return every
    with closing(connect(home)) as con:
        made = con.execute("select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'loads'")
        runs = con.execute("select distinct run_id from ops.loads").fetchall() if made.fetchall() else []
    if not all(run.startswith(RUN) for (run,) in runs):
        return []
    # the night that was read last may not have been read to its end; a second time it adds only what is missing
    reached = max((date.fromisoformat(run.removeprefix(RUN)) for (run,) in runs), default=date.min)
    return [night for night in every if night >= reached]


def _read(
    con: Connection,
    home: Home,
    clients: Collection[Client],
    *,
    clock: Clock,
    deliveries: Collection[Delivery],
    environ: Mapping[str, str],
) -> None:
    ingest(
        con=con,
        clients=clients,
        home=home,
        environ=environ,
        clock=clock,
        run_id=f"{RUN}{clock.now():%Y-%m-%d}",
        deliveries=deliveries,
    )


def _judge(con: Connection, home: Home, clients: Collection[Client], known: Collection[str], clock: Clock) -> None:
    """Tables and judgement of one night, in the order of the job."""
    now = clock.now()
    write_config(con, clients, now=now, known=known)
    with transaction(con):  # a commit for all tables: nobody looks at one of them alone
        run_project(con)
    with transaction(con):
        evaluate_all(con, clients, clock, forecaster=night_forecaster(con, workers=night_workers()))
    read = {
        client.client: read_file(home, client, today=local_date(now, ZoneInfo(client.timezone))).checkins
        for client in clients
    }
    store_checkins(con, read, now=now)
    with transaction(con):
        score_forecasts(con, clients)
