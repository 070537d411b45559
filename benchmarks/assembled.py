"""The night as a good engineer would assemble it from public parts: dlt fed Arrow tables, dbt Core v2, Dagster.

Runs in ``.venv-bench``: a Dagster asset a source, each of which runs a dlt pipeline of that source's tables of every
client, merged by their keys into DuckDB, and notes in a ledger what was read; then an asset that builds the SQL models
and their data tests with ``dbt build`` as a process. Run in this process, runs and events kept in Dagster's SQLite as
by default. The first night reads everything, each later one the days that a source may still restate. It neither
judges key results nor publishes nor writes reports, and ``config`` is filled for it by who calls it. What does not
belong here: requests (``dlt_requests.py``), the comparison (``whole_night.py``).

    python assembled.py ASKED.JSON FOLDER first|next DBT
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import dlt
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from dbt_command import Dbt, environment
from dlt_requests import plausible, searches, slices
from ingest_asked import Asked
from ingest_dlt import FRESH_DAYS, SETTLED_DAYS, search_table, web_table

LOOKBACK = {"web": timedelta(days=SETTLED_DAYS + 1), "search": timedelta(days=11)}
VISITORS = "Plausible visitors: no cookie and a new salt each day, so a person counts once for each day of visit"


@dataclass(frozen=True, slots=True)
class Read:
    """What one table is asked for tonight, of one client."""

    asked: Asked
    client: str
    first: date
    last: date

    def is_final(self, day: pa.Array, settled: int) -> pa.Array:
        return pc.less(day, pa.scalar(self.asked.today - timedelta(days=settled)))

    def table(self, source: str, **columns: Any) -> pa.Table:
        rows = len(next(iter(columns.values())))
        return pa.table({"client": pa.repeat(self.client, rows), "source": pa.repeat(source, rows), **columns})


def _days(values: Any) -> pa.Array:
    return pa.array(values, pa.string()).cast(pa.date32())


def _web(read: Read, metrics: list[str], names: list[str], filters: list[Any] | None = None) -> dict[str, list[Any]]:
    """Columns of one query over the whole window, by name."""
    rows = [row for page in plausible(read.first, read.last, metrics, names, filters) for row in page]
    found = {name: [row["dimensions"][at] for row in rows] for at, name in enumerate(names)}
    return found | {name: [row["metrics"][at] for row in rows] for at, name in enumerate(metrics)}


def web_daily(read: Read) -> Iterator[pa.Table]:
    found = _web(read, ["visits", "pageviews", "visitors"], ["time:day"])
    day = _days(found["time:day"])
    yield read.table(
        "web",
        day=day,
        sessions=pa.array(found["visits"], pa.int64()),
        page_views=pa.array(found["pageviews"], pa.int64()),
        engagement_seconds=pa.nulls(len(day), pa.float64()),
        visitors=pa.array(found["visitors"], pa.int64()),
        total_users=pa.nulls(len(day), pa.int64()),
        is_final=read.is_final(day, SETTLED_DAYS),
    )


def web_monthly(read: Read) -> Iterator[pa.Table]:
    """A request a month, as visitors of months can't be had otherwise."""
    month = read.first.replace(day=1)
    while month <= read.last:
        after = (month + timedelta(days=31)).replace(day=1)
        end = min(after - timedelta(days=1), read.last)
        rows = [row for page in plausible(month, end, ["visitors"], ["time:month"]) for row in page]
        settled = end < read.asked.today - timedelta(days=SETTLED_DAYS) and end == after - timedelta(days=1)
        yield read.table(
            "web",
            month=pa.array([month for _ in rows], pa.date32()),
            asked_through=pa.array([end for _ in rows], pa.date32()),
            visitors=pa.array([row["metrics"][0] for row in rows], pa.int64()),
            total_users=pa.nulls(len(rows), pa.int64()),
            visitors_definition=pa.repeat(VISITORS, len(rows)),
            is_final=pa.repeat(settled, len(rows)),
        )
        month = after


def web_pages_daily(read: Read) -> Iterator[pa.Table]:
    for first, last in slices(read.first, read.last):
        for rows in plausible(first, last, ["pageviews"], ["time:day", "event:page", "event:hostname"]):
            yield web_table(rows, read.asked, read.client)


