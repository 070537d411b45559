"""The whole SQL build by the program's runner and by real dbt: the same rows, each a process of its own, in turns.

    python -m benchmarks.sql_build [--rounds N] [--clients N] [--days N] [--dbt PATH] [--dbt2 PATH]

Each command works on a fresh copy of one database that has raw, ops and config rows only:

- ``runner``: every model, as the night builds it; against ``dbt run``, which does the same.
- ``runner, tests in SQL``: every model and every data test of ``schema.yml`` on it, as SQL that counts the rows that
  fail; against ``dbt build``, which does the same.
- ``runner, as the night``: every model with its checks: a mart beside the old one before the swap, any other in a
  transaction that a failed check would undo.

dbt is measured twice, by dbt 1 with its DuckDB adapter and by dbt Core v2, which brings its own parser and runner and
opens no database newer than the DuckDB library beside it: the database is of the oldest storage that all of them write.
dbt 1 keeps its parsed project between runs, as it would from night to night; both have a thread a core and send no
statistics. Seconds are on the clock from start to end of the process, and of processor, its children's included. What
belongs here: the comparison. What does not: the rows (``installation.py``) and the commands (``dbt_command.py``).
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.dbt_command import Dbt, environment
from benchmarks.figures import print_ratio
from benchmarks.installation import Size, fill

HERE = Path(__file__).resolve().parents[1]
AS_OF = date(2026, 11, 20)
STORAGE = "v1.4.0"
_BUILD = """
import sys
from graphlib import TopologicalSorter
import duckdb
from pipelines.warehouse.db import configured
from pipelines.warehouse.models.project import load_project
from pipelines.warehouse.models.runner import run_model
how = sys.argv[2]
if how == "sql":
    from pipelines.warehouse.checks.count import count_failing
    from pipelines.warehouse.checks.declared import checks_of
if how == "night":
    from pipelines.warehouse.checks.refusals import audit_in_place, audit_model
    from pipelines.warehouse.checks.declared import checks_of
project = load_project()
con = configured(duckdb.connect(sys.argv[1]))
# a model's tests may read models that it does not read itself
checks = {one.name: checks_of(one) if how != "models" else () for one in project.models}
reads = {one.name: {*one.refs, *(name for check in checks[one.name] for name in check.refs)} for one in project.models}
checked = 0
for name in TopologicalSorter({name: others - {name} for name, others in reads.items()}).static_order():
    model = project.model(name)
    if how == "night":
        run = lambda: run_model(con, model)
        if model.layer == "marts":
            audit = audit_model(con, model, project=project)
        else:
            audit = audit_in_place(con, model, run, project=project)
        assert audit.result is not None, audit.reasons
        checked += len(audit.outcomes)
    else:
        run_model(con, model)
    if how == "sql":
        table = f"{model.schema}.{model.name}"
        asked = {check.name: check for check in checks[name] if not check.is_audit}
        found = count_failing(con, asked.values(), model=model, project=project, table=table, previous=table)
        assert not found.raised, found.raised
        failing = {check: rows for check, rows in found.rows.items() if rows and asked[check].severity == "error"}
        assert found.rows.keys() == asked.keys() and not failing, (name, failing)
        checked += len(asked)
print(len(project.models), "models,", checked, "data tests")
"""
_GOALS = {("dbt 1 build", "runner, tests in SQL"): "10 x", ("dbt 2 build", "runner, tests in SQL"): "5 x"}


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one process."""

    clock: float
    processor: float
    said: str = ""


def main() -> None:
    """Print versions, rows, commands, and for each its median and spread; then the ratios of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--days", type=int, default=1095)
    parser.add_argument("--dbt", type=Path, default=HERE / ".venv-dbt" / "bin" / "dbt", help="that of `make dbt`")
    parser.add_argument("--dbt2", type=Path, default=HERE / ".venv-dbt2" / "bin" / "dbt", help="that of `make dbt2`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.duckdb"
        with duckdb.connect() as con:
            con.execute(f"attach '{rows}' as made (storage_version '{STORAGE}')")
            con.execute("use made")
            con.execute("set timezone = 'UTC'")
            fill(con, Size(clients=options.clients, days=options.days), as_of=AS_OF)
            pages = con.execute("select count(*) from raw.web_pages_daily").fetchall()[0][0]
        dbts = _dbts(options)
        commands = _commands(dbts, Path(folder))
        print(_about(dbts))
        print(f"{options.clients} client(s), {options.days} days, {pages} page rows; {options.rounds} rounds, in turns")
        for name, command in commands.items():
            said = _timed(command, rows).said  # once for what is read from disk first, and for dbt's parsed project
            print(f"  {name}: {_shown(command)}{f' ({said})' if said else ''}")
        took: dict[str, list[Took]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                took[name].append(_timed(command, rows))
    _report(took)


def _dbts(options: argparse.Namespace) -> list[Dbt]:
    dbts = [Dbt("dbt 1", options.dbt), Dbt("dbt 2", options.dbt2)]
    missing = [str(one.command) for one in dbts if not one.command.exists()]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} is not there; `make dbt dbt2` brings both")
    return dbts


def _commands(dbts: list[Dbt], folder: Path) -> dict[str, list[str]]:
    run = [sys.executable, "-c", _BUILD, str(folder / "built.duckdb")]
    return {
        "runner": [*run, "models"],
        "runner, tests in SQL": [*run, "sql"],
        "runner, as the night": [*run, "night"],
        **{
            f"{one.name} {what}": one.words(what, database=folder / "built.duckdb")
            for one in dbts
            for what in ("run", "build")
        },
    }


def _timed(command: list[str], rows: Path) -> Took:
    built = rows.with_name("built.duckdb")
    for leftover in rows.parent.glob("built.duckdb*"):
        leftover.unlink()
    shutil.copy(rows, built)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command,
        env=environment(command[0]),
        capture_output=True,
        text=True,
        check=False,
    )
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Took(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.strip())


def _shown(command: list[str]) -> str:
    return " ".join("…" if "\n" in part else part for part in command)


def _about(dbts: list[Dbt]) -> str:
    ours = f"duckdb {duckdb.__version__}, jinja2 {version('jinja2')}"
    ours += f", great_expectations {version('great_expectations')}"
    found = "; ".join(f"{one.name}: {one.version()}" for one in dbts)
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {ours}; {found}"


def _report(took: dict[str, list[Took]]) -> None:
    print(f"{'':22}{'clock: median (min to max)':>30}{'processor: median (min to max)':>34}")
    for name, times in took.items():
        clock, processor = [one.clock for one in times], [one.processor for one in times]
        print(f"{name:22}{_spread(clock):>30}{_spread(processor):>34}")
    for slow, fast in (
        ("dbt 1 run", "runner"),
        ("dbt 2 run", "runner"),
        ("dbt 1 build", "runner, tests in SQL"),
        ("dbt 2 build", "runner, tests in SQL"),
        ("dbt 1 build", "runner, as the night"),
        ("dbt 2 build", "runner, as the night"),
    ):
        for unit, said in (("clock", "on the clock"), ("processor", "of processor")):
            sides = [[float(getattr(one, unit)) for one in took[name]] for name in (fast, slow)]
            print_ratio(f"{slow} / {fast}, {said}", *sides, goal=_GOALS.get((slow, fast), "none"))


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
