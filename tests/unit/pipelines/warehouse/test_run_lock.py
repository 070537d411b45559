"""One run at a time in a home folder, proved with real second processes, killed ones among them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.warehouse.home import Home
from pipelines.warehouse.run_lock import RunInProgress, run_lock
from tests.home import PROJECT

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
HOLD = (
    "import sys; from datetime import UTC, datetime; from pathlib import Path;"
    "from pipelines.warehouse.home import Home; from pipelines.warehouse.run_lock import run_lock\n"
    "with run_lock(Home(Path(sys.argv[1])), run_id='night-7', now=datetime(2026, 11, 20, 4, tzinfo=UTC)):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


def holder(home: Home) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root)], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_run_refuses_and_names_the_one_going_on(tmp_path: Path):
    home = Home(tmp_path)
    with holder(home) as other:
        with pytest.raises(RunInProgress) as caught, run_lock(home, run_id="second", now=NOW):
            pass
        said = str(caught.value)
        assert "night-7" in said
        assert str(other.pid) in said
        assert "2026-11-20T04:00" in said
        other.communicate()
    with run_lock(home, run_id="second", now=NOW) as mine:
        assert (mine.run_id, mine.pid) == ("second", os.getpid())


def test_a_killed_run_is_no_obstacle(tmp_path: Path):
    home = Home(tmp_path)
    with holder(home) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert home.lock.with_suffix(".json").exists()
    with run_lock(home, run_id="next", now=NOW) as mine:
        assert mine.run_id == "next"


def test_the_lock_is_free_again_after_a_run_that_failed(tmp_path: Path):
    home = Home(tmp_path)
    with pytest.raises(RuntimeError, match="boom"), run_lock(home, run_id="first", now=NOW):
        raise RuntimeError("boom")
    with run_lock(home, run_id="second", now=NOW):
        pass
    assert not home.lock.with_suffix(".json").exists()


def test_an_unreadable_note_of_the_holder_still_refuses(tmp_path: Path):
    home = Home(tmp_path)
    with run_lock(home, run_id="first", now=NOW):
        home.lock.with_suffix(".json").write_text("{half")
        with pytest.raises(RunInProgress, match="already going on"), run_lock(home, run_id="second", now=NOW):
            pass


def test_two_homes_do_not_hinder_each_other(tmp_path: Path):
    with run_lock(Home(tmp_path / "a"), run_id="a", now=NOW), run_lock(Home(tmp_path / "b"), run_id="b", now=NOW):
        pass
