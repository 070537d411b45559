"""Readers by the hundred thousand while nights run: each read is exactly one published version, and never an older one.

``python -m tests.torture.readers --reads 100000`` shares the reads among readers, each a process of its own
(``reading.py``), and runs nights meanwhile, spread evenly over them. No test lives here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipelines.warehouse.db import open_published
from tests.csv_home import CsvHome
from tests.torture.night import run_night
from tests.torture.reading import ALL, Seen, seen_in

FIRST = date(2026, 3, 1)


@dataclass(frozen=True, slots=True)
class Read:
    """What readers saw. ``versions``: how many were published; ``changes``: how often a reader came to a newer one."""

    reads: int
    versions: int
    changes: int
    wrong: tuple[str, ...]


def growing_home(root: Path) -> CsvHome:
    """One client with a figure by day, of which every night knows one more."""
    home = CsvHome(root).own("calls", "flow").own("orders", "flow")
    home.months("orders", "2025-01", [400.0 + n for n in range(14)])
    home.result("orders", kpi="orders", target=5000)
    return home


def read_during_nights(root: Path, *, reads: int, readers: int, nights: int = 2) -> Read:
    """At least ``reads`` reads by so many readers; meanwhile ``nights`` nights, the next after each share of them."""
    written = growing_home(root)
    home, published = written.home, list[Seen]()

    def night(day: date) -> None:
        written.months("orders", f"{day + timedelta(days=3_000):%Y-%m}", [float(day.day)])
        written.write()
        run_night(home, {}, day, run_id=f"r{day}", without=frozenset({"publish__exports", "publish__sent"}))
        with closing(open_published(home)) as con:
            published.append(seen_in(con, ALL))

    night(FIRST)
    each = -(-reads // readers)
    project = Path(__file__).resolve().parents[2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.torture.reading", str(root), str(each), str(number)],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project), "OKR_CORES": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(readers)
    ]
    try:
        day = FIRST
        while len(published) <= nights or min(_read(root, readers)) < each:
            if any(process.poll() is not None for process in processes):
                break
            if len(published) <= nights and sum(_read(root, readers)) * nights >= reads * (len(published) - 1):
                day += timedelta(days=1)
                night(day)
            time.sleep(0.02)
        (root / "stop").touch()
        told = [json.loads(process.communicate()[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    wrong = [each for one in told for each in one["wrong"]]
    if len(set(published)) < len(published):
        wrong.append("two nights published the same, so that a version can't be told from another")
    changes = 0
    for one in told:
        seen = [frozenset((n, text) for n, text in each) for each in one["seen"]]
        places, why = followed([seen[number] for number in one["order"]], [frozenset(each) for each in published])
        wrong += why
        changes += len(set(places)) - 1
    return Read(
        reads=sum(one["reads"] for one in told),
        versions=len(published),
        changes=changes,
        wrong=tuple(wrong),
    )


def followed(
    order: Iterable[frozenset[tuple[int, str]]], versions: list[frozenset[tuple[int, str]]]
) -> tuple[list[int], list[str]]:
    """Which version each read was of, never an older one than the read before, and what was not so."""
    places, wrong, place = list[int](), list[str](), 0
    for seen in order:
        of = [number for number, version in enumerate(versions) if seen <= version]
        newer = [number for number in of if number >= place]
        if newer:
            place = newer[0]
        else:
            wrong.append(f"a reader went back from {place} to {of[-1]}" if of else "a read was of no published version")
        places.append(place)
    return places, wrong


def _read(root: Path, readers: int) -> list[int]:
    """How many reads each reader has done."""
    paths = [root / f"read-{number}" for number in range(readers)]
    return [path.stat().st_size if path.exists() else 0 for path in paths]


def main() -> int:
    parser = argparse.ArgumentParser(description="Readers while nights run")
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--nights", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = read_during_nights(Path(folder), reads=asked.reads, readers=asked.readers, nights=asked.nights)
    for line in found.wrong:
        print(f"BROKEN: {line}")
    print(
        f"{found.reads} reads by {asked.readers} readers over {found.versions} publications, {found.changes} times a"
        f" newer one: {len(found.wrong)} not exactly one published version, or older than the one before"
    )
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
