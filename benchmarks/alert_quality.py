"""How often the nightly comparison of traffic with its own history cries though nothing is wrong, and what it catches.

    python -m benchmarks.alert_quality DATA_DIR

Prints the table of docs/reliability.md, "Alerts". Every night of a series is judged by the project's own check on what
was known that night. A series is a public daily one (DATA_DIR holds ``daily_views/`` and ``geo_experiment/``) or a
sandbox's site, whose newest days are partial, as a vendor's are. The check's numbers were chosen on the first half of
the lines and are judged on the second. An alarm where nothing is known to be wrong is false. Troubles are put in by
chance with a fixed seed, three days long; found is one of which an alarm about its own days told while it went on or
the night after.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.public_series import pedestrians, regions, wikipedia_views
from connectors.sandbox.world import VirtualClock, World, five_in_stockholm
from pipelines.warehouse.checks.declared import checks_of, failing_rows_sql
from pipelines.warehouse.models.project import load_project

CHECK = "traffic_like_its_history"
KNOWN_DAYS, FIRST_NIGHT = 125, 64
"""Days before a night that are given to the check, and days from a series' first to the first night judged."""
SETTLE_DAYS, SEEN_NIGHTS = 4, 35
"""Of the sandbox's sites: until when a day is read again, and how far back the ledger's sightings are given."""
TROUBLE_DAYS, TROUBLES, SEED = 3, 40, 17
FALSE = ("with a false alarm, of 1,000", "of them drops", "alarms begun, of 1,000")
SHARES = {"all gone: found": 0.0, "to a third": 1 / 3, "counted twice": 2.0}
ANOTHER_WORLD = 101
NORMAL_UNTIL = date(2020, 2, 29)
"""The pedestrians' streets were empty from March 2020 on."""
Lags = Mapping[int, pd.Series]
"""What was known of each day so many days after it; the last stands for all later ones."""


@dataclass(frozen=True, slots=True)
class Series:
    """Daily series of one kind, and which nights of them count."""

    name: str
    members: Sequence[Lags]
    first: date = date.min
    last: date = date.max

    def nights(self, lags: Lags) -> list[date]:
        """Nights of one of them that are judged."""
        whole = lags[max(lags)].dropna()
        first = max(whole.index[0].date() + timedelta(days=FIRST_NIGHT), self.first)
        last = min(whole.index[-1].date(), self.last)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A row of the check that fails: in which question, about which day."""

    label: str
    day: date
    is_drop: bool


def main() -> None:
    """One line a series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    data = parser.parse_args().data
    head = ["series", "nights", *FALSE, *SHARES]
    print(f"| {' | '.join(head)} |")
    print(f"| --- |{' ---: |' * (len(head) - 1)}")
    for heading, group in (("chosen on", chosen_on(data)), ("judged on", judged_on(data))):
        print(f"| *{heading}* |{' |' * (len(head) - 1)}")
        for series in group:
            print(line(series), flush=True)


def chosen_on(data: Path) -> Iterator[Series]:
    """Series on which the check's numbers were chosen."""
    yield Series("Wikipedia views until 2011", [settled(wikipedia_views(data))], last=date(2011, 12, 31))
    yield Series("pedestrians until 2018", [settled(pedestrians(data))], last=date(2018, 12, 31))
    yield Series("sales of 50 regions", [settled(each) for each in regions(data)[::2]])
    yield from sandbox_sites(World(clock=VirtualClock(UNTIL)), "sandbox")


def judged_on(data: Path) -> Iterator[Series]:
    """Series that were not looked at for that."""
    yield Series("Wikipedia views from 2012", [settled(wikipedia_views(data))], first=date(2012, 1, 1))
    walking = [settled(pedestrians(data))]
    yield Series("pedestrians, 2019 to February 2020", walking, first=date(2019, 1, 1), last=NORMAL_UNTIL)
    yield Series("pedestrians from March 2020", walking, first=NORMAL_UNTIL + timedelta(days=1))
    yield Series("sales of 50 other regions", [settled(each) for each in regions(data)[1::2]])
    yield from sandbox_sites(World(clock=VirtualClock(UNTIL), seed=ANOTHER_WORLD), "another sandbox")


def settled(values: pd.Series) -> Lags:
    """A series that is never restated."""
    return {1: values.astype(float)}


UNTIL = datetime(2027, 12, 1, tzinfo=UTC)


def sandbox_sites(world: World, name: str) -> Iterator[Series]:
    """Page views of a sandbox's sites, as each night of the following ones knew them."""
    for brand in world.brands:
        seen = world.events_visits(brand.slug, arrived_by=UNTIL)
        days, moments = pd.DatetimeIndex(seen["day"]), pd.DatetimeIndex(seen["arrives_at"]).to_numpy()
        codes, of = np.unique(days.to_numpy(), return_inverse=True)
        lags = {lag: known(days, codes, of, moments, lag) for lag in range(1, SETTLE_DAYS + 2)}
        yield Series(f"{name}, {brand.slug}", [lags])


def sandbox_days() -> Iterator[tuple[str, pd.Series]]:
    """Page views of the sandbox's sites by day, as they are in the end."""
    world = World(clock=VirtualClock(UNTIL))
    for brand in world.brands:
        days = pd.DatetimeIndex(world.events_visits(brand.slug, arrived_by=UNTIL)["day"])
        yield f"sandbox, {brand.slug}", days.value_counts().sort_index().asfreq("D", fill_value=0)


