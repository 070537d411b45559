"""Shards' nights as Dask tasks, a worker killed in the middle: what Dask would do in Ray's place (ADR 11).

    pip install distributed && python -m benchmarks.shards_on_dask

Eight tiny clients in four shards on two workers of one thread; leases, versions and publishing are the program's own,
the night is the tests' tiny one. Printed are who ran what, memory, and what becomes of tasks whose worker, driver or
scheduler is gone. What belongs here: that comparison. What does not: an engine; ``ray_engine.py`` is the one there is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figures import print_head
from benchmarks.measured import MEGABYTE
from pipelines.shards import moving
from pipelines.shards.address import opened
from pipelines.shards.engine import run_shards
from pipelines.shards.night import Order, Outcome, shard_night
from pipelines.shards.plan import Plan
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import Home
from tests.shard_home import CLIENTS, NIGHT, rows_of, slow_night, write_clients

SECONDS = 3.0
LEASE_SECONDS = 6.0


def task(root: str, shard: int, clients: tuple[str, ...], order: Order, plan: Plan) -> Outcome:
    """What ``ray_engine.py``'s task does, without a budget."""
    return shard_night(
        opened(root), shard, clients, order, night=slow_night, owned=lambda client: plan.shard_of(client) == shard
    )


def resident() -> int:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // MEGABYTE


def pause(seconds: float, note: str) -> None:
    """A task that leaves a file when it begins."""
    Path(f"{note}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(seconds)


def die() -> None:
    """A task that takes its worker along each time."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[Any, subprocess.Popen[bytes]]]:
    """A scheduler and two workers as processes; a client, and the scheduler."""
    described, common = folder / "scheduler.json", ["--no-dashboard", "--scheduler-file"]
    scheduler, worker = (f"distributed.cli.dask_{role}" for role in ("scheduler", "worker"))
    environ = {**os.environ, "OKR_TEST_SECONDS": str(SECONDS)}
    options = [(scheduler, ["--port", "0"])]
    options += [
        (worker, ["--nthreads", "1", "--local-directory", str(folder / f"worker{number}")]) for number in (1, 2)
    ]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", role, *common, str(described), *more], env=environ, stderr=subprocess.DEVNULL
        )
        for role, more in options
    ]
    client = import_module("distributed").Client(scheduler_file=str(described))
    try:
        client.wait_for_workers(2)
        yield client, started[0]
    finally:
        for process in started:
            process.kill()
            process.wait()


def a_night(client: Any, root: Path) -> None:
    """A night of which one worker is killed in the middle."""
    pids: list[int] = list(client.run(os.getpid).values())

    def execute(jobs: Sequence[tuple[int, tuple[str, ...]]], order: Order, plan: Plan) -> Iterator[Outcome]:
        waiting = [client.submit(task, str(root), shard, clients, order, plan, pure=False) for shard, clients in jobs]
        time.sleep(SECONDS / 2)
        os.kill(pids[0], signal.SIGKILL)
        yield from client.gather(waiting)

    begun = time.monotonic()
    ended = run_shards(
        opened(root),
        Home(root),
        Order(run_id="dask", environ={"OKR_TODAY": NIGHT}, lease_seconds=LEASE_SECONDS),
        execute=execute,
        clock=clock_from({"OKR_TODAY": NIGHT}),
        shards=4,
    )
    whole = rows_of(root) == [(name, NIGHT, 1, 1) for name in sorted(CLIENTS)]
    print(
        f"a worker killed: {[outcome.kind for outcome in ended.outcomes]} in {time.monotonic() - begun:.0f} s; each"
        f" client once: {whole}; the shards' own check finds {len(moving.check(opened(root)))} faults"
    )


def said_by(run: Callable[[], object]) -> str:
    """The name of what was raised, or that nothing was."""
    try:
        run()
    except BaseException as error:  # noqa: BLE001 - what it is, is what is asked
        return type(error).__name__
    return "nothing"


def main() -> None:
    """Measure and print."""
    print_head("Shards on Dask", {"distributed": version("distributed")})
    with tempfile.TemporaryDirectory(prefix="okr-dask-") as name:
        folder = Path(name)
        root = write_clients(folder / "home")
        begun = time.monotonic()
        with cluster(folder) as (client, scheduler):
            print(f"two workers ready in {time.monotonic() - begun:.1f} s, {sorted(client.run(resident).values())} MB")
            a_night(client, root)
            print(f"its workers afterwards: {sorted(client.run(resident).values())} MB, kept for the next tasks")
            poison = client.submit(die, pure=False)
            print(f"a task that kills its worker each time: {said_by(lambda: poison.result(timeout=120))}")
            client.wait_for_workers(2)
            other = import_module("distributed").Client(scheduler_file=str(folder / "scheduler.json"))
            kept = [other.submit(pause, 1.0, str(folder / f"gone{number}"), pure=False) for number in range(6)]
            time.sleep(0.5)
            other.close()
            time.sleep(8)
            begun_of = {path.name.split("-")[0] for path in folder.glob("gone*")}
            print(f"a driver gone: {len(begun_of)} of its {len(kept)} tasks had begun, and no more began")
            waiting = [client.submit(pause, SECONDS, str(folder / f"lost{number}"), pure=False) for number in range(4)]
            time.sleep(1)
            scheduler.kill()
            print(f"the scheduler killed: {said_by(lambda: client.gather(waiting))}")


if __name__ == "__main__":
    main()
