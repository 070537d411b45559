"""A night of many simulated clients in shards on this machine's cores: time, processor, memory, disk, cost a client.

    python -m benchmarks.scale [--clients 100 1000] [--a-shard 50] [--months 36] [--milliseconds 50]

Each client's csv is behind an address that answers after so many milliseconds, as a vendor would. Printed are the
first night, which reads everything, and the next one; with more than one number of clients the cost a client of each.
Last comes how long it takes to plan 10,000 clients. What belongs here: the timing. What does not: a run
(``pipelines/shards_run.py``), and many clients in one home (``clients.py``).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

from benchmarks.measured import MEGABYTE, bytes_in
from okr_models.periods import add_months
from pipelines.shards.engine import RunEnded
from pipelines.shards.plan import Plan
from pipelines.shards_run import run_all

LAST = date(2026, 11, 20)
PLANNED_CLIENTS, PLANNED_SHARDS = 10_000, 200


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


KPIS = (("orders", 100), ("calls", 30))


@contextmanager
def served(*, months: int, milliseconds: int) -> Iterator[str]:
    """The address of the simulated vendor."""
    _Reply.months, _Reply.wait_seconds = months, milliseconds / 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Reply)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def write_home(root: Path, clients: int, *, address: str) -> None:
    """Client files alone; everything else comes over HTTP."""
    (root / "clients").mkdir(parents=True)
    for number in range(clients):
        name = f"c{number:05}"
        content = {
            "client": name,
            "name": f"Client {number}",
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
                    "key_results": [
                        {"id": kpi, "title": f"More {kpi}", "kpi": kpi, "target": "+8%"} for kpi, _ in KPIS
                    ],
                }
            ],
        }
        (root / "clients" / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def night(root: Path, today: date, *, shards: int) -> tuple[RunEnded, float]:
    """One run and its seconds on the clock."""
    os.environ["OKR_TODAY"] = today.isoformat()
    begun = time.monotonic()
    ended = run_all(str(root), os.environ, shards=shards)
    if ended.exit_code:
        raise SystemExit(f"the night ended with {ended.exit_code}: {ended.problems[:3]}")
    return ended, time.monotonic() - begun


def measured(clients: int, *, a_shard: int, address: str) -> float:
    """Print two nights of so many clients; seconds of processor a client in the second."""
    shards = -(-clients // a_shard)
    cost = 0.0
    with tempfile.TemporaryDirectory(prefix="okr-scale-") as folder:
        root = Path(folder)
        write_home(root, clients, address=address)
        for what, today in (("first night", LAST - timedelta(days=1)), ("next night", LAST)):
            ended, seconds = night(root, today, shards=shards)
            processor = sum(each.processor_seconds for each in ended.outcomes)
            peak = max(each.peak_bytes for each in ended.outcomes) / MEGABYTE
            disk = bytes_in(root) / MEGABYTE
            cost = processor / clients
            print(
                f"{clients} clients in {shards} shards, {what}: {seconds:.0f} s, {processor:.0f} s of processor in"
                f" shards ({cost:.2f} a client), {peak:.0f} MB at most in a worker, {disk:.0f} MB on disk",
                flush=True,
            )
    return cost


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--a-shard", type=int, default=50)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--milliseconds", type=int, default=50)
    given = parser.parse_args()
    with served(months=given.months, milliseconds=given.milliseconds) as address:
        costs = [measured(clients, a_shard=given.a_shard, address=address) for clients in given.clients]
    for clients, cost in zip(given.clients[1:], costs[1:], strict=True):
        print(f"a client of {clients} costs {cost / costs[0]:.2f} times one of {given.clients[0]}")
    begun = time.process_time()
    spread = Plan(shards=PLANNED_SHARDS).spread(f"c{number:05}" for number in range(PLANNED_CLIENTS))
    sizes = [len(names) for names in spread.values()]
    print(
        f"planning {PLANNED_CLIENTS} clients over {PLANNED_SHARDS} shards: {time.process_time() - begun:.2f} s of"
        f" processor; {min(sizes)} to {max(sizes)} a shard"
    )


if __name__ == "__main__":
    main()
