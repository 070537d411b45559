"""How a test run uses its machine: how many workers, which files come first, where folders lie. No test lives here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

GIB = 1024**3
FREE_BYTES = 8 * GIB
"""A whole run writes a few GiB, and tests themselves need about two in each worker."""

LONGEST = (
    # these wait as much as they work: for leases, daemons, servers
    "tests/integration/test_ray_cluster.py",
    "tests/e2e/test_readme.py",
    "tests/e2e/test_simulated_years.py",
    "tests/e2e/test_simulated_years_of_one_client.py",
    "tests/integration/test_fault_matrix.py",
    "tests/e2e/test_demo_night.py",
    "tests/integration/test_dagster_on_postgres.py",
    "tests/e2e/test_dbt_equals_runner.py",
    "tests/e2e/test_dagster_commands.py",
    "tests/e2e/test_year_of_nights.py",
    "tests/integration/test_bulkheads.py",
    "tests/unit/pipelines/warehouse/models/test_incremental.py",
    "tests/integration/test_shard_nights.py",
    "tests/unit/dbt_like_sql/test_properties.py",
    "tests/unit/pipelines/test_old_runs.py",
    "tests/integration/test_canaries.py",
    "tests/e2e/test_month_received.py",
    "tests/integration/test_nights.py",
    "tests/integration/test_refused_publish.py",
    "tests/integration/test_fault_reasons.py",
    "tests/unit/pipelines/exports/test_report.py",
    "tests/unit/pipelines/cli/test_command_errors.py",
    "tests/unit/pipelines/sending/test_sending.py",
    "tests/unit/pipelines/warehouse/checks/test_table_checks.py",
)
"""Files that take longest, longest first: no worker begins one when the others are about to end."""

Item = TypeVar("Item")


def workers(environ: Mapping[str, str]) -> int | None:
    """A worker a core and one more, which has a core while others wait; None where somebody said how many."""
    return None if environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") else cores() + 1


def cores() -> int:
    """Those that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def longest_first(items: Iterable[Item], file_of: Callable[[Item], str]) -> list[Item]:
    """The items of ``LONGEST`` before all others, which keep their order; a file's items stay together."""
    rank = {file: place for place, file in enumerate(LONGEST)}
    return sorted(items, key=lambda item: rank.get(file_of(item), len(rank)))


def memory_folder(folder: str = "/dev/shm") -> str | None:
    """A folder in memory for what tests write, where there is one with room and programs may be run in it.

    A night commits some hundred times, and each commit waits for the disk, which is nobody's question here: what is
    killed in tests is a process, never the machine.
    """
    if not Path(folder).is_dir() or not os.access(folder, os.W_OK) or not hasattr(os, "ST_NOEXEC"):
        return None
    told = os.statvfs(folder)
    if told.f_flag & os.ST_NOEXEC or told.f_bavail * told.f_frsize < FREE_BYTES or _available() < 2 * FREE_BYTES:
        return None
    return folder


def _available() -> int:
    """Bytes of memory that programs may still ask for; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
