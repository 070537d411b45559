"""How often the nightly comparison of traffic with its own history (``own_history``) cries, and what it catches.

    python -m benchmarks.alert_quality DATA_DIR

Prints the table of docs/reliability.md, "Alerts". Every night of a series is judged by the project's own check on what
was known that night; a series is the public daily ones (DATA_DIR holds ``daily_views/``) and the sandbox's sites, whose
newest days are partial, as a vendor's are. An alarm where no outage is known is false. Outages are put in by chance
with a fixed seed: three days at nothing, and three days at a third.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.public_series import pedestrians, wikipedia_views
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from pipelines.warehouse.checks.declared import checks_of, failing_rows_sql
from pipelines.warehouse.models.project import load_project

HISTORY_DAYS, SETTLED_AFTER = 90, 5
OUTAGE_DAYS, OUTAGES, SEED = 3, 40, 17
CHECK = "traffic_like_its_history"
NORMAL_UNTIL = date(2020, 2, 29)
"""The pedestrians' streets were empty from March 2020 on."""
Days = pd.DatetimeIndex
Moments = npt.NDArray[Any]
Codes = npt.NDArray[np.int64]
Known = Callable[[int], pd.Series]
"""The series as it was known so many days after each day."""


@dataclass(frozen=True, slots=True)
class Series:
    """A daily series and which nights of it count."""

    name: str
    known: Known
    last: date | None = None


def main() -> None:
    """One line a series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    data = parser.parse_args().data
    print("| series | nights | nights with a false alarm, of 1,000 | outages: all gone, found | to a third, found |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for series in (
        Series("Wikipedia views", settled(wikipedia_views(data))),
        Series("pedestrians until February 2020", settled(pedestrians(data)), NORMAL_UNTIL),
        Series("pedestrians, whole", settled(pedestrians(data))),
        *sandbox_sites(),
    ):
        print(line(series), flush=True)


def settled(values: pd.Series) -> Known:
    """A series that is never restated."""
    return lambda _: values


def sandbox_sites() -> Iterator[Series]:
    """Page views of the demo's sites, of which a day is whole after three."""
    until = datetime(2027, 12, 1, tzinfo=UTC)
    world = World(clock=VirtualClock(until))
    for brand in world.brands:
        seen = world.events_visits(brand.slug, arrived_by=until)
        days = pd.DatetimeIndex(seen["day"])
        arrives = pd.DatetimeIndex(seen["arrives_at"])

        codes, of = np.unique(days.to_numpy(), return_inverse=True)
        moments = arrives.to_numpy()

        def known(
            lag: int, days: Days = days, codes: Moments = codes, of: Codes = of, moments: Moments = moments
        ) -> pd.Series:
            if lag > SETTLED_AFTER:
                return days.value_counts().sort_index().asfreq("D", fill_value=0)
            nights = [five_in_stockholm(pd.Timestamp(day).date() + timedelta(days=lag)) for day in codes]
            there = moments <= pd.DatetimeIndex(nights).to_numpy()[of]
            return days[there].value_counts().sort_index().asfreq("D", fill_value=0)

        yield Series(f"sandbox, {brand.slug}", known)


def line(series: Series) -> str:
    """A row of the table: false alarms of the series as it is, and outages that were put in and found."""
    lags = {lag: series.known(lag).astype(float) for lag in range(1, SETTLED_AFTER + 2)}
    whole = lags[SETTLED_AFTER + 1]
    first = whole.index[0].date() + timedelta(days=HISTORY_DAYS)
    last = min(whole.index[-1].date(), series.last or date.max)
    nights = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rate = f"{1_000 * len(crying([seen(lags, nights, name='')])) / len(nights):.1f}"
    found = [f"{caught(lags, nights, share)} of {OUTAGES}" for share in (0.0, 1 / 3)]
    return f"| {series.name} | {len(nights):,} | {rate} | {found[0]} | {found[1]} |"


def caught(lags: Mapping[int, pd.Series], nights: list[date], share: float) -> int:
    """Of the outages put in, those that an alarm told of while they went on or the night after."""
    random = np.random.default_rng(SEED)
    frames = []
    for number, first in enumerate(random.choice(len(nights) - OUTAGE_DAYS - 1, OUTAGES, replace=False)):
        out = pd.date_range(nights[first], periods=OUTAGE_DAYS)
        struck = {lag: values.where(~values.index.isin(out), values * share) for lag, values in lags.items()}
        during = [nights[first] + timedelta(days=n) for n in range(1, OUTAGE_DAYS + 2)]
        frames.append(seen(struck, during, name=f"{number}"))
    return len({label.partition("/")[0] for label in crying(frames)})


def seen(lags: Mapping[int, pd.Series], nights: list[date], *, name: str) -> pd.DataFrame:
    """What was known on each of some nights of the days before it; ``label``: the series' name and the night."""
    frames = []
    for lag in range(1, HISTORY_DAYS + 1):
        days = pd.DatetimeIndex([night - timedelta(days=lag) for night in nights])
        values = lags[min(lag, SETTLED_AFTER + 1)].reindex(days).to_numpy(float)
        frames.append(pd.DataFrame({"night": nights, "day": days.date, "value": values}))
    found = pd.concat(frames).dropna()
    return found.assign(label=[f"{name}/{night}" for night in found["night"]])


def crying(frames: Sequence[pd.DataFrame]) -> set[str]:
    """The labels for which the check fails, each judged as a client of its own."""
    project = load_project()
    model = project.model("kpi_daily")
    check = next(each for each in checks_of(model) if each.name == CHECK)
    with duckdb.connect() as con:
        con.execute("create schema staging")
        con.register("known", pd.concat(frames))
        con.execute(
            "create table staging.stg_config__clients as"
            " select distinct label as client, night::date as as_of from known"
        )
        con.execute(
            "create table nights as select label as client, 'page_views' as kpi, 'source=web' as scope,"
            " day::date as day, value, 'source' as origin from known"
        )
        sql = failing_rows_sql(check, model=model, project=project, table="nights", previous="")
        rows = con.execute(f"select distinct client from ({sql})").fetchall()
    return {label for (label,) in rows}


if __name__ == "__main__":
    main()
