"""Nights of 1, 10 and 100 clients in one home, over recorded replies that take their time: what a client costs.

    python -m benchmarks.clients [--clients 1 10 100] [--months 36] [--few-months 6] [--milliseconds 50]

Every client is the demo's first one by another name, without its files: GA4, Search Console, Facebook, Instagram,
LinkedIn, YouTube and WordPress, read from so many months back. The sandbox answers from memory in a process of its own,
whose processor is not counted, and every answer takes so long as a vendor's would; that nothing was computed in a
measured night is printed. Each night is ``okr run`` as a process: the first one, which reads everything, and the next.

The limit of a night is what it would take if all it did were to wait: calls times latency, divided by how many are made
at once, of each credential (here one a vendor, and one host of sites) or of all, whichever takes longer, and the fixed
price on top, which is a night of a home of one client with one small file. The pace that a vendor
is asked in is not kept towards a server on this machine. What belongs here: the clients and the comparison. What does
not: running a night (``measured.py``), the server (``recorded_sandbox.py``).
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import print_head
from benchmarks.measured import MEGABYTE, Cost, bytes_in, night
from benchmarks.recorded_sandbox import Recorded, recorded
from okr_models.periods import add_months
from pipelines.warehouse.ingest.lanes import AT_ONCE, AT_ONCE_A_HOST, MOST_THREADS

LAST = date(2026, 11, 20)
NIGHTS = {"first night": LAST - timedelta(days=1), "next night": LAST}
HOSTS = frozenset({"wordpress"})
"""Where clients are asked at their own host, which in the sandbox is one for all."""
LIKE = Path(__file__).resolve().parents[1] / "demo" / "clients" / "fjallglas.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One night of a home of so many clients, with what the server counted in it."""

    clients: int
    months: int
    which: str
    cost: Cost
    places: Mapping[str, int]
    """Calls by vendor, each of which is asked with one credential by all clients."""
    computed: int
    disk: int

    @property
    def calls(self) -> int:
        return sum(self.places.values())

    def limit(self, *, latency: float, fixed: float) -> float:
        """Seconds that nobody could do it in less, by how many calls are made at once."""
        return waiting(self.places, latency=latency) + fixed

    @property
    def stages(self) -> str:
        """What the night itself says of each stage's seconds on the clock."""
        found = re.search(r" in all: (.*)", self.cost.said)
        return found[1] if found else "not said"

    def line(self, *, latency: float, fixed: float) -> str:
        limit = self.limit(latency=latency, fixed=fixed)
        return (
            f"  {self.clients:4} clients, {self.months:2} months, {self.which:11} {self.cost.clock:7.1f} s,"
            f" {self.cost.processor:7.1f} s of processor ({self.cost.processor / self.clients:6.2f} a client),"
            f" {self.cost.peak_bytes / MEGABYTE:5.0f} MB at most, {self.disk / MEGABYTE:6.0f} MB on disk,"
            f" {self.calls:6} calls ({self.computed} computed), limit {limit:6.1f} s: {self.cost.clock / limit:.2f} x"
        )


def waiting(places: Mapping[str, float], *, latency: float) -> float:
    """Seconds for which calls are waited for: of the vendor that takes longest with its one credential, or of all."""
    apart = [calls / (AT_ONCE_A_HOST if place in HOSTS else AT_ONCE) for place, calls in places.items()]
    return latency * max([sum(places.values()) / MOST_THREADS, *apart])


def client_file(name: str, *, months: int) -> dict[str, Any]:
    """The demo's first client by another name, without what it reads from files, from so many months back."""
    content: dict[str, Any] = yaml.safe_load(LIKE.read_text(encoding="utf-8"))
    start = add_months(LAST.replace(day=1), -months)
    sources = [{**source, "start": start} for source in content["sources"] if source["type"] != "csv"]
    content |= {"client": name, "name": name, "sources": sources, "kpis": []}
    # an account that opened later than it is read from is read from then
    for source in sources:
        source.pop("opened", None)
    return content