def known(
    days: pd.DatetimeIndex, codes: npt.NDArray[Any], of: npt.NDArray[np.int64], moments: npt.NDArray[Any], lag: int
) -> pd.Series:
    """Page views by day of which a vendor knows at five in the morning so many days later."""
    nights = [five_in_stockholm(pd.Timestamp(day).date() + timedelta(days=lag)) for day in codes]
    there = moments <= pd.DatetimeIndex(nights).to_numpy()[of]
    whole = pd.date_range(codes[0], codes[-1])
    return days[there].value_counts().reindex(whole, fill_value=0).astype(float)


def line(series: Series) -> str:
    """A row of the table: false alarms of the series as they are, and troubles that were put in and found."""
    nights = {number: series.nights(lags) for number, lags in enumerate(series.members)}
    alarms = crying(as_known(lags, nights[number], f"{number}") for number, lags in enumerate(series.members))
    count = sum(map(len, nights.values()))
    cried = {alarm.label for alarm in alarms}
    drops = len({alarm.label for alarm in alarms if alarm.is_drop})
    begun = sum(
        f"{number}/{night}" in cried and f"{number}/{night - timedelta(days=1)}" not in cried
        for number, each in nights.items()
        for night in each
    )
    rates = [per_thousand(part, count) for part in (len(cried), drops, begun)]
    found = [f"{caught(series, nights, share)} of {TROUBLES}" for share in SHARES.values()]
    return f"| {' | '.join([series.name, f'{count:,}', *rates, *found])} |"


def per_thousand(part: int, whole: int) -> str:
    return f"{1_000 * part / whole:.1f}"


def caught(series: Series, nights: Mapping[int, list[date]], share: float) -> int:
    """Of the troubles put in, those of whose days an alarm told while they went on or the night after."""
    random = np.random.default_rng(SEED)
    starts = [(number, night) for number, each in nights.items() for night in each[: -TROUBLE_DAYS - 1]]
    struck: dict[str, pd.DatetimeIndex] = {}
    frames = []
    for trouble, place in enumerate(random.choice(len(starts), TROUBLES, replace=False)):
        number, first = starts[place]
        out = pd.date_range(first, periods=TROUBLE_DAYS)
        lags = {
            lag: values.where(~values.index.isin(out), values * share) for lag, values in series.members[number].items()
        }
        during = [first + timedelta(days=n) for n in range(1, TROUBLE_DAYS + 2)]
        struck[f"{trouble}"] = out
        frames.append(as_known(lags, during, f"{trouble}"))
    told = {
        of
        for alarm in crying(frames)
        if (of := alarm.label.partition("/")[0]) and pd.Timestamp(alarm.day) in struck[of]
        if alarm.is_drop == (share < 1)
    }
    return len(told)


def as_known(lags: Lags, nights: Sequence[date], name: str) -> pd.DataFrame:
    """What each of some nights had seen, and in it what it knew: ``age``, where a source settles its days.

    ``label``: the series' name and the night. ``lag``: days from the day to the night; ``age``: from the day to when
    that was seen.
    """
    frames = []
    for lag in range(1, KNOWN_DAYS + 1):
        days = pd.DatetimeIndex([night - timedelta(days=lag) for night in nights])
        ages = range(1, min(lag, max(lags)) + 1) if lag <= SEEN_NIGHTS else [min(lag, max(lags))]
        for age in ages:
            values = lags[age].reindex(days).to_numpy(float)
            frame = {"night": nights, "day": days.date, "value": values, "lag": lag, "age": age}
            frames.append(pd.DataFrame({**frame, "is_newest": age == ages[-1], "settles": len(lags) > 1}))
    found = pd.concat(frames).dropna()
    return found.assign(label=[f"{name}/{night}" for night in found["night"]])


def crying(frames: Iterable[pd.DataFrame]) -> list[Alarm]:
    """The alarms of the check, each night of a series judged as a client of its own."""
    project = load_project()
    model = project.model("kpi_daily")
    check = next(each for each in checks_of(model) if each.name == CHECK)
    with duckdb.connect() as con:
        con.execute("create schema staging")
        con.register("known", pd.concat(list(frames)))
        con.execute(
            "create table staging.stg_config__clients as"
            " select distinct label as client, night::date as as_of from known"
        )
        con.execute(
            "create table staging.stg_config__streams as"
            f" select distinct label as client, 'web' as source, 'web_daily' as stream, {SETTLE_DAYS} as settle_days"
            " from known"
        )
        con.execute(
            "create table staging.stg_ops__seen_days as"
            " select label as client, 'web' as source, 'web_daily' as stream, 'page_views' as kpi, day::date as day,"
            f" age as age_days, value from known where settles and lag <= {SEEN_NIGHTS}"
        )
        con.execute(
            "create table nights as select label as client, 'page_views' as kpi, 'source=web' as scope,"
            " day::date as day, value, 'source' as origin from known where is_newest"
        )
        sql = failing_rows_sql(check, model=model, project=project, table="nights", previous="")
        rows = con.execute(f"select client, day, z_score < 0 from ({sql})").fetchall()
    return [Alarm(label=label, day=day, is_drop=is_drop) for label, day, is_drop in rows]


if __name__ == "__main__":
    main()
