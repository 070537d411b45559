"""Nights in shards on a real Ray cluster of two nodes with one processor each: killed nodes and drivers, one budget.

Where only who runs what is under test, the night is a tiny one; the first test runs ``okr run``'s own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.core.budget import Limit, credential_of, granted
from pipelines.cli.shard_night import night_of_shard
from pipelines.shards import moving
from pipelines.shards.address import opened
from pipelines.shards.engine import RunEnded, run_shards
from pipelines.shards.night import Order, RunNight
from pipelines.shards.ray_budget import SharedBudget, treasurer
from pipelines.shards.ray_engine import Told, environ_of, executor
from pipelines.warehouse.clock import clock_from
from pipelines.warehouse.home import Home
from tests.home import PROJECT
from tests.shard_home import CLIENTS, NEXT_NIGHT, NIGHT, cells, okr, rows_of, slow_night, write_clients

ray = pytest.importorskip("ray", reason="Ray is in the extra ray")
cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is in the extra ray")
STORE_BYTES = 80 * 1024 * 1024
FIRST = [(client, NIGHT, 1, 1) for client in sorted(CLIENTS)]
BOTH = [(client, night, 1, 1) for client in sorted(CLIENTS) for night in (NIGHT, NEXT_NIGHT)]
DRIVER = """
import sys
from tests.integration.test_ray_cluster import run
from tests.shard_home import slow_night
run(sys.argv[1], night=slow_night, told=lambda outcome: print("ended", outcome.shard, flush=True))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one processor; the tests' driver is connected to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("OKR_TEST_SECONDS", "3")
        made = cluster_utils.Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "object_store_memory": STORE_BYTES, "include_dashboard": False},
        )
        made.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        made.wait_for_nodes()
        ray.init(address=made.address, namespace="okr", log_to_driver=False)
        yield made
        ray.shutdown()
        made.shutdown()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_clients(tmp_path / "home")


def run(root: Path | str, today: str = NIGHT, *, night: RunNight = slow_night, told: Told = lambda _: None) -> RunEnded:
    environ = {"OKR_TODAY": today, "RAY_ADDRESS": os.environ.get("RAY_ADDRESS", "")}
    order = Order(run_id=f"{today} {os.getpid()} {time.monotonic_ns()}", environ=environ_of(environ), lease_seconds=6)
    return run_shards(
        opened(root),
        Home(Path(root)),
        order,
        execute=executor(str(root), night=night, environ=environ, told=told),
        clock=clock_from(environ),
        shards=4,
    )


def test_eight_clients_in_four_shards_are_one_home_cell_by_cell_though_a_node_was_killed(
    cluster: Any, root: Path, tmp_path: Path
) -> None:
    whole = write_clients(tmp_path / "whole")
    alone = okr(whole, "run")
    assert alone.returncode == 0, alone.stderr
    doomed = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    killed = threading.Timer(12, lambda: cluster.remove_node(doomed, allow_graceful=False))
    killed.start()
    ended = run(root, night=night_of_shard)
    killed.join()
    assert ended.exit_code == 0, ended.problems
    assert sorted(client for outcome in ended.outcomes for client in outcome.clients) == sorted(CLIENTS)
    expected, found = cells(whole), cells(root)
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert found[table] == rows, table
    assert sum(map(len, expected.values())) > 500
    for client in CLIENTS:
        assert (root / "exports" / client / "kpis_monthly.csv").read_bytes() == (
            whole / "exports" / client / "kpis_monthly.csv"
        ).read_bytes()
    assert "Theta" in (root / "exports" / "_agency" / "report.html").read_text(encoding="utf-8")
    for command in (("status",), ("sql", "select count(*) from kpi_daily"), ("validate",), ("doctor", "beta")):
        asked, there = okr(root, *command), okr(whole, *command)
        assert (asked.returncode, asked.stdout) == (there.returncode, there.stdout), command


def test_a_node_killed_in_the_middle_costs_no_shard(cluster: Any, root: Path) -> None:
    doomed = cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    threading.Timer(4, lambda: cluster.remove_node(doomed, allow_graceful=False)).start()
    ended = run(root)
    assert [outcome.kind for outcome in ended.outcomes] == ["done"] * 4
    assert rows_of(root) == FIRST
    assert moving.check(opened(root)) == ()


def test_a_driver_killed_in_the_middle_loses_nothing_and_the_next_run_heals(cluster: Any, root: Path) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(root)],
        env={**os.environ, "RAY_ADDRESS": cluster.address, "OKR_TODAY": NIGHT},
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    assert driver.stdout is not None
    # Ray tells its drivers on stdout of the nodes that the tests before killed, whenever it notices
    assert any(line.startswith("ended") for line in driver.stdout)
    driver.send_signal(signal.SIGKILL)
    driver.wait(60)
    assert not (root / "published" / "okr.duckdb").exists()
    assert run(root, NEXT_NIGHT).exit_code != 1
    found = rows_of(root)
    assert len(set(found)) == len(found)
    assert {row[0] for row in found if row[1] == NEXT_NIGHT} == set(CLIENTS)
    assert all(row[2:] == (1, 1) for row in found)
    assert moving.check(opened(root)) == ()


def test_twenty_that_share_a_credential_stay_below_its_limit_and_go_on_without_the_actor(cluster: Any) -> None:
    limit, credential = Limit(40, 1.0), credential_of("https://vendor.example", ["token"])
    actor = treasurer(ray)
    arrived: list[float] = []

    def shard() -> None:
        budget = SharedBudget(ray, actor, sharers=20)
        for _ in range(8):
            with granted(budget, credential, limit, sleep=time.sleep):
                arrived.append(time.monotonic())

    def all_at_once() -> None:
        threads = [threading.Thread(target=shard) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_at_once()
    assert len(arrived) == 160
    assert _most_in(arrived, limit) <= limit.calls
    ray.kill(actor)
    arrived.clear()
    all_at_once()
    assert len(arrived) == 160
    assert _most_in(arrived, limit) <= limit.calls


def _most_in(arrived: list[float], limit: Limit) -> int:
    most, span = 0, deque[float]()
    for instant in sorted(arrived):
        span.append(instant)
        while span[0] <= instant - limit.seconds:
            span.popleft()
        most = max(most, len(span))
    return most
