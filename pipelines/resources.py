"""What a run needs from outside, as thin Dagster resources that give plain objects.

What belongs here: wiring. What does not: logic; the lock, the clock, the home folder and the database are the
warehouse's own.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import dagster as dg
import duckdb
from pydantic import Field

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

    @property
    def held(self) -> HeldBack:
        """The record of clients that are held back, as this run writes it."""
        return HeldBack(home=self.home, run_id=self.run_id, now=self.clock.now())

    def hold(self, stage: str, blames: Mapping[str, Blame]) -> None:
        """Note the clients that a stage holds back, none of them included, with where in their files it is."""
        reasons = {
            client: Reason(text=blame.text, place=self.clients.place(client, blame.part))
            for client, blame in blames.items()
        }
        self.held.note(stage, reasons)


class NightResource(dg.ConfigurableResource[Night]):
    """Opens the home folder for one run: takes the run lock, reads the client files, connects to the database."""

    home: str = Field(default="", description="Home folder; empty: OKR_HOME, else the current folder")
    clients: list[str] = Field(default=[], description="Read and judge only these clients; empty: all")
    full_refresh: bool = Field(
        default=False, description="Derive all tables of the SQL models anew; raw tables and results are never touched"
    )
    holds_lock: bool = Field(default=False, description="The caller already holds the home folder's run lock")
    clock_is_right: bool = Field(
        default=False, description="Go on with a date before the ledger's newest row, or long after it"
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Night, None, None]:
        environ = dict(os.environ)
        home = Home.resolve(self.home or None, environ)
        clock = clock_from(environ)
        run = context.run
        run_id = run.run_id if run else "no-run"
        lock = nullcontext() if self.holds_lock else run_lock(home, run_id=run_id, now=clock.now())
        with lock:
            prepare(home)
            con = connect(home)
            try:
                if (taken := make_ready(con, home)) is not None:
                    dg.get_dagster_logger().warning(str(taken))
                if not self.clock_is_right:
                    check_clock(con, environ)
                yield Night(
                    home=home,
                    clock=clock,
                    environ=environ,
                    con=con,
                    clients=load_clients(home, only=tuple(self.clients)),
                    run_id=run_id,
                    full_refresh=self.full_refresh,
                )
            finally:
                con.close()
                _forget_old_runs(context.instance, run_id, environ)


def _forget_old_runs(instance: dg.DagsterInstance | None, run_id: str, environ: Mapping[str, str]) -> None:
    """After all that a figure rests on, which a record that can't be pruned must not cost."""
    try:
        if instance is not None:
            forget_old_runs(instance, run_id=run_id, environ=environ)
    except Exception as error:  # noqa: BLE001 - Dagster's own records: said, and tried again the next night
        dg.get_dagster_logger().warning(f"old runs were not pruned: {error}")
