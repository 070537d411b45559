"""The order of the files of a test run, that none of those named as the longest has gone, and how many workers."""

from __future__ import annotations

from pathlib import Path

from tests.home import PROJECT
from tests.running import LONGEST, cores, longest_first, memory_folder, workers


def test_the_longest_files_are_there_once_each() -> None:
    assert [file for file in LONGEST if not (PROJECT / file).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_the_longest_come_first_and_all_others_stay_as_they_were() -> None:
    items = [("a.py", 1), (LONGEST[1], 1), ("b.py", 1), (LONGEST[0], 1), (LONGEST[1], 2), ("a.py", 2)]
    ordered = longest_first(items, lambda item: item[0])
    assert ordered == [(LONGEST[0], 1), (LONGEST[1], 1), (LONGEST[1], 2), ("a.py", 1), ("b.py", 1), ("a.py", 2)]


def test_without_a_folder_in_memory_the_machines_own_is_used(tmp_path: Path) -> None:
    assert memory_folder(str(tmp_path / "none")) is None


def test_one_worker_more_than_cores_unless_somebody_said_how_many() -> None:
    assert workers({}) == cores() + 1
    assert workers({"PYTEST_XDIST_AUTO_NUM_WORKERS": "2"}) is None
