"""Readers by the hundred thousand while nights run: each read is exactly one published version, and never an older one.

``python -m tests.torture.readers --reads 100000`` shares the reads among readers, each a process of its own
(``reading.py``), and runs night after night meanwhile until they have all done theirs. No test lives here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pipelines.warehouse.db import open_published
from tests.csv_home import CsvHome
from tests.torture.night import run_night
from tests.torture.reading import version_of

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
    """At least ``reads`` reads by so many readers, while at least ``nights`` nights run."""
    written = growing_home(root)
    home, published = written.home, list[str]()

    def night(day: date) -> None:
        written.months("orders", f"{day + timedelta(days=3_000):%Y-%m}", [float(day.day)])
        written.write()
        run_night(home, {}, day, run_id=f"r{day}", without=frozenset({"publish__exports", "publish__sent"}))
        with closing(open_published(home)) as con:
            published.append(version_of(con))

    night(FIRST)
    each = -(-reads // readers)
    project = Path(__file__).resolve().parents[2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.torture.reading", str(root), str(each), str(number)],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(readers)
    ]
    try:
        day = FIRST
        while len(list(root.glob("done-*"))) < readers or len(published) <= nights:
            if any(process.poll() is not None for process in processes):
                break
            day += timedelta(days=1)
            night(day)
        (root / "stop").touch()
        told = [json.loads(process.communicate()[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    wrong = [each for one in told for each in one["wrong"]]
    place = {version: number for number, version in enumerate(published)}
    if len(place) < len(published):
        wrong.append("two nights published the same, so that a version can't be told from another")
    for one in told:
        seen = [place.get(version, -1) for version, _ in one["order"]]
        if -1 in seen:
            wrong.append("a read was of no published version")
        if seen != sorted(seen):
            wrong.append(f"a reader went back: {seen}")
    return Read(
        reads=sum(one["reads"] for one in told),
        versions=len(published),
        changes=sum(len(one["order"]) - 1 for one in told),
        wrong=tuple(wrong),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Readers while nights run")
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = read_during_nights(Path(folder), reads=asked.reads, readers=asked.readers)
    for line in found.wrong:
        print(f"BROKEN: {line}")
    print(
        f"{found.reads} reads by {asked.readers} readers over {found.versions} publications, {found.changes} times a"
        f" newer one: {len(found.wrong)} not exactly one published version, or older than the one before"
    )
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