def _goals(read: Read) -> list[str]:
    whole = Read(read.asked, read.client, read.asked.today - timedelta(days=3660), read.asked.today)
    return _web(whole, ["events"], ["event:goal"])["event:goal"]


def web_key_events(read: Read) -> Iterator[pa.Table]:
    names = _goals(read)
    yield read.table(
        "web",
        event=pa.array(names, pa.string()),
        event_id=pa.nulls(len(names), pa.string()),
        counting=pa.repeat("events", len(names)),
        created_at=pa.nulls(len(names), pa.timestamp("us", tz="UTC")),
        has_past=pa.repeat(True, len(names)),
        counted_from=pa.nulls(len(names), pa.date32()),
    )


def web_events_daily(read: Read) -> Iterator[pa.Table]:
    found = _web(read, ["visitors", "events"], ["time:day", "event:goal"])
    day = _days(found["time:day"])
    yield read.table(
        "web",
        day=day,
        event=pa.array(found["event:goal"], pa.string()),
        conversions=pa.array(found["events"], pa.float64()),
        event_count=pa.nulls(len(day), pa.float64()),
        revenue=pa.nulls(len(day), pa.float64()),
        is_final=read.is_final(day, SETTLED_DAYS),
    )


def web_conversions_daily(read: Read) -> Iterator[pa.Table]:
    whole = _web(read, ["visits"], ["time:day"])
    reached = _web(read, ["visits"], ["time:day"], [["is", "event:goal", _goals(read)]])
    converted = dict(zip(reached["time:day"], reached["visits"], strict=True))
    day = _days(whole["time:day"])
    yield read.table(
        "web",
        day=day,
        visits=pa.array(whole["visits"], pa.int64()),
        converted_visits=pa.array([converted.get(one, 0) for one in whole["time:day"]], pa.int64()),
        is_final=read.is_final(day, SETTLED_DAYS),
    )


def web_channels_daily(read: Read) -> Iterator[pa.Table]:
    names = ["time:day", "visit:channel"]
    visits = _web(read, ["visits", "visitors"], names)
    goals = _web(read, ["events"], names, [["is", "event:goal", _goals(read)]])
    sessions = dict(zip(zip(*(visits[name] for name in names), strict=True), visits["visits"], strict=True))
    reached = dict(zip(zip(*(goals[name] for name in names), strict=True), goals["events"], strict=True))
    keys = list(dict.fromkeys([*sessions, *reached]))
    day = _days([one for one, _ in keys])
    yield read.table(
        "web",
        day=day,
        label=pa.array([label for _, label in keys], pa.string()),
        channel=pa.array([label.lower().replace(" ", "_") for _, label in keys], pa.string()),
        sessions=pa.array([sessions.get(key, 0) for key in keys], pa.int64()),
        conversions=pa.array([reached.get(key, 0) for key in keys], pa.float64()),
        is_final=read.is_final(day, SETTLED_DAYS),
    )


def search_daily(read: Read) -> Iterator[pa.Table]:
    for rows in searches(read.first, read.last, ["date"], "auto"):
        day = _days([row["keys"][0] for row in rows])
        yield read.table(
            "search",
            day=day,
            clicks=pa.array([row["clicks"] for row in rows], pa.int64()),
            impressions=pa.array([row["impressions"] for row in rows], pa.int64()),
            position_sum=pa.array([row["position"] * row["impressions"] for row in rows], pa.float64()),
            is_final=read.is_final(day, FRESH_DAYS),
        )


def search_pages_daily(read: Read) -> Iterator[pa.Table]:
    for first, last in slices(read.first, read.last):
        for rows in searches(first, last, ["date", "page"], "byPage"):
            yield search_table(rows, read.asked, read.client)


Rows = Callable[[Read], Iterator[pa.Table]]
TABLES: dict[str, dict[str, tuple[Rows, list[str]]]] = {
    "web": {
        "web_daily": (web_daily, ["day"]),
        "web_monthly": (web_monthly, ["month"]),
        "web_pages_daily": (web_pages_daily, ["day", "host", "path"]),
        "web_key_events": (web_key_events, ["event"]),
        "web_events_daily": (web_events_daily, ["day", "event"]),
        "web_conversions_daily": (web_conversions_daily, ["day"]),
        "web_channels_daily": (web_channels_daily, ["day", "label"]),
    },
    "search": {
        "search_daily": (search_daily, ["day"]),
        "search_pages_daily": (search_pages_daily, ["day", "page"]),
    },
}


