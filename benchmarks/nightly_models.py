"""Seconds of each SQL model and of its checks on a large installation: all made anew, and in the night after.

    python -m benchmarks.nightly_models [--clients N] [--days N]

In the night after, the clock is a day on, every source has a new day and has restated the days that a night reads
again, and one client in seven has a new blog post. A model's checks are counted as the night counts them, in DuckDB;
what Great Expectations makes of the counts costs the same at every size, and a mart too large for a frame is counted
too. Memory is the most that the process had in hand while a model was checked. What belongs here: the timing. What does
not: the rows (``installation.py``).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.installation import Size, configure, fill
from pipelines.warehouse.checks.count import count_failing
from pipelines.warehouse.checks.declared import checks_of
from pipelines.warehouse.db import Connection, connect
from pipelines.warehouse.home import Home
from pipelines.warehouse.models.project import Project, load_project
from pipelines.warehouse.models.runner import run_model

AS_OF = date(2026, 11, 20)
READ_AGAIN = {
    "web_daily": ("page_views", 4),
    "web_pages_daily": ("page_views", 4),
    "search_daily": ("clicks", 10),
    "search_pages_daily": ("clicks", 10),
    "follower_changes_daily": ("change", 8),
    "interactions_daily": ("likes", 8),
}


@dataclass(frozen=True, slots=True)
class Took:
    """One model: seconds of processor, rows in its table, rows derived; of its checks seconds and memory in MB."""

    seconds: float
    rows: int
    derived: int
    checks: float
    memory: int


def main() -> None:
    """Print a line a model, the slowest first, and the two sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--days", type=int, default=1095)
    options = parser.parse_args()
    size, project = Size(clients=options.clients, days=options.days), load_project()
    with tempfile.TemporaryDirectory() as folder:
        con = connect(Home.resolve(folder, {}))
        fill(con, size, as_of=AS_OF)
        anew = _run(con, project)
        _a_night_later(con, size)
        night = _run(con, project)
        con.close()
    print(f"{options.clients} clients, {options.days} days; seconds of processor, rows derived")
    print(f"{'model':32}{'all anew':>10}{'a night':>10}{'rows':>10}{'derived':>10}{'checks':>10}{'MB':>8}")
    for name in sorted(anew, key=lambda name: -anew[name].seconds):
        first, then = anew[name], night[name]
        print(f"{name:32}{first.seconds:10.2f}{then.seconds:10.2f}{then.rows:10}{then.derived:10}", end="")
        print(f"{then.checks:10.2f}{then.memory:8}")
    sums = [sum(t.seconds for t in anew.values()), sum(t.seconds for t in night.values())]
    checks, memory = sum(t.checks for t in night.values()), max(t.memory for t in night.values())
    rows, derived = sum(t.rows for t in night.values()), sum(t.derived for t in night.values())
    print(f"{'all':32}{sums[0]:10.1f}{sums[1]:10.1f}{rows:10}{derived:10}{checks:10.1f}{memory:8}")


def _run(con: Connection, project: Project) -> dict[str, Took]:
    took = {}
    for model in project.models:
        started = time.process_time()
        result = run_model(con, model)
        took[model.name] = Took(time.process_time() - started, result.rows, result.derived, 0.0, 0)
    for model in project.models:
        table = f"{model.schema}.{model.name}"
        checks = [check for check in checks_of(model) if not check.is_audit]
        _forget_peak()
        started = time.process_time()
        found = count_failing(con, checks, model=model, project=project, table=table, previous=table)
        seconds = time.process_time() - started
        assert not found.raised, found.raised
        took[model.name] = replace(took[model.name], checks=seconds, memory=_peak())
    return took


def _forget_peak() -> None:
    """From here on ``VmHWM`` is counted anew (Linux, proc(5))."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """Most memory resident since then, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) // 1024


def _a_night_later(con: Connection, size: Size) -> None:
    configure(con, size, as_of=AS_OF + timedelta(days=1))
    for table, (column, days) in READ_AGAIN.items():
        newest = f"(select max(day) from raw.{table})"
        con.execute(f"insert into raw.{table} select * replace (day + 1 as day) from raw.{table} where day = {newest}")
        con.execute(f"update raw.{table} set {column} = {column} + 1 where day > {newest} - {days}")
    con.execute(
        "insert into raw.blog_posts select * replace ('new' as post_id, url || 'ny/' as url) from raw.blog_posts"
        " where post_id = '0' and hash(client) % 7 = 0"
    )
    con.execute(
        "insert into ops.loads select * replace (window_start + 1 as window_start, window_end + 1 as window_end,"
        " started_at + interval '1 day' as started_at, finished_at + interval '1 day' as finished_at)"
        " from ops.loads where finished_at = (select max(finished_at) from ops.loads)"
    )


if __name__ == "__main__":
    main()
