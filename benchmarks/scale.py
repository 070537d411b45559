"""A night of many clients in shards on this machine's cores: time, processor, memory, disk, calls, cost a client.

    python -m benchmarks.scale [--clients 100 1000] [--a-shard 50] [--months 36] [--milliseconds 50] [--like demo]
        [--compare-cores] [--figures FILE]

A client ``--like demo`` is the demo's first one without its files (GA4, Search Console, Facebook, Instagram, LinkedIn,
YouTube, WordPress; 5 key results), read from a sandbox that answers from memory after so many milliseconds, in a
process of its own whose processor is not counted. One ``--like csv`` has a file of two figures a day at an address and
two key results. Printed are the first night, which reads everything, and the next one; with more than one number of
clients the cost a client of each; with ``--compare-cores`` the last home's night after that on one core; and how long
it takes to plan 10,000 clients. ``--figures`` keeps what ``benchmarks/sizing.py`` reckons with.

What belongs here: the timing. What does not: a run (``pipelines/shards_run.py``), and many clients in one home
(``clients.py``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.clients import client_file, write_clients
from benchmarks.figures import print_head
from benchmarks.measured import MEGABYTE, bytes_in
from benchmarks.recorded_sandbox import Recorded, recorded
from okr_models.periods import add_months
from pipelines.shards.engine import RunEnded
from pipelines.shards.plan import Plan
from pipelines.shards.ray_engine import cluster
from pipelines.shards_run import run_all

LAST = date(2026, 11, 20)
FIRST_NIGHT, NEXT_NIGHT, ONE_CORE = "first night", "next night", "night on one core"
NIGHTS = {FIRST_NIGHT: LAST - timedelta(days=1), NEXT_NIGHT: LAST}
PLANNED_CLIENTS, PLANNED_SHARDS = 10_000, 200
KPIS = (("orders", 100), ("calls", 30))


class _Reply(BaseHTTPRequestHandler):
    """A client's csv by day, as its system would have recorded it by the night asked for."""

    months, wait_seconds = 36, 0.05

    def do_GET(self) -> None:
        time.sleep(self.wait_seconds)
        seed = int(self.path.strip("/").removeprefix("c").removesuffix(".csv"))
        today = date.fromisoformat(os.environ["OKR_TODAY"])
        first = add_months(LAST.replace(day=1), -self.months)
        days = [first + timedelta(days=number) for number in range((today - first).days)]
        rows = [f"{day},{kpi},{base + (day.toordinal() * 7 + seed * 13) % 40}" for day in days for kpi, base in KPIS]
        body = ("date,kpi,value\n" + "\n".join(rows) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not a line a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a client is. ``today`` tells the vendors the day; ``calls`` how many they answered, by place."""

    client: Callable[[str], dict[str, Any]]
    today: Callable[[date], None] = lambda _: None
    calls: Callable[[], dict[str, int]] = dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One night of a home of so many clients."""

    clients: int
    shards: int
    largest_shard: int
    """Clients of it; a worker's memory is most probably its."""
    which: str
    seconds: float
    processor_seconds: float
    peak_bytes: int
    disk_bytes: int
    cores: int
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def a_client(self) -> float:
        return self.processor_seconds / self.clients

    def line(self) -> str:
        return (
            f"{self.clients} clients in {self.shards} shards, {self.which}: {self.seconds:.0f} s on {self.cores} cores,"
            f" {self.processor_seconds:.0f} s of processor in shards ({self.a_client:.2f} a client),"
            f" {self.peak_bytes / MEGABYTE:.0f} MB at most in a worker, {self.disk_bytes / MEGABYTE:.0f} MB on disk,"
            f" {sum(self.calls.values())} calls"
        )


@contextmanager
def kind_of(like: str, *, months: int, milliseconds: int) -> Iterator[Kind]:
    """The kind of client, while its vendors answer."""
    if like == "demo":
        with recorded(milliseconds=milliseconds) as server:
            os.environ.update(server.variables)
            yield Kind(
                client=lambda name: client_file(name, months=months), today=server.set_today, calls=_vendors_of(server)
            )
        return
    _Reply.months, _Reply.wait_seconds = months, milliseconds / 1000
    files = ThreadingHTTPServer(("127.0.0.1", 0), _Reply)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    try:
        yield Kind(client=lambda name: _csv_client(name, f"http://127.0.0.1:{files.server_port}"))
    finally:
        files.shutdown()
        files.server_close()


VENDORS = {
    "v1beta": "ga4",
    "webmasters": "search_console",
    "youtube": "youtube",
    "rest": "linkedin",
    "sites": "wordpress",
}
"""The first part of a path of the demo's first client by vendor; Meta's is its version."""


def _vendors_of(server: Recorded) -> Callable[[], dict[str, int]]:
    def counted() -> dict[str, int]:
        found: dict[str, int] = {}
        for place, calls in server.places().items():
            vendor = VENDORS.get(place, "meta" if place.startswith("v2") else place)
            found[vendor] = found.get(vendor, 0) + calls
        return found

    return counted


def _csv_client(name: str, address: str) -> dict[str, Any]:
    return {
        "client": name,
        "name": name,
        "language": "en",
        "sources": [{"id": "own", "type": "csv", "url": f"{address}/{name}.csv"}],
        "kpis": [
            {"id": kpi, "title": kpi.capitalize(), "kind": "flow", "unit": kpi, "source": "own"} for kpi, _ in KPIS
        ],
        "objectives": [
            {
                "id": "growth",
                "title": "Growth",
                "period": {"start": "2026-01-01", "end": "2026-12-31"},
                "key_results": [{"id": kpi, "title": f"More {kpi}", "kpi": kpi, "target": "+8%"} for kpi, _ in KPIS],
            }
        ],
    }


def night(root: Path, today: date, *, shards: int) -> tuple[RunEnded, float]:
    """One run and its seconds on the clock."""
    os.environ["OKR_TODAY"] = today.isoformat()
    begun = time.monotonic()
    ended = run_all(str(root), os.environ, shards=shards)
    if ended.exit_code:
        raise SystemExit(f"the night ended with {ended.exit_code}: {ended.problems[:3]}")
    return ended, time.monotonic() - begun


def one_night(root: Path, which: str, today: date, *, clients: int, shards: int, cores: int, kind: Kind) -> Measured:
    """Run it on so many cores, and print it."""
    kind.today(today)
    before = kind.calls()
    with cluster(os.environ, cores=cores):  # which a run takes as it finds it
        ended, seconds = night(root, today, shards=shards)
    found = Measured(
        clients=clients,
        shards=shards,
        largest_shard=max(len(each.clients) for each in ended.outcomes),
        which=which,
        seconds=seconds,
        processor_seconds=sum(each.processor_seconds for each in ended.outcomes),
        peak_bytes=max(each.peak_bytes for each in ended.outcomes),
        disk_bytes=bytes_in(root),
        cores=cores,
        calls={name: number - before.get(name, 0) for name, number in kind.calls().items()},
    )
    print(found.line(), f"(load {os.getloadavg()[0]:.1f})", flush=True)
    return found


def even_names(clients: int, *, shards: int) -> list[str]:
    """Names that the plan spreads evenly: of few clients some shards would be empty, and one would have most."""
    plan, names = Plan(shards=shards), list[str]()
    room = {shard: clients // shards + (shard < clients % shards) for shard in range(shards)}
    numbers = itertools.count()
    while len(names) < clients:
        shard = plan.shard_of(name := f"c{next(numbers):05}")
        if room[shard]:
            room[shard] -= 1
            names.append(name)
    return names


def measured(clients: int, *, a_shard: int, kind: Kind, cores: int, compare: bool) -> list[Measured]:
    """Two nights of so many clients; to ``compare``, two more on one core and on two."""
    shards = -(-clients // a_shard)
    nights = [(which, today, cores) for which, today in NIGHTS.items()]
    if compare:
        nights.append((ONE_CORE, LAST + timedelta(days=1), 1))
    with tempfile.TemporaryDirectory(prefix="okr-scale-") as folder:
        root = Path(folder)
        write_clients(root, {name: kind.client(name) for name in even_names(clients, shards=shards)})
        return [
            one_night(root, which, today, clients=clients, shards=shards, cores=of, kind=kind)
            for which, today, of in nights
        ]


def planning() -> float:
    """Print and return the seconds of processor that planning takes."""
    begun = time.process_time()
    spread = Plan(shards=PLANNED_SHARDS).spread(f"c{number:05}" for number in range(PLANNED_CLIENTS))
    took, sizes = time.process_time() - begun, [len(names) for names in spread.values()]
    print(
        f"planning {PLANNED_CLIENTS} clients over {PLANNED_SHARDS} shards: {took:.2f} s of processor; {min(sizes)} to"
        f" {max(sizes)} a shard (goal 60 s)"
    )
    return took


def compared(found: list[Measured]) -> None:
    """Print the cost a client of each number beside the first, and one core beside two."""
    for which in NIGHTS:
        costs = [(each.clients, each.a_client) for each in found if each.which == which]
        for clients, cost in costs[1:]:
            ratio = cost / costs[0][1]
            print(f"a client of {clients} costs {ratio:.2f} times one of {costs[0][0]}, {which} (goal 1.1)")
    if found[-1].which == ONE_CORE:
        many, one = found[-2:]
        print(
            f"{many.shards} shards on {many.cores} cores: {one.seconds / many.seconds:.2f} times one core (goal of four"
            f" on two: 1.8); they had {many.processor_seconds / many.seconds:.2f} s of processor a second, the one"
            f" {one.processor_seconds / one.seconds:.2f}"
        )


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--a-shard", type=int, default=50)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--milliseconds", type=int, default=50)
    parser.add_argument("--like", choices=("demo", "csv"), default="demo")
    parser.add_argument("--compare-cores", action="store_true")
    parser.add_argument("--figures", type=Path)
    given = parser.parse_args()
    title = f"Nights in shards of {given.a_shard}, {given.milliseconds} ms a call, {given.months} months"
    print_head(title, {name: version(name) for name in ("ray", "dagster", "duckdb")})
    planned, cores = planning(), os.cpu_count() or 1
    found: list[Measured] = []
    with kind_of(given.like, months=given.months, milliseconds=given.milliseconds) as kind:
        for clients in given.clients:
            compare = given.compare_cores and clients == given.clients[-1]
            found += measured(clients, a_shard=given.a_shard, kind=kind, cores=cores, compare=compare)
            if given.figures is not None:
                nights = [asdict(each) for each in found]
                about = {"like": given.like, "months": given.months, "milliseconds": given.milliseconds}
                about |= {"planning_seconds": planned, "nights": nights}
                given.figures.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    compared(found)


if __name__ == "__main__":
    main()
