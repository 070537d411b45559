"""A home of tiny clients with one csv file each, for nights in shards. No test lives here."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.shards.engine import RunEnded, run_shards
from pipelines.shards.night import Order, Outcome, RunNight, shard_night
from pipelines.shards.plan import Plan
from pipelines.shards.store import Store
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import Home
from tests.home import OKR

CLIENTS = ("alfa", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
NIGHT, NEXT_NIGHT = "2026-05-10", "2026-05-11"
NOT_COMPARED = frozenset({"run_id", "started_at", "finished_at", "known_at", "first_seen_at", "last_seen_at"})
"""Which run a row is of; a clock that stands still makes the instants the same, but for rows of another run."""


def write_clients(root: Path, clients: tuple[str, ...] = CLIENTS) -> Path:
    """Client files and a csv each: a day's orders and what a month counted."""
    for folder in ("clients", "data", "checkins"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for place, client in enumerate(clients, start=1):
        months = [f"2025-{month:02}" for month in range(1, 13)] + [f"2026-{month:02}" for month in range(1, 5)]
        rows = [f"{month},orders,{100 * place + 10 * number}" for number, month in enumerate(months)]
        (root / "data" / f"{client}.csv").write_text("\n".join(["month,kpi,value", *rows]) + "\n", encoding="utf-8")
        days = [f"2026-05-{day:02},calls,{place * day}" for day in range(1, 9)]
        (root / "data" / f"{client}-days.csv").write_text("\n".join(["date,kpi,value", *days]) + "\n", encoding="utf-8")
        (root / "clients" / f"{client}.yaml").write_text(yaml.safe_dump(_file_of(client), sort_keys=False), "utf-8")
    return root


def _file_of(client: str) -> dict[str, Any]:
    return {
        "client": client,
        "name": client.capitalize(),
        "language": "en",
        "sources": [
            {"id": "own", "type": "csv", "path": f"data/{client}.csv"},
            {"id": "daily", "type": "csv", "path": f"data/{client}-days.csv"},
        ],
        "kpis": [
            {"id": "orders", "title": "Orders", "kind": "flow", "unit": "orders", "source": "own"},
            {"id": "calls", "title": "Calls", "kind": "flow", "unit": "calls", "source": "daily"},
        ],
        "objectives": [
            {
                "id": "growth",
                "title": "Growth",
                "period": {"start": "2026-01-01", "end": "2026-12-31"},
                "key_results": [{"id": "orders", "title": "More orders", "kpi": "orders", "target": "+8%"}],
            }
        ],
    }


def okr(root: Path | str, *arguments: str, today: str = NIGHT, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command over ``root``, a folder or a bucket's address; both streams as text."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DAGSTER_HOME", "OKR_HOME"}}
    return subprocess.run(
        [OKR, "--home", str(root), *arguments],
        env={**kept, "OKR_TODAY": today, "COLUMNS": "200", **environ},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )


def cells(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every published table and view, its rows in order, without what tells one run from another."""
    with duckdb.connect(str((root / "published" / "okr.duckdb").resolve()), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        tables = con.execute(
            """
            select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()
            where not internal and table_name <> 'published_parts' group by all order by all
            """
        ).fetchall()
        return {table: con.execute(_query(table, columns)).fetchall() for table, columns in tables}


def _query(table: str, columns: list[str]) -> str:
    compared = ", ".join(f'"{column}"' for column in columns if column not in NOT_COMPARED)
    return f"select {compared} from {table} order by all"


@dataclass(frozen=True)
class Ended:
    exit_code: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def tiny_night(home: Home, environ: Mapping[str, str], **_options: object) -> Ended:
    """A night of a tenth of a second: each client's file read once a night, and what there is published."""
    home.warehouse.mkdir(parents=True, exist_ok=True)
    home.published.mkdir(parents=True, exist_ok=True)
    night = environ["OKR_TODAY"]
    building = home.published / f"okr-{night}.duckdb"
    building.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{home.database}' as warehouse; attach '{building}' as published")
        con.execute("create schema if not exists warehouse.raw; create schema published.marts")
        con.execute("create schema published.ops")
        con.execute("create table if not exists warehouse.raw.numbers (client varchar, night date, value integer)")
        for path in sorted(home.clients.glob("*.yaml")):
            value = len((home.data / f"{path.stem}.csv").read_text(encoding="utf-8"))
            con.execute(
                "insert into warehouse.raw.numbers select $client, cast($night as date), $value where not exists ("
                "select 1 from warehouse.raw.numbers where client = $client and night = cast($night as date))",
                {"client": path.stem, "night": night, "value": value},
            )
        con.execute(
            "create table published.marts.kpi_daily (client varchar, day date, value integer);"
            "create table published.marts.kpis (client varchar, value integer, primary key (client));"
            "create table published.ops.reads (client varchar, night date);"
            "insert into published.marts.kpi_daily select client, night, value from warehouse.raw.numbers;"
            "insert into published.marts.kpis select client, sum(value) from warehouse.raw.numbers group by 1;"
            "insert into published.ops.reads select client, night from warehouse.raw.numbers;"
            "comment on column published.marts.kpi_daily.value is 'Letters of a file'"
        )
    home.published_database.unlink(missing_ok=True)
    home.published_database.symlink_to(building.name)
    for path in home.clients.glob("*.yaml"):
        report = home.exports / path.stem / "report.html"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(f"{path.stem} on {night}", encoding="utf-8")
    return Ended()


def slow_night(home: Home, environ: Mapping[str, str], **options: object) -> Ended:
    """The same, and so long that something can be killed meanwhile."""
    time.sleep(float(environ.get("OKR_TEST_SECONDS", "1")))
    return tiny_night(home, environ, **options)


def rows_of(root: Path) -> list[tuple[str, str, int, int]]:
    """Client, night, how often it is in the published large mart, and in the small one."""
    with duckdb.connect(str((root / "published" / "okr.duckdb").resolve()), read_only=True) as con:
        return con.execute(
            """
            select client, cast(day as varchar), count(*),
                (select count(*) from marts.kpis as small where small.client = daily.client)
            from marts.kpi_daily as daily group by all order by all
            """
        ).fetchall()


def run(
    store: Store,
    root: Path,
    today: str = NIGHT,
    *,
    shards: int | None = 4,
    night: RunNight = tiny_night,
    **options: Any,
) -> RunEnded:
    """One run over all shards, one after the other in this process."""

    def execute(jobs: Sequence[tuple[int, tuple[str, ...]]], order: Order, plan: Plan) -> Iterator[Outcome]:
        for shard, clients in jobs:
            yield shard_night(
                store, shard, clients, order, night=night, owned=lambda client, own=shard: plan.shard_of(client) == own
            )

    order = Order(run_id=f"run of {today} {id(store)}", environ={"OKR_TODAY": today}, lease_seconds=1.5)
    clock = clock_from({"OKR_TODAY": today})
    return run_shards(store, Home(root), order, execute=execute, clock=clock, shards=shards, **options)
