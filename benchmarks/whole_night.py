"""The whole night against one assembled of dlt with Arrow, dbt Core v2 and Dagster: same sources, same models.

    python -m benchmarks.whole_night [--clients N] [--rounds N] [--python .venv-bench/bin/python] [--dbt2 PATH]

So many clients, each with a Plausible site and a Search Console property, from the recorded sandbox. Own is ``okr run``
as a process; the other is ``assembled.py``. Both ask for the same days, with the same clock, into homes of their own,
in turns: the first night, which reads everything, and the next one. Seconds of processor are those of the process and
its children. After each next night the months of both are compared, value for value: they have to be the same.

Own does more: it judges key results, checks and publishes the database in one piece, and writes CSVs and reports. The
other's ``config`` tables, which say what the client files say, are filled for it, uncounted. What does not belong here:
the other side (``assembled.py``), and measuring a process (``measured.py``).
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb

from benchmarks.dbt_command import Dbt
from benchmarks.figures import print_head, print_ratio, print_seconds
from benchmarks.ingest import google_token
from benchmarks.ingest_asked import Asked
from benchmarks.ingest_own import write_clients
from benchmarks.measured import Cost, cost_of, night
from benchmarks.recorded_sandbox import Recorded, recorded
from benchmarks.sql_build import STORAGE
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.schema import ensure_schema

HERE = Path(__file__).resolve().parents[1]
LAST = date(2026, 11, 20)
NIGHTS = {"first": LAST - timedelta(days=1), "next": LAST}
MONTHS = "select client, kpi, scope, month, round(value, 6) as value, is_closed from {}marts.kpi_monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one round of both sides goes on."""

    folder: Path
    server: Recorded
    clients: int
    environ: Mapping[str, str]

    @property
    def own(self) -> Path:
        return self.folder / "own"

    @property
    def other(self) -> Path:
        return self.folder / "other"

    def asked(self, today: date) -> Asked:
        """Yesterday is Search Console's the day before, in Pacific time."""
        names = tuple((f"c{number:03}", ("web", "search")) for number in range(self.clients))
        one = timedelta(days=1)
        return Asked(
            today=today,
            clients=names,
            web=(date(2024, 7, 1), today - one),
            search=(date(2025, 8, 1), today - 2 * one),
        )


def begin(place: Place) -> None:
    """A home with the client files, and a database of empty tables for the other side."""
    for folder in (place.own, place.other):
        folder.mkdir(parents=True)
    write_clients(place.own, place.asked(LAST))
    with duckdb.connect() as con:
        con.execute(f"attach '{place.other / 'okr.duckdb'}' as made (storage_version '{STORAGE}')")
        con.execute("use made")
        ensure_schema(con)


def own_night(place: Place, which: str) -> Cost:
    """``okr run``."""
    return night(place.own, {**place.environ, "OKR_TODAY": str(NIGHTS[which])})


def other_night(place: Place, which: str, *, python: Path, dbt: Path) -> Cost:
    """``assembled.py``, after what the client files say was put into its database, uncounted."""
    today = NIGHTS[which]
    environ = {**place.environ, "OKR_TODAY": str(today)}
    with closing(duckdb.connect(str(place.other / "okr.duckdb"))) as con:
        con.execute("set timezone = 'UTC'")
        clients = load_clients(Home(place.own)).clients
        write_config(con, clients, now=clock_from(environ).now())
    asked = place.other / "asked.json"
    place.asked(today).write(asked)
    words = [str(python), str(HERE / "benchmarks" / "assembled.py"), str(asked), str(place.other), which, str(dbt)]
    return cost_of(words, environ)


def months_alike(place: Place) -> int:
    """How many months both have. Raises ``SystemExit`` where one has a month that the other has not, or not so."""
    with duckdb.connect() as con:
        con.execute(f"attach '{place.own / 'warehouse' / 'okr.duckdb'}' as own (read_only)")
        con.execute(f"attach '{place.other / 'okr.duckdb'}' as other (read_only)")
        own, other = MONTHS.format("own."), MONTHS.format("other.")
        sides = f"(({own}) except ({other})) union all (({other}) except ({own}))"
        differing = con.execute(f"select * from ({sides}) order by all limit 10").fetchall()
        with_value = con.execute(f"select count(value) from ({own})").fetchall()[0][0]
    if differing or not with_value:
        raise SystemExit(f"the months are not the same on both sides: {differing}")
    return int(with_value)


def one_round(server: Recorded, *, clients: int, python: Path, dbt: Path) -> dict[str, dict[str, Cost]]:
    """Both nights of both sides, a night at a time in turns."""
    took: dict[str, dict[str, Cost]] = {"own": {}, "assembled": {}}
    with tempfile.TemporaryDirectory(prefix="okr-night-") as folder:
        token = google_token(server.variables["OKR_DEMO_GOOGLE_KEY"])
        environ = {
            **os.environ, **server.variables, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR",
            "BENCH_GOOGLE_TOKEN": token,
        }  # fmt: skip
        place = Place(folder=Path(folder), server=server, clients=clients, environ=environ)
        begin(place)
        for which, today in NIGHTS.items():
            server.set_today(today)
            took["own"][which] = own_night(place, which)
            took["assembled"][which] = other_night(place, which, python=python, dbt=dbt)
        print(f"  {months_alike(place)} months with a value, the same on both sides", flush=True)
    return took


def main() -> None:
    """Measure in rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", type=Path, default=HERE / ".venv-bench" / "bin" / "python")
    parser.add_argument("--dbt2", type=Path, default=HERE / ".venv-dbt2" / "bin" / "dbt")
    options = parser.parse_args()
    for command, target in ((options.python, "bench"), (options.dbt2, "dbt2")):
        if not command.exists():
            raise SystemExit(f"{command} is not there; make {target} installs it in an environment of its own")
    with recorded() as server:

        def again() -> dict[str, dict[str, Cost]]:
            return one_round(server, clients=options.clients, python=options.python, dbt=options.dbt2)

        again()  # what is asked once is recorded
        rounds = [again() for _ in range(options.rounds)]
    said = cost_of([str(options.python), "-m", "pip", "list", "--format", "freeze"], os.environ).said
    theirs = dict(line.split("==") for line in said.splitlines() if "==" in line)
    print_head(
        f"The whole night of {options.clients} clients, two sources each",
        {
            **{name: version(name) for name in ("dagster", "duckdb", "pyarrow")},
            **{f"{name} (assembled)": theirs[name] for name in ("dlt", "dagster", "duckdb", "pyarrow")},
            "dbt": Dbt("dbt 2", options.dbt2).version(),
        },
    )
    for which in NIGHTS:
        for unit, words in (("clock", "on the clock"), ("processor", "of the processor")):
            seconds = {side: [float(getattr(one[side][which], unit)) for one in rounds] for side in rounds[0]}
            for side, those in seconds.items():
                print_seconds(f"{side}, {which} night, {words}", those)
            print_ratio(f"assembled / own, {which} night, {words}", *seconds.values(), goal="4 x")


if __name__ == "__main__":
    main()
