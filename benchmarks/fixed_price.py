"""What a night and a command cost beside their work, in units: the import of dagster, duckdb and pandas in one process.

    python -m benchmarks.fixed_price [--rounds N]

A tiny night is one client with one csv file and nothing new; a steady one the demo's first client against the sandbox
in a process of its own, each night a day later, nothing failing. The demo is the whole of ``okr demo`` in a new folder.
Commands are asked of the tiny home. Seconds of processor, of the process and its children, each beside a unit of its
own, since machines differ from hour to hour. What does not belong here: many clients (``clients.py``).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import print_head
from benchmarks.measured import Cost, cost_of
from connectors.sandbox.environment import demo_environment
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.shop_database import write_shop_database
from connectors.sandbox.world import VirtualClock, World
from pipelines.carried import carried
from pipelines.warehouse.clock import FIXED_ZONE

OKR = (sys.executable, "-c", "from pipelines.cli.main import main; main()")
UNIT = (sys.executable, "-c", "import dagster, duckdb, pandas")
LOCATION = (sys.executable, "-c", "import pipelines.definitions")
FIRST = date(2026, 11, 18)
CLIENT = """\
client: acme
name: Acme
language: en
timezone: Europe/Stockholm
sources:
  - {id: crm, type: csv, path: data/orders.csv}
kpis:
  - {id: orders, title: Orders, kind: flow, unit: orders, source: crm}
objectives:
  - id: growth
    title: Growth
    team: sales
    owner: a@acme.example
    period: {start: 2026-01-01, end: 2026-12-31}
    key_results:
      - {id: orders, title: Orders, kpi: orders, target: "+10%"}
"""
MONTHS = 34


def main() -> None:
    """Measure, each figure beside a unit of its own, and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    rounds = asked.parse_args().rounds
    names = ("dagster", "duckdb", "pandas")
    print_head("The fixed price, in units of an import", {name: version(name) for name in names})
    with tempfile.TemporaryDirectory() as folder:
        tiny, demo = Path(folder, "tiny"), Path(folder, "demo")
        environ = os.environ | {"OKR_TODAY": str(FIRST)}
        _tiny_home(tiny)
        run = (*OKR, "--home", str(tiny), "run")
        cost_of(run, environ)  # what is compiled and made once
        _report("tiny night", [_beside(run, environ) for _ in range(rounds)], goal=5)
        _report("steady night of the demo's first client", _steady(Path(folder, "steady"), rounds), goal=8)
        for name, words, goal in (
            ("okr --help", (*OKR, "--help"), 0.25 / 1.5),
            ("okr status", (*OKR, "--home", str(tiny), "status"), 0.5 / 1.5),
            ("okr export --client", (*OKR, "--home", str(tiny), "export", "--client", "acme"), 1 / 1.5),
            ("loading the code location", LOCATION, 2.5 / 1.5),
        ):
            cost_of(words, environ)
            _report(name, [_beside(words, environ) for _ in range(rounds)], goal=goal)
        for part in ("clients", "data"):
            shutil.copytree(carried("demo") / part, demo / part)
        whole = {name: value for name, value in os.environ.items() if name != "OKR_TODAY"}
        _report("okr demo, six weeks of nights in it", [_beside((*OKR, "--home", str(demo), "demo"), whole)], goal=20)


def _tiny_home(root: Path) -> None:
    (root / "clients").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "clients" / "acme.yaml").write_text(CLIENT, encoding="utf-8")
    rows = [f"{2024 + n // 12}-{1 + n % 12:02},orders,{100 + n}\n" for n in range(MONTHS)]
    (root / "data" / "orders.csv").write_text("".join(["month,kpi,value\n", *rows]), encoding="utf-8")


def _steady(root: Path, rounds: int) -> list[tuple[Cost, Cost]]:
    """Each night a day after the one before; the first, which reads everything, is not counted."""
    (root / "clients").mkdir(parents=True)
    shutil.copy(carried("demo") / "clients" / "fjallglas.yaml", root / "clients")
    shutil.copytree(carried("demo") / "data", root / "data")
    found = []
    with SandboxProcess(now=datetime(FIRST.year, FIRST.month, FIRST.day, 5, tzinfo=FIXED_ZONE)) as server:
        for number in range(rounds + 1):
            night = FIRST + timedelta(days=number)
            server.set_today(night)
            now = datetime(night.year, night.month, night.day, 5, tzinfo=FIXED_ZONE)
            write_shop_database(root, World(clock=VirtualClock(now)))
            environ = os.environ | demo_environment(server) | {"OKR_TODAY": str(night)}
            found.append(_beside((*OKR, "--home", str(root), "run"), environ))
    return found[1:]


def _beside(words: Sequence[str], environ: Mapping[str, str]) -> tuple[Cost, Cost]:
    """What a command costs, and the unit right after it."""
    return cost_of(words, environ), cost_of(UNIT, environ)


def _report(name: str, found: Sequence[tuple[Cost, Cost]], *, goal: float) -> None:
    processor = [cost.processor for cost, _ in found]
    units = [cost.processor / unit.processor for cost, unit in found]
    print(
        f"  {name:<40} {statistics.median(units):6.2f} units ({min(units):.2f} to {max(units):.2f}), goal {goal:.2f};"
        f" {statistics.median(processor):6.2f} s of processor, {statistics.median(c.clock for c, _ in found):6.2f} s"
        f" on the clock, unit {statistics.median(unit.processor for _, unit in found):.2f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
