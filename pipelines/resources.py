"""What a run needs from outside, as thin Dagster resources that give plain objects.

What belongs here: wiring. What does not: logic; the lock, the clock, the home folder and the database are the
warehouse's own.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import dagster as dg
import duckdb
from pydantic import Field

from okr_models.client.model import Client
from pipelines.old_runs import forget_old_runs
from pipelines.warehouse.checks.bulkheads import Blame
from pipelines.warehouse.clients import LoadedClients, load_clients
from pipelines.warehouse.clock import Clock, clock_from
from pipelines.warehouse.clock_check import check_clock
from pipelines.warehouse.db import connect
from pipelines.warehouse.held_back import HeldBack, Reason
from pipelines.warehouse.home import Home
from pipelines.warehouse.opening import make_ready, prepare
from pipelines.warehouse.run_lock import run_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One run over one home folder. ``con`` is the only connection that writes to the working database."""

    home: Home
    clock: Clock
    environ: Mapping[str, str]
    con: duckdb.DuckDBPyConnection
    clients: LoadedClients
    run_id: str
    full_refresh: bool = False
    """Make incremental models anew, as if nothing had been derived before."""
    lax_secrets: bool = False
    """Read secret files that everybody on the machine may read."""
    sends: bool = True
    """Send what is due. Of a shard's night the run over all shards does it, once."""

    @property
    def held(self) -> HeldBack:
        """The record of clients that are held back, as this run writes it."""
        return HeldBack(home=self.home, run_id=self.run_id, now=self.clock.now())

    def every_client(self) -> LoadedClients:
        """All client files, where the run was asked for some."""
        chosen = {each.client for each in self.clients.clients} | {file.client for file in self.clients.broken}
        return self.clients if self.clients.known <= chosen else load_clients(self.home)

    def not_chosen(self) -> tuple[Client, ...]:
        """Clients that have a file and were not asked for: what is known of them is none of this run."""
        chosen = {each.client for each in self.clients.clients}
        return tuple(each for each in self.every_client().clients if each.client not in chosen)

    def hold(self, stage: str, blames: Mapping[str, Blame]) -> None:
        """Note the clients that a stage holds back, none of them included, with where in their files it is."""
        reasons = {
            client: Reason(text=blame.text, place=self.clients.place(client, blame.part))
            for client, blame in blames.items()
        }
        self.held.note(stage, reasons)


class NoClients(RuntimeError):
    """There is no client to run for: nothing is opened or written."""


@contextmanager
def opened_night(
    home: Home,
    *,
    run_id: str,
    clients: Sequence[str] = (),
    full_refresh: bool = False,
    clock_is_right: bool = False,
    lax_secrets: bool = False,
    locked: bool = False,
    sends: bool = True,
    instance: dg.DagsterInstance | None = None,
) -> Generator[Night, None, None]:
    """A home folder for one run: the run lock unless the caller holds it (``locked``), the client files, the database.

    Raises ``NoClients`` before anything is made in the folder; whether there may be none a caller with the lock knows.
    """
    environ = dict(os.environ)
    clock = clock_from(environ)
    loaded = load_clients(home, only=tuple(clients))
    if loaded.unknown:
        raise NoClients(" ".join(loaded.unknown))
    if not loaded.known and not locked:
        raise NoClients(f"no client file in {home.clients}; OKR_HOME names the home folder, okr init CLIENT writes one")
    with nullcontext() if locked else run_lock(home, run_id=run_id, now=clock.now()):
        prepare(home)
        con = connect(home)
        try:
            if (taken := make_ready(con, home)) is not None:
                dg.get_dagster_logger().warning(str(taken))
            if not clock_is_right:
                check_clock(con, environ)
            yield Night(
                home=home,
                clock=clock,
                environ=environ,
                con=con,
                clients=loaded,
                run_id=run_id,
                full_refresh=full_refresh,
                lax_secrets=lax_secrets,
                sends=sends,
            )
        finally:
            con.close()
            _forget_old_runs(instance, run_id, environ)


class NightResource(dg.ConfigurableResource[Night]):
    """The home folder that OKR_HOME names, for one run: what the launchpad shows is what a person may choose."""

    clients: list[str] = Field(default=[], description="Read and judge only these clients; empty: all")
    full_refresh: bool = Field(
        default=False, description="Derive all tables of the SQL models anew; raw tables and results are never touched"
    )
    clock_is_right: bool = Field(
        default=False, description="Go on with a date before the ledger's newest row, or long after it"
    )
    lax_secrets: bool = Field(
        default=False, description="Read secret files though everybody on the machine may read them"
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Night, None, None]:
        with opened_night(
            Home.resolve(None, os.environ),
            run_id=_run_id(context),
            clients=self.clients,
            full_refresh=self.full_refresh,
            clock_is_right=self.clock_is_right,
            lax_secrets=self.lax_secrets,
            instance=context.instance,
        ) as night:
            yield night


def night_of(
    home: Home, *, clients: Sequence[str], full_refresh: bool, lax_secrets: bool = False, sends: bool = True
) -> dg.ResourceDefinition:
    """The same for a caller that holds the home folder's run lock and has looked at the clock: ``okr run``."""

    def opened(context: dg.InitResourceContext) -> Generator[Night, None, None]:
        with opened_night(
            home,
            run_id=_run_id(context),
            clients=clients,
            full_refresh=full_refresh,
            clock_is_right=True,
            lax_secrets=lax_secrets,
            locked=True,
            sends=sends,
            instance=context.instance,
        ) as night:
            yield night

    return dg.ResourceDefinition(resource_fn=opened)


def _run_id(context: dg.InitResourceContext) -> str:
    return context.run.run_id if context.run else "no-run"


def _forget_old_runs(instance: dg.DagsterInstance | None, run_id: str, environ: Mapping[str, str]) -> None:
    """After all that a figure rests on, which a record that can't be pruned must not cost."""
    try:
        if instance is not None:
            forget_old_runs(instance, run_id=run_id, environ=environ)
    except Exception as error:  # noqa: BLE001 - Dagster's own records: said, and tried again the next night
        dg.get_dagster_logger().warning(f"old runs were not pruned: {error}")
