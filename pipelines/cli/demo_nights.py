"""The nights before the demo's own: six weeks of counters, read one night after the other, and some nights judged.

What belongs here: which nights there were, and how far each went. What does not: the steps, which are those of every
night (``warehouse/ingest``, ``models``, ``okr``). Checks, exports and Dagster's records come with the demo's own night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from connectors.core.protocol import Delivery
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.shop_database import write_shop_database
from connectors.sandbox.world import VirtualClock, World
from okr_models.client.model import Client
from okr_models.periods import local_date
from pipelines.warehouse.checkin_files import read_file
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import Clock, fixed_clock
from pipelines.warehouse.db import Connection, transaction
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


def live_through(home: Home, server: SandboxProcess, today: date, environ: Mapping[str, str]) -> Iterator[str]:
    """Run the nights before ``today`` in a new home folder, with a line for what was done.

    A folder that has its database keeps the nights that it had. A client file that can't be used is left to the night
    itself, which names it.
    """
    if home.database.exists():
        return
    began, first = monotonic(), today - timedelta(days=NIGHTS_BEFORE)
    loaded = load_clients(home)
    if not loaded.clients:
        return
    with run_lock(home, run_id="okr demo", now=fixed_clock(first).now()), closing(open_warehouse(home)) as con:
        for before in range(NIGHTS_BEFORE, 0, -1):
            night = today - timedelta(days=before)
            server.set_today(night)
            clock, is_judged = fixed_clock(night), before in JUDGED
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
        run_id=f"demo-{clock.now():%Y-%m-%d}",
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
