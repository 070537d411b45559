"""Readers while nights run: a few hundred reads of the hundred thousand of ``python -m tests.torture.readers``.

Really under test: the swap of the published database, seen from processes of their own.
"""

from __future__ import annotations

from pathlib import Path

from tests.torture.readers import followed, read_during_nights


def test_every_read_is_one_published_version_and_no_reader_goes_back(tmp_path: Path) -> None:
    found = read_during_nights(tmp_path, reads=300, readers=2, nights=2)
    assert found.wrong == ()
    assert found.reads >= 300
    assert found.versions >= 3
    assert found.changes >= 2


def test_a_read_of_two_versions_and_a_reader_that_goes_back_are_told() -> None:
    versions = [frozenset({(0, "a"), (1, "x")}), frozenset({(0, "b"), (1, "x")}), frozenset({(0, "c"), (1, "y")})]
    assert followed([versions[0], frozenset({(1, "x")}), versions[2]], versions) == ([0, 0, 2], [])
    assert followed([frozenset({(0, "b"), (1, "y")})], versions) == ([0], ["a read was of no published version"])
    assert followed([versions[2], frozenset({(1, "x")})], versions) == ([2, 2], ["a reader went back from 2 to 1"])
