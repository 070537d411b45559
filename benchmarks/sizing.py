"""What a home of so many clients takes: shards, processor, machines, memory, bytes, money, and the vendors' quotas.

    python -m benchmarks.sizing [--figures benchmarks/scale_figures.json] [--hours 4] [--machine-cores 8]
        [--machine-gigabytes 32] [--core-hour 0.05] [--gigabyte-month 0.025]

Reckoned from what ``benchmarks/scale.py --figures`` measured and from the limits that the connectors declare. A night's
processor, memory and bytes are fitted as a price of a shard and one of a client. The prices are examples, not any
provider's. What belongs here: the arithmetic and the tables, which ``docs/scaling.md`` holds as they are printed. What
does not: any measurement.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.clients import waiting
from benchmarks.measured import MEGABYTE
from connectors.core.budget import Limit
from connectors.search_console.source import A_PROJECT as SEARCHES_A_PROJECT
from connectors.search_console.source import A_USER as SEARCHES_A_USER
from connectors.youtube.api import A_PROJECT as UNITS_A_PROJECT
from pipelines.warehouse.ingest.lanes import AT_ONCE, MOST_THREADS

FIGURES = Path(__file__).with_name("scale_figures.json")
CLIENTS = (100, 1_000, 10_000, 100_000)
MOST_MEGABYTES = 1_536
"""What a worker's memory is not to pass (1.5 GB); it says how many clients a shard has."""
OTHERS_GIGABYTES = 2.0
"""Of a machine, for Ray and the system."""
NIGHTS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Price:
    """So much a shard, and so much a client."""

    a_shard: float
    a_client: float

    def of(self, *, shards: float, clients: float) -> float:
        return self.a_shard * shards + self.a_client * clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a client takes, as it was measured."""

    first_seconds: Price
    next_seconds: Price
    disk_bytes: Price
    peak_bytes: Price
    """Of a worker: one shard's."""
    calls: Mapping[str, float]
    """A client and night after the first, by vendor."""
    milliseconds: float
    """That a vendor takes for a call."""

    @property
    def wait_seconds(self) -> float:
        """For which a client's calls keep a worker waiting, though it does nothing else meanwhile."""
        return waiting(self.calls, latency=self.milliseconds / 1_000)

    @property
    def clients_a_shard(self) -> int:
        """As many as a worker's memory lets."""
        room = MOST_MEGABYTES * MEGABYTE - self.peak_bytes.a_shard
        return max(1, int(room // self.peak_bytes.a_client))


def fitted(points: Sequence[tuple[float, float, float]]) -> Price:
    """The price of a shard and of a client, by least squares over (shards, clients, amount); neither below nothing."""
    ss = sum(s * s for s, _, _ in points)
    cc = sum(c * c for _, c, _ in points)
    sc = sum(s * c for s, c, _ in points)
    sa = sum(s * a for s, _, a in points)
    ca = sum(c * a for _, c, a in points)
    size = ss * cc - sc * sc
    if not size:
        raise ValueError("shards of two sizes are needed to tell a shard's price from a client's")
    a_shard, a_client = (sa * cc - ca * sc) / size, (ca * ss - sa * sc) / size
    if a_shard < 0:
        return Price(0.0, ca / cc)
    return Price(a_shard, a_client) if a_client > 0 else Price(sa / ss, 0.0)


def taken(figures: Mapping[str, Any]) -> Taken:
    """What ``scale.py`` measured, as prices."""
    nights: list[dict[str, Any]] = figures["nights"]
    first = [each for each in nights if each["which"] == "first night"]
    following = [each for each in nights if each["which"] == "next night"]

    def price(of: Sequence[dict[str, Any]], name: str) -> Price:
        return fitted([(each["shards"], each["clients"], each[name]) for each in of])

    largest = max(following, key=lambda each: int(each["clients"]))
    return Taken(
        first_seconds=price(first, "processor_seconds"),
        next_seconds=price(following, "processor_seconds"),
        disk_bytes=price(following, "disk_bytes"),
        peak_bytes=fitted([(1, each["largest_shard"], each["peak_bytes"]) for each in first + following]),
        calls={name: calls / largest["clients"] for name, calls in sorted(largest["calls"].items())},
        milliseconds=figures["milliseconds"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is. ``hours``: within which a night has to be done."""

    hours: float = 4.0
    machine_cores: int = 8
    machine_gigabytes: float = 32.0
    core_hour: float = 0.05
    gigabyte_month: float = 0.025

    def workers_a_machine(self, a_worker: float) -> int:
        memory = (self.machine_gigabytes - OTHERS_GIGABYTES) * 1024 * MEGABYTE
        return max(1, min(self.machine_cores, int(memory // a_worker)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What so many clients take."""

    clients: int
    shards: int
    machines: int
    first_hours: float
    night_hours: float
    worker_bytes: float
    disk_bytes: float
    month: float
    calls: Mapping[str, float]


def sized(clients: int, one: Taken, room: Room) -> Size:
    """What so many clients take of this room."""
    shards = math.ceil(clients / one.clients_a_shard)
    a_shard = math.ceil(clients / shards)
    hours = one.next_seconds.of(shards=shards, clients=clients) / 3_600
    worker = one.peak_bytes.of(shards=1, clients=a_shard)
    disk = one.disk_bytes.of(shards=shards, clients=clients)
    cores = max(1, math.ceil((hours + one.wait_seconds * clients / 3_600) / room.hours))
    kept = disk / MEGABYTE / 1024 * room.gigabyte_month
    return Size(
        clients=clients,
        shards=shards,
        machines=math.ceil(min(cores, shards) / room.workers_a_machine(worker)),
        first_hours=one.first_seconds.of(shards=shards, clients=clients) / 3_600,
        night_hours=hours,
        worker_bytes=worker,
        disk_bytes=disk,
        month=hours * NIGHTS_A_MONTH * room.core_hour + kept,
        calls={name: calls * clients for name, calls in one.calls.items()},
    )


def _a_night(limit: Limit, hours: float) -> float:
    """Calls that a limit lets through in a night."""
    return limit.calls * max(1.0, hours * 3_600 / limit.seconds)


def _needed(calls: float, limit: Limit, hours: float) -> str:
    return f"{math.ceil(calls / _a_night(limit, hours)):,}"


def sizes_table(sizes: Sequence[Size], room: Room) -> list[str]:
    """A row an amount, a column a number of clients."""
    rows: list[tuple[str, Callable[[Size], str]]] = [
        ("shards", lambda size: f"{size.shards:,}"),
        ("memory a worker", lambda size: f"{size.worker_bytes / MEGABYTE:,.0f} MB"),
        ("processor, first night", lambda size: f"{size.first_hours:,.1f} h"),
        ("processor, a night", lambda size: f"{size.night_hours:,.1f} h"),
        (f"machines for {room.hours:g} h", lambda size: f"{size.machines:,}"),
        ("disk after two nights", lambda size: f"{size.disk_bytes / MEGABYTE / 1024:,.1f} GB"),
        ("a month", lambda size: f"{size.month:,.1f}"),
        ("calls a night", lambda size: f"{sum(size.calls.values()):,.0f}"),
    ]
    return _table(sizes, rows)


def quotas_table(sizes: Sequence[Size], room: Room) -> list[str]:
    """How many of what a vendor counts by a night needs."""
    hours = room.hours
    rows: list[tuple[str, Callable[[Size], str]]] = [
        (
            f"YouTube projects ({UNITS_A_PROJECT})",
            lambda size: _needed(size.calls["youtube"], UNITS_A_PROJECT, hours),
        ),
        (
            f"Search Console users ({SEARCHES_A_USER})",
            lambda size: _needed(size.calls["search_console"], SEARCHES_A_USER, hours),
        ),
        (
            f"Search Console projects ({SEARCHES_A_PROJECT})",
            lambda size: _needed(size.calls["search_console"], SEARCHES_A_PROJECT, hours),
        ),
        ("LinkedIn calls of one app, no published limit", lambda size: f"{size.calls['linkedin']:,.0f}"),
        ("Meta calls of one app, limit by its users", lambda size: f"{size.calls['meta']:,.0f}"),
        ("GA4 calls, limits by property", lambda size: f"{size.calls['ga4']:,.0f}"),
    ]
    return _table(sizes, rows)


def _table(sizes: Sequence[Size], rows: Sequence[tuple[str, Callable[[Size], str]]]) -> list[str]:
    head = "| clients | " + " | ".join(f"{size.clients:,}" for size in sizes) + " |"
    body = [f"| {name} | " + " | ".join(say(size) for size in sizes) + " |" for name, say in rows]
    return [head, "| --- |" + " --- |" * len(sizes), *body]


def gives_first(one: Taken, room: Room) -> list[str]:
    """What ends first as clients are added, with one credential a vendor and one machine, from the fewest on."""
    a_machine = room.workers_a_machine(one.peak_bytes.of(shards=1, clients=one.clients_a_shard))
    seconds = one.next_seconds.of(shards=1, clients=one.clients_a_shard) / one.clients_a_shard + one.wait_seconds
    ends = [
        (one.clients_a_shard, f"a worker's {MOST_MEGABYTES:,} MB: more shards"),
        (room.hours * 3_600 * a_machine / seconds, f"one machine's {room.hours:g} hours: another machine"),
        (
            _a_night(UNITS_A_PROJECT, room.hours) / one.calls["youtube"],
            f"YouTube's {UNITS_A_PROJECT} and project: another project, or a larger quota by Google's audit",
        ),
        (
            _a_night(SEARCHES_A_USER, room.hours) / one.calls["search_console"],
            f"Search Console's {SEARCHES_A_USER} and user: another service account",
        ),
    ]
    return [f"- {int(clients):,} clients: {what}." for clients, what in sorted(ends)]


def said(figures: Mapping[str, Any], room: Room) -> str:
    """Everything that is printed."""
    one = taken(figures)
    sizes = [sized(clients, one, room) for clients in CLIENTS]
    per_night = ", ".join(f"{name} {calls:.0f}" for name, calls in one.calls.items())
    return "\n".join(
        [
            f"A client takes {one.first_seconds.a_client:.1f} s of processor in the first night and"
            f" {one.next_seconds.a_client:.1f} s in the next, a shard {one.first_seconds.a_shard:.1f} and"
            f" {one.next_seconds.a_shard:.1f} s more. A worker takes {one.peak_bytes.a_shard / MEGABYTE:,.0f} MB and"
            f" {one.peak_bytes.a_client / MEGABYTE:,.0f} a client: {one.clients_a_shard} clients a shard stay below"
            f" {MOST_MEGABYTES:,} MB. Calls of a client and night: {per_night}.",
            "",
            *sizes_table(sizes, room),
            "",
            f"Machines of {room.machine_cores} cores and {room.machine_gigabytes:g} GB, a worker a core, which waits"
            f" {one.wait_seconds:.1f} s a client for calls of {one.milliseconds:g} ms by"
            f" {AT_ONCE} at once a credential and {MOST_THREADS} in all; a month is {NIGHTS_A_MONTH} nights at"
            f" {room.core_hour:g} a core and hour and {room.gigabyte_month:g} a GB, examples in no currency.",
            "",
            "What a night needs of what vendors count by:",
            "",
            *quotas_table(sizes, room),
            "",
            "What gives first, with one credential a vendor and one machine:",
            "",
            *gives_first(one, room),
        ]
    )


def main() -> None:
    """Print what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Room()
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--hours", type=float, default=usual.hours)
    parser.add_argument("--machine-cores", type=int, default=usual.machine_cores)
    parser.add_argument("--machine-gigabytes", type=float, default=usual.machine_gigabytes)
    parser.add_argument("--core-hour", type=float, default=usual.core_hour)
    parser.add_argument("--gigabyte-month", type=float, default=usual.gigabyte_month)
    given = vars(parser.parse_args())
    figures = json.loads(given.pop("figures").read_text(encoding="utf-8"))
    print(said(figures, Room(**given)))


if __name__ == "__main__":
    main()
