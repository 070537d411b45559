"""Files that are replaced in one step: whole or as they were, and what a killed process left beside them is removed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.leftovers import write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.leftovers import write_whole
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_whole(Path(sys.argv[1]), b"new")
"""
WRITING = """
import os, sys
from pathlib import Path
from pipelines.leftovers import write_whole
def wait(_):
    print("written", flush=True)
    sys.stdin.readline()
os.fsync = wait
write_whole(Path(sys.argv[1]), b"slow")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_whole(tmp_path / "objectives.csv", b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["objectives.csv"]


def test_what_a_killed_write_left_is_removed_by_the_next_and_a_persons_own_file_is_not(tmp_path: Path) -> None:
    path, own = tmp_path / "objectives.csv", tmp_path / ".objectives.csv.backup"
    own.write_bytes(b"mine")
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert len(names(tmp_path)) == 2
    write_whole(path, b"newer")
    assert names(tmp_path) == [own.name, path.name]
    assert path.read_bytes() == b"newer"


def test_what_another_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "objectives.csv"
    command = [sys.executable, "-c", WRITING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "written\n"
        write_whole(path, b"quick")
        assert path.read_bytes() == b"quick"
        assert len(names(tmp_path)) == 2
        other.communicate("\n")
    assert other.returncode == 0
    assert path.read_bytes() == b"slow"
    assert names(tmp_path) == ["objectives.csv"]
