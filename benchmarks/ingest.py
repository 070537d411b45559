"""Ingest from HTTP to a committed table, against dlt on the same endpoints with the same keys.

    python -m benchmarks.ingest [--rounds N] [--paths json arrow] [--dlt .venv-bench/bin/python]

The sandbox answers all sides: page statistics of Plausible (10,000 rows a page) and of Search Console (a month a
request), for four clients, 212,000 rows, with the primary keys of ``connectors/core/raw_tables.py``. It runs in a
process of its own and gives from memory what it was asked before, in a round that is not counted, so that what is
measured is the reader: HTTP, parsing, typing, checks, the write and the commit. dlt is measured by two paths: fed
dictionaries, as its documentation shows first (``json``), and fed Arrow tables (``arrow``). Beside them stands what no
reader can go below: the same requests and Arrow tables, written nowhere. All load twice: into an
empty database, and again over what is there, by merge. Each round runs the sides one after the other, each in a fresh
process, timed in it from the first request to the last commit; imports are left out on all sides. Seconds of the
processor are printed too: they say the same on a machine that has other work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.figures import print_head, print_ratio, print_seconds
from benchmarks.ingest_asked import Asked
from benchmarks.recorded_sandbox import recorded

HERE = Path(__file__).parent
BOTH = ("web", "search")
ASKED = Asked(
    today=date(2026, 11, 20),
    clients=(("one", BOTH), ("two", BOTH), ("three", BOTH), ("four", ("web",))),
    web=(date(2024, 7, 1), date(2026, 11, 19)),
    search=(date(2025, 8, 1), date(2026, 11, 18)),
)

DLT = {"json": "dlt, JSON", "arrow": "dlt, Arrow"}
UNKEPT = "requests and Arrow tables alone"
GOALS = {"dlt, JSON": "20 x", "dlt, Arrow": "3 x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One reader: a command that takes the path of what is asked and an empty folder, and prints JSON."""

    name: str
    command: tuple[str, ...]

    def run(self, environ: dict[str, str]) -> dict[str, Any]:
        """One fresh process. Raises ``SystemExit`` with what it said where it fails."""
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "asked.json"
            ASKED.write(asked)
            place = Path(folder) / "home"
            place.mkdir()
            done = subprocess.run(
                [*self.command, str(asked), str(place)], env=environ, capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise SystemExit(f"{self.name}: {done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """The recorded sandbox, and the variables with which it is read."""
    with recorded() as server:
        token = google_token(server.variables["OKR_DEMO_GOOGLE_KEY"])
        quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
        yield {**os.environ, **server.variables, **quiet, "BENCH_GOOGLE_TOKEN": token}


def google_token(key: str) -> str:
    """A bearer token as a service account gets it, for the side that has no Google library."""
    from google.auth.transport.requests import Request
    from google.oauth2.service_account import Credentials

    scopes = ["https://www.googleapis.com/auth/webmasters.readonly"]
    credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        json.loads(key), scopes=scopes
    )
    credentials.refresh(Request())
    return str(credentials.token)


def main() -> None:
    """Measure in rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paths", nargs="+", choices=list(DLT), default=list(DLT))
    parser.add_argument("--dlt", type=Path, default=HERE.parent / ".venv-bench" / "bin" / "python")
    options = parser.parse_args()
    if not options.dlt.exists():
        raise SystemExit(f"{options.dlt} is not there; make bench installs dlt in an environment of its own")
    own = Side(name="own", command=(sys.executable, "-m", "benchmarks.ingest_own"))
    sides = [
        own,
        *(Side(name=name, command=dlt_by(options.dlt, path)) for path, name in DLT.items() if path in options.paths),
        Side(name=UNKEPT, command=dlt_by(options.dlt, "unkept")),
    ]
    with sandbox() as environ:
        counted = {side.name: side.run(environ)["kept"] for side in sides}
        if any(kept != counted["own"] for kept in counted.values()):
            raise SystemExit(f"the sides did not load the same rows: {counted}")
        rounds = [{side.name: side.run(environ) for side in sides} for _ in range(options.rounds)]
    rows = rounds[0]["own"]["rows"]
    dlts = rounds[0][sides[-1].name]["versions"]
    versions = {f"{name} (dlt's)" if name != "dlt" else name: version for name, version in dlts.items()}
    print_head(f"Ingest of {rows:,} rows, HTTP to committed table", {**rounds[0]["own"]["versions"], **versions})
    for label, which in (("empty database", "first"), ("again over it", "again")):
        for number, unit in enumerate(("on the clock", "of the processor")):
            seconds = {side.name: [float(one[side.name][which][number]) for one in rounds] for side in sides}
            for name, those in seconds.items():
                print_seconds(f"{name}, {label}, {unit}", those, rows=rows)
            for name, goal in GOALS.items():
                if name in seconds:
                    print_ratio(f"{name} / own, {label}, {unit}", seconds["own"], seconds[name], goal=goal)
                    print_ratio(f"{name} / {UNKEPT}, {label}, {unit}", seconds[UNKEPT], seconds[name])


def dlt_by(python: Path, path: str) -> tuple[str, ...]:
    """The command of dlt's side by one of its paths; ``Side.run`` adds what is asked and a folder."""
    return (str(python), str(HERE / "ingest_dlt.py"), path)


if __name__ == "__main__":
    main()
