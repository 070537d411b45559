"""The program's own side of ``benchmarks.ingest``: the night's ingest step over a home folder that is made for it.

Prints one line of JSON: rows, seconds of the first load and of the same windows read again, versions. Seconds are
of the clock, from the first request to the last commit, without starting Python or importing what is read with; the
checks of every batch and the ledger's rows are part of it. What does not belong here: dlt's side (``ingest_dlt.py``)
and the comparison (``ingest.py``).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import pandas  # noqa: F401 - DuckDB imports it at the first table it is given

import connectors.google.auth
import connectors.registry  # noqa: F401 - imported by the first source else
from benchmarks.ingest_asked import PLAUSIBLE_SITE, SEARCH_SITE, Asked
from okr_models.periods import Window
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.db import connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.run import ingest
from pipelines.warehouse.schema import ensure_schema

CLIENT = """
client: {client}
name: {client}
language: en
timezone: Europe/Stockholm
fiscal_year_start: 1
currency: SEK
sources:
{sources}
objectives:
  - id: seen
    title: Seen
    team: t
    owner: o@example.org
    period: FY2026
    key_results:
      - {{id: views, title: Views, kpi: page_views, target: 10}}
"""
WEB = f"""  - id: web
    type: plausible
    site_id: {PLAUSIBLE_SITE}
    token: {{env: OKR_DEMO_PLAUSIBLE_TOKEN}}
    base_url: {{env: OKR_SANDBOX_URL}}
    start: {{start}}"""
SEARCH = f"""  - id: search
    type: search_console
    site_url: "{SEARCH_SITE}"
    credentials: {{env: OKR_DEMO_GOOGLE_KEY}}
    base_url: {{env: OKR_SANDBOX_URL}}
    start: {{start}}"""
TABLES = frozenset({"web_pages_daily", "search_pages_daily"})


def write_clients(folder: Path, asked: Asked) -> None:
    """The client files of a home."""
    (folder / "clients").mkdir()
    for client, kinds in asked.clients:
        blocks = {"web": WEB, "search": SEARCH}
        sources = "\n".join(blocks[kind].replace("{start}", str(getattr(asked, kind)[0])) for kind in kinds)
        (folder / "clients" / f"{client}.yaml").write_text(CLIENT.format(client=client, sources=sources))


def main() -> None:
    """Load twice and print the figures."""
    asked, folder = Asked.read(sys.argv[1]), Path(sys.argv[2])
    write_clients(folder, asked)
    home, environ = Home(folder), {**os.environ, "OKR_TODAY": str(asked.today)}
    loaded = load_clients(home)
    if loaded.broken:
        raise SystemExit(str(loaded.broken))
    with closing(connect(home)) as con:
        ensure_schema(con)
        seconds: list[tuple[float, float]] = []
        rows = 0
        for reread in (None, Window(asked.web[0], asked.web[1])):
            started, spent = time.perf_counter(), time.process_time()
            report = ingest(
                con=con,
                clients=loaded.clients,
                home=home,
                environ=environ,
                clock=clock_from(environ),
                run_id=f"bench-{len(seconds)}",
                deliveries=frozenset({"window"}),
                tables=TABLES,
                reread=reread,
            )
            seconds.append((time.perf_counter() - started, time.process_time() - spent))
            failed = [stream.message for stream in report.streams if stream.status != "loaded"]
            if failed:
                raise SystemExit(str(failed[0]))
            rows = sum(stream.rows for stream in report.streams)
        kept = {table: con.execute(f"select count(*) from raw.{table}").fetchall()[0][0] for table in sorted(TABLES)}
    versions = {name: importlib.metadata.version(name) for name in ("duckdb", "pyarrow", "requests")}
    print(json.dumps({"rows": rows, "kept": kept, "first": seconds[0], "again": seconds[1], "versions": versions}))


if __name__ == "__main__":
    main()