def small_file() -> dict[str, Any]:
    """A client with one file of a few months, whose night is the fixed price."""
    return {
        "client": "small",
        "name": "Small",
        "language": "en",
        "sources": [{"id": "own", "type": "csv", "path": "data/small.csv"}],
        "kpis": [{"id": "orders", "title": "Orders", "kind": "flow", "unit": "orders", "source": "own"}],
        "objectives": [
            {
                "id": "growth",
                "title": "Growth",
                "period": {"start": date(2026, 1, 1), "end": date(2026, 12, 31)},
                "key_results": [{"id": "orders", "title": "More orders", "kpi": "orders", "target": "+8%"}],
            }
        ],
    }


def write_clients(home: Path, files: Mapping[str, dict[str, Any]]) -> None:
    """The client files of a home."""
    (home / "clients").mkdir(parents=True)
    for name, content in files.items():
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        (home / "clients" / f"{name}.yaml").write_text(text, encoding="utf-8")


def nights_of(clients: int, *, months: int, server: Recorded) -> list[Night]:
    """Two nights of a home of its own, which is gone afterwards."""
    found = []
    with tempfile.TemporaryDirectory(prefix="okr-clients-") as folder:
        home = Path(folder)
        names = [f"c{number:03}" for number in range(clients)]
        write_clients(home, {name: client_file(name, months=months) for name in names})
        for which, today in NIGHTS.items():
            server.set_today(today)
            before, places = server.counted(), server.places()
            cost = night(home, {**os.environ, **server.variables, "OKR_TODAY": str(today)})
            computed = server.counted()["computed"] - before["computed"]
            asked = {name: number - places.get(name, 0) for name, number in server.places().items()}
            found.append(
                Night(
                    clients=clients, months=months, which=which, cost=cost, disk=bytes_in(home),
                    places=asked, computed=computed,
                )
            )  # fmt: skip
    return found


def fixed_price() -> Cost:
    """The second night of the small client."""
    with tempfile.TemporaryDirectory(prefix="okr-small-") as folder:
        home = Path(folder)
        write_clients(home, {"small": small_file()})
        (home / "data").mkdir()
        rows = [f"{add_months(date(2025, 1, 1), number)},orders,{100 + number}" for number in range(22)]
        (home / "data" / "small.csv").write_text("\n".join(["month,kpi,value", *(row[:7] + row[10:] for row in rows)]))
        return [night(home, {**os.environ, "OKR_TODAY": str(today)}) for today in NIGHTS.values()][-1]


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--few-months", type=int, default=6)
    parser.add_argument("--milliseconds", type=int, default=50)
    given = parser.parse_args()
    latency = given.milliseconds / 1000
    print_head(
        f"Nights of many clients, {given.milliseconds} ms a call, {AT_ONCE} at once a credential of {MOST_THREADS}",
        {name: version(name) for name in ("dagster", "duckdb", "pyarrow")},
    )
    fixed = fixed_price()
    print(f"  the fixed price: {fixed.clock:.1f} s, {fixed.processor:.1f} s of processor", flush=True)
    with recorded(milliseconds=given.milliseconds) as server:
        found: list[Night] = []
        few = min(given.clients, key=lambda count: abs(count - 10))
        for months, counts in ((given.months, given.clients), (given.few_months, [few])):
            nights_of(1, months=months, server=server)  # what is asked once is recorded
            for clients in counts:
                for one in nights_of(clients, months=months, server=server):
                    found.append(one)
                    print(one.line(latency=latency, fixed=fixed.clock))
                    print(f"       stages: {one.stages}", flush=True)
    _compare(found, few=few, months=(given.months, given.few_months))


def _compare(found: list[Night], *, few: int, months: tuple[int, int]) -> None:
    by = {(one.clients, one.months, one.which): one.cost.processor for one in found}
    counts = sorted({one.clients for one in found})
    for less, more in pairwise(counts):
        for which in NIGHTS:
            ratio = by[more, months[0], which] / more / (by[less, months[0], which] / less)
            print(f"  a client of {more} costs {ratio:.2f} x one of {less}, {which} (goal from 10 to 100: 1.1 x)")
    ratio = by[few, months[0], "next night"] / by[few, months[1], "next night"]
    print(
        f"  {few} clients with {months[0]} months cost {ratio:.2f} x those with {months[1]}, next night (goal 1.25 x)"
    )


if __name__ == "__main__":
    main()
