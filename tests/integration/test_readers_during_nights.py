"""Readers while nights run: a few hundred reads of the hundred thousand of ``python -m tests.torture.readers``.

Really under test: the swap of the published database, seen from processes of their own.
"""

from __future__ import annotations

from pathlib import Path

from tests.torture.readers import read_during_nights


def test_every_read_is_one_published_version_and_no_reader_goes_back(tmp_path: Path) -> None:
    found = read_during_nights(tmp_path, reads=300, readers=2, nights=2)
    assert found.wrong == ()
    assert found.reads >= 300
    assert found.versions >= 3
    assert found.changes >= 2