def load(source: str, asked: Asked, folder: Path, *, is_first: bool) -> dict[str, int]:
    """One source of every client that has it, by one run of its pipeline; then its rows of the ledger."""
    started, last = datetime.now(UTC), getattr(asked, source)[1]
    first = getattr(asked, source)[0] if is_first else last - LOOKBACK[source]
    clients = [client for client, kinds in asked.clients if source in kinds]
    rows: Counter[tuple[str, str]] = Counter()
    newest: dict[tuple[str, str], date] = {}

    def resource(table: str, read: Rows, key: list[str]) -> Any:
        def pages() -> Iterator[pa.Table]:
            for client in clients:
                for page in read(Read(asked, client, first, last)):
                    rows[client, table] += page.num_rows
                    if "day" in page.column_names and page.num_rows:
                        days = newest.get((client, table), first)
                        newest[client, table] = max(days, pc.max(page.column("day")).as_py())
                    yield page

        names = ["client", "source", *key]
        return dlt.resource(pages, name=table, primary_key=names, write_disposition="merge", parallelized=True)

    pipeline = dlt.pipeline(
        pipeline_name=source,
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(str(folder / "okr.duckdb")),
        dataset_name="raw",
    )
    made = [resource(table, read, key) for table, (read, key) in TABLES[source].items()]
    pipeline.run(made).raise_on_failed_jobs()
    with closing(duckdb.connect(str(folder / "okr.duckdb"))) as con:
        con.executemany(
            "insert into ops.loads values"
            " (?, ?, ?, ?, ?, ?, 'loaded', 1, null, null, ?, now(), 'assembled', '{\"zone\": \"Europe/Stockholm\"}')",
            [
                (client, source, table, *_window(table, asked, first, newest.get((client, table), last), last),
                 rows[client, table], started)
                for client in clients for table in TABLES[source]
            ],
        )  # fmt: skip
    return {table: sum(rows[client, table] for client in clients) for table in TABLES[source]}


def _window(table: str, asked: Asked, first: date, newest: date, last: date) -> tuple[date, date]:
    """Days read: of a list those of tonight; searches only as far as Google has counted."""
    if table == "web_key_events":
        return asked.today, asked.today
    if table == "web_monthly":
        return first.replace(day=1), last
    return first, newest if table.startswith("search") else last


def job(asked: Asked, folder: Path, dbt: Path, *, is_first: bool) -> Any:
    """The assets, and the job of all of them."""

    def source_asset(source: str) -> Any:
        @dg.asset(name=source, group_name="ingest")
        def loaded() -> dg.MaterializeResult[None]:
            return dg.MaterializeResult(metadata=load(source, asked, folder, is_first=is_first))

        return loaded

    @dg.asset(deps=["web", "search"], group_name="models")
    def models() -> None:
        words = Dbt("dbt 2", dbt).words("build", database=folder / "okr.duckdb")
        done = subprocess.run(words, env=environment(words[0]), capture_output=True, text=True, check=False)
        if done.returncode:
            raise dg.Failure(f"dbt build failed: {done.stdout[-3000:]}{done.stderr[-1000:]}")

    assets = [source_asset("web"), source_asset("search"), models]
    defs = dg.Definitions(assets=assets, jobs=[dg.define_asset_job("nightly", executor_def=dg.in_process_executor)])
    return defs.resolve_job_def("nightly")


def main() -> None:
    """One night."""
    asked, folder = Asked.read(sys.argv[1]), Path(sys.argv[2])
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    (folder / "dagster").mkdir(exist_ok=True)
    nightly = job(asked, folder, Path(sys.argv[4]), is_first=sys.argv[3] == "first")
    with dg.DagsterInstance.get() as instance:
        result = nightly.execute_in_process(
            instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
        )
    if not result.success:
        raise SystemExit("the night failed")


if __name__ == "__main__":
    main()
