"""A sample of ``make torture``'s faults of the disk: kills, a full disk and EIO at chosen calls of a small night.

Really under test: that what is published stays whole and the next run makes of it what an undisturbed night does. The
whole (each fault at each call) is ``python -m tests.torture.disk``, which walks nights; this takes one of each kind
where most is at stake, each in a stage of its own, and walks one night with a few, or with every so many-th
(``OKR_TEST_EVERY``, as ``.ci/run`` has it) and some in the night as Dagster runs it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.torture.disk import Journal, Lost, Walk, all_faults, by_night
from tests.torture.disk_bench import Bench, bench, build_shim, compiler

pytestmark = pytest.mark.skipif(compiler() is None, reason="no C compiler (cc) to build the shim with")
SAMPLE = (
    ("publish__database", 0.5, "ENOSPC"),
    ("publish__database", 1.0, "kill"),
    ("publish__sent", 0.7, "kill"),
    ("tokens", 0.6, "kill"),
    ("tokens", 0.8, "ENOSPC"),
)
"""Stage, how far through its calls, and the fault."""
EVERY = int(os.environ.get("OKR_TEST_EVERY") or 0)
"""Every so many-th of all faults is tried beside these; 0 for none."""
IN_DAGSTER = 2


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


def test_a_night_is_walked_with_faults_on_the_way_and_goes_on_undisturbed(small_night: Bench) -> None:
    calls = small_night.counted
    wanted = {
        ("staging", calls["staging"] // 2, "EIO"),
        ("publish__exports", calls["publish__exports"] // 2, "kill"),
        ("publish__exports", calls["publish__exports"] // 3, "ENOSPC"),
    }
    if EVERY:
        wanted.update(all_faults(calls)[EVERY - 1 :: EVERY])
    told = {fault: small_night.trial(*fault) for fault in sorted(wanted) if fault[0] == "tokens"}
    Walk(small_night, wanted - told.keys(), told.__setitem__).go()
    assert told == dict.fromkeys(wanted)
    for fault in small_night.sampled_in_dagster(IN_DAGSTER if EVERY else 0):
        assert small_night.trial(*fault) is None, fault


def test_a_walk_of_another_night_than_was_counted_is_refused(small_night: Bench) -> None:
    with pytest.raises(Lost, match="other calls"):
        Walk(replace(small_night, counted={"staging": 1}), (), print).go()


def test_nights_share_all_faults_and_the_first_of_them_are_spread_evenly() -> None:
    faults = all_faults({"staging": 40, "marts": 24})
    nights = by_night(faults, nights=8)
    assert sorted(fault for night in nights for fault in night) == sorted(faults)
    assert [n for stage, n, how in nights[0] if (stage, how) == ("staging", "kill")] == [1, 9, 17, 25, 33]
    assert [n for stage, n, how in nights[1] if (stage, how) == ("staging", "kill")] == [5, 13, 21, 29, 37]


def test_a_journal_goes_on_where_it_was_and_only_for_the_same_program(small_night: Bench, tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal")
    first.begin(small_night)
    first.add(("staging", 3, "kill"), None, ["a state"])
    first.add(("staging", 3, "EIO"), "broken", [])
    again = Journal(tmp_path / "journal")
    again.begin(bench_of := replace(small_night, learnt=[]))
    assert again.tried == {("staging", 3, "kill"): None, ("staging", 3, "EIO"): "broken"}
    assert bench_of.learnt == ["a state"]
    with pytest.raises(Lost, match="another night"):
        Journal(tmp_path / "journal").begin(replace(small_night, counted={"staging": 1}))


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
