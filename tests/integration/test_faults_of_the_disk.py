"""A sample of ``make torture``'s faults of the disk: kills, a full disk and EIO at chosen calls of a small night.

Really under test: that what is published stays whole and the next run makes of it what an undisturbed night does. The
whole (each fault at each call) is ``python -m tests.torture.disk``; this takes one of each kind where most is at stake.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture.disk import Bench, bench, build_shim, compiler

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler (cc) to build the shim with")
SAMPLE = (
    ("publish__database", 0.5, "ENOSPC"),
    ("publish__database", 1.0, "kill"),
    ("publish__sent", 0.7, "kill"),
    ("tokens", 0.6, "kill"),
    ("tokens", 0.8, "ENOSPC"),
)
"""Stage, how far through its calls, and the fault."""


@pytest.fixture(scope="module")
def small_night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("disk")) as found:
        yield found


@pytest.mark.parametrize(("stage", "share", "how"), SAMPLE)
def test_after_a_fault_what_is_published_is_whole_and_the_next_run_is_as_it_should_be(
    small_night: Bench, stage: str, share: float, how: str
) -> None:
    calls = small_night.counted[stage]
    assert calls > 5
    assert small_night.trial(stage, max(1, round(calls * share)), how) is None


def test_the_shim_counts_what_changes_the_folder_and_nothing_else(tmp_path: Path) -> None:
    program = f"""
import ctypes, os
shim = ctypes.CDLL(None)
shim.torture_arm({str(tmp_path).encode()!r}, ctypes.c_long(3), 3, -1)
open({str(tmp_path / "a")!r}, "w").close()
os.rename({str(tmp_path / "a")!r}, {str(tmp_path / "b")!r})
open({str(tmp_path / "b")!r}).read()
open("/dev/null", "w").close()
try:
    os.unlink({str(tmp_path / "b")!r})
except OSError as error:
    print(error.errno, shim.torture_counted(), os.path.exists({str(tmp_path / "b")!r}))
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"LD_PRELOAD": str(build_shim(tmp_path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["5", "3", "True"]
    assert ctypes.sizeof(ctypes.c_long) == 8
