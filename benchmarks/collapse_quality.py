"""How often ``no_window_collapsed`` cries though nothing is wrong, and what it catches.

    python -m benchmarks.collapse_quality DATA_DIR

Prints the table of docs/reliability.md, "Alerts". Windows are those that a night would read, by the program's own plan,
and are written by its own writer: pages by day of the sandbox's sites as each morning knows them, and public daily
series as a site's days (DATA_DIR holds ``daily_views/``). Troubles are put in by chance with a fixed seed: from one
morning on a source has forgotten all days before, or gives a third of the rows, chosen by chance. Found is one that is
told of within a week, as a week's reading goes a month back.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.alert_quality import SEED, TROUBLES, UNTIL, per_thousand
from benchmarks.public_series import pedestrians, wikipedia_views
from connectors.core.protocol import Batch, Stream
from connectors.ga4.source import DAILY, PAGES
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from okr_models.periods import Window
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.ledger_check import collapsed_windows
from pipelines.warehouse.ingest.planning import Asked, windows_to_read
from pipelines.warehouse.ingest.writer import write_batch
from pipelines.warehouse.schema import ensure_schema

ZONE = ZoneInfo("Europe/Stockholm")
NIGHTS, HISTORY_DAYS, WEEK = 365, 60, 7
Rows = Callable[[Window, date], pd.DataFrame]
"""What a source gives of a window on a night."""
Strike = Callable[[pd.DataFrame, date], pd.DataFrame]
"""Of rows, those that are left from the morning of a trouble on."""


@dataclass(frozen=True, slots=True)
class Site:
    """A source of one stream, and its first and last night."""

    name: str
    stream: Stream
    rows: Rows
    first: date
    last: date


def main() -> None:
    """One line a source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    data = parser.parse_args().data
    print("| source | nights | with a false alarm, of 1,000 | forgot its past: found | a third of its rows |")
    print("| --- | ---: | ---: | ---: | ---: |")
    public = (("Wikipedia views", wikipedia_views(data)), ("pedestrians", pedestrians(data)))
    for site in (*(by_day(name, values) for name, values in public), *sandbox_pages()):
        with tempfile.TemporaryDirectory() as folder:
            con = connect(Home(Path(folder)))
            ensure_schema(con)
            print(line(con, site), flush=True)
            con.close()


def by_day(name: str, values: pd.Series) -> Site:
    """A public series as the days of a site."""

    def rows(window: Window, _: date) -> pd.DataFrame:
        found = values[str(window.start) : str(window.end)].dropna()
        counts = found.to_numpy().astype(np.int64)
        return pd.DataFrame({"day": pd.DatetimeIndex(found.index).date, "sessions": counts, "page_views": counts})

    first, last = values.index[0].date(), values.index[-1].date()
    return Site(name, DAILY, rows, first + timedelta(days=HISTORY_DAYS), last)


def sandbox_pages() -> Iterator[Site]:
    """The pages of the sandbox's sites by day, of which some views come late."""
    world = World(clock=VirtualClock(UNTIL))
    for brand in world.brands:
        visits = world.events_visits(brand.slug, arrived_by=UNTIL)[["day", "host", "path", "arrives_at"]]
        seen = visits.sort_values("day", kind="stable")
        days = pd.DatetimeIndex(seen["day"])

        def rows(window: Window, night: date, seen: pd.DataFrame = seen, days: pd.DatetimeIndex = days) -> pd.DataFrame:
            ends = (pd.Timestamp(window.start), pd.Timestamp(window.end) + pd.Timedelta(days=1))
            inside = seen.iloc[slice(*days.searchsorted(ends))]
            known = inside[inside["arrives_at"] <= five_in_stockholm(night)]
            counted = known.groupby(["day", "host", "path"]).size().reset_index(name="page_views")
            return counted.assign(day=pd.DatetimeIndex(counted["day"]).date)

        yield Site(f"sandbox, {brand.slug}", PAGES, rows, days[-1].date() - timedelta(days=NIGHTS), days[-1].date())


def line(con: Connection, site: Site) -> str:
    """False alarms of the source as it is, and troubles that were put in and found."""
    nights = [site.first + timedelta(days=n) for n in range(min(NIGHTS, (site.last - site.first).days))]
    cried, loads = 0, list[Load]()
    for night in nights:
        loads += read(con, site, night, client="whole", loads=loads)
        cried += is_told(con, site, night, client="whole")
    found = [f"{caught(con, site, nights, name, strike)} of {TROUBLES}" for name, strike in STRIKES.items()]
    return f"| {site.name} | {len(nights):,} | {per_thousand(cried, len(nights))} | {' | '.join(found)} |"


def caught(con: Connection, site: Site, nights: Sequence[date], name: str, strike: Strike) -> int:
    """Of the troubles put in, those that were told of the same morning."""
    told = 0
    for number, place in enumerate(np.random.default_rng(SEED).choice(len(nights) - WEEK, TROUBLES, replace=False)):
        client, (before, *after) = f"{name}_{number}", nights[place : place + WEEK + 1]
        loads = read(con, site, before, client=client, loads=[])
        for night in after:
            loads += read(con, site, night, client=client, loads=loads, trouble=(strike, after[0]))
            if is_told(con, site, night, client=client):
                told += 1
                break
    return told


def read(
    con: Connection,
    site: Site,
    night: date,
    *,
    client: str,
    loads: Sequence[Load],
    trouble: tuple[Strike, date] | None = None,
) -> list[Load]:
    """Read and write the windows of a night."""
    now = datetime.combine(night, time(5), ZONE).astimezone(UTC)
    asked = Asked(start=site.first - timedelta(days=HISTORY_DAYS))
    done = []
    for window in windows_to_read(site.stream, asked=asked, loads=loads, now=now, zone=ZONE):
        given = site.rows(window, night)
        rows = typed(site.stream, trouble[0](given, trouble[1]) if trouble else given)
        load = Load(
            client=client, source="web", stream=site.stream.name, window=window, rows=rows.num_rows, status="loaded",
            attempts=1, started_at=now, finished_at=now, run_id=f"{client} {night}", quality={"zone": ZONE.key},
        )  # fmt: skip
        batch = CheckedBatch(stream=site.stream, batch=Batch(rows=rows, covers=window), window=window)
        write_batch(con, batch=batch, load=load, taken_at=now)
        done.append(load)
    return done


def typed(stream: Stream, rows: pd.DataFrame) -> pa.Table:
    """Rows with every column of their table."""
    schema = stream.table.arrow_schema()
    lacking = {name: None for name in schema.names if name not in rows} | {"is_final": False}
    return pa.Table.from_pandas(rows.assign(**lacking), schema=schema, preserve_index=False)


def is_told(con: Connection, site: Site, night: date, *, client: str) -> bool:
    """Whether the check fails for what that night read."""
    return bool(collapsed_windows(con, site.stream.table, run_id=f"{client} {night}"))


def forgotten(rows: pd.DataFrame, morning: date) -> pd.DataFrame:
    """Of the days before that morning its eve alone."""
    return rows[rows["day"] >= morning - timedelta(days=1)]


def thinned(rows: pd.DataFrame, morning: date) -> pd.DataFrame:
    """A third of the rows, by chance."""
    return rows[np.random.default_rng(morning.toordinal()).random(len(rows)) < 1 / 3]


STRIKES: dict[str, Strike] = {"forgotten": forgotten, "thinned": thinned}


if __name__ == "__main__":
    main()
