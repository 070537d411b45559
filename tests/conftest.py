"""Fixtures that several rooms' tests share, and what a test run as a whole is given: cores, a folder, an order."""

from __future__ import annotations

import atexit
import gc
import os

import pytest
from hypothesis import settings

from tests.running import longest_first, memory_folder, workers

pytest_plugins = ["tests.bucket_fixture"]

# before any import of dagster or great_expectations: no test run is reported to anybody
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

if "PYTEST_XDIST_WORKER" in os.environ:
    # every core has a worker: threads and processes for cores that others have only stand in each other's way
    os.environ.setdefault("OKR_CORES", "1")
if (folder := memory_folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)

# what is imported and collected stays: garbage collection need not go through it again and again
gc.set_threshold(20_000, 10, 10)

# no test asserts a time: a busy machine is no reason to fail
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    return workers(os.environ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = longest_first(items, lambda item: item.nodeid.partition("::")[0])


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    # not before: pytest ends with five collections, which are to find what tests left, not what imports did
    atexit.register(gc.unfreeze)
