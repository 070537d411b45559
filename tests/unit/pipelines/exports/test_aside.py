"""Folders that exports are made in: what a killed process leaves is removed, what another one fills is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.exports.aside import made_aside, remove_leftovers

KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.exports.aside import made_aside
with made_aside(Path(sys.argv[1])) as aside:
    (aside / "half.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
FILLING = """
import sys
from pathlib import Path
from pipelines.exports.aside import made_aside
with made_aside(Path(sys.argv[1])) as aside:
    (aside / "half.csv").write_text("half")
    print(aside, flush=True)
    sys.stdin.readline()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_folder_is_there_while_it_is_filled_and_gone_afterwards(tmp_path: Path) -> None:
    with made_aside(tmp_path / "acme") as aside:
        assert aside.is_dir()
        assert aside.parent == tmp_path
    assert names(tmp_path) == []


def test_a_folder_is_gone_after_an_error_too(tmp_path: Path) -> None:
    def fails() -> None:
        with made_aside(tmp_path / "acme") as aside:
            (aside / "half.csv").write_text("half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - its own
        fails()
    assert names(tmp_path) == []


@pytest.mark.parametrize("target", ["acme", "acme/2026-10", "_agency/board"])
def test_what_a_killed_export_left_is_removed_by_the_next(tmp_path: Path, target: str) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / target)], check=False)
    assert "half.csv" in names(tmp_path)
    remove_leftovers(tmp_path)
    assert "half.csv" not in names(tmp_path)


def test_what_another_process_is_filling_is_left(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", FILLING, str(tmp_path / "acme")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    aside = Path(other.stdout.readline().strip())
    remove_leftovers(tmp_path)
    assert (aside / "half.csv").exists()
    other.communicate("\n")
    assert names(tmp_path) == []


def test_only_folders_of_that_name_are_leftovers(tmp_path: Path) -> None:
    theirs = (".acme.12", ".acme.okr-old", ".git", ".python-3.11", "acme", "acme.okr-12")
    for name in theirs:
        (tmp_path / name).mkdir()
    (tmp_path / ".acme.okr-12").write_text("a person's file")
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted((*theirs, ".acme.okr-12"))
