"""A shard's document: who may write the next version, and that an older holder never can."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.shards.address import opened
from pipelines.shards.state import KEPT_VERSIONS, Busy, LeaseLost, Version, document_of, held, read_state
from pipelines.shards.store import Store

KEY = document_of(3)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return opened(tmp_path)


def version(number: int, run_id: str = "run") -> Version:
    made = datetime(2026, 11, 20, 4, tzinfo=UTC)
    return Version(number=number, run_id=run_id, made_at=made, clients=("acme",), files={})


def test_one_run_holds_a_shard_and_another_is_told_who(store: Store) -> None:
    with held(store, KEY, run_id="first") as mine:
        mine.add(version(1))
        with (
            pytest.raises(Busy, match=r"run first .* is at work on shards/0003/state"),
            held(store, KEY, run_id="other"),
        ):
            pass
    with held(store, KEY, run_id="other") as mine:
        assert mine.state.newest == version(1)
        assert mine.state.lease is not None
        assert mine.state.lease.fence == 2


def test_what_an_older_holder_writes_is_refused_and_what_the_newer_one_writes_stands(store: Store) -> None:
    with held(store, KEY, run_id="night") as slow:
        with held(store, KEY, run_id="night") as retried:  # the same run: the engine gave the first attempt up
            with pytest.raises(LeaseLost):
                slow.add(version(1, "slow"))
            retried.add(version(1, "retried"))
        with pytest.raises(LeaseLost):
            slow.check()
    state = read_state(store, KEY)
    assert [each.run_id for each in state.versions] == ["retried"]
    assert state.lease is not None
    assert state.lease.until is None


def test_a_lease_that_nobody_renews_runs_out(store: Store) -> None:
    with held(store, KEY, run_id="killed", seconds=1.5) as killed:
        killed._ended.set()  # no renewal any more, as of a killed process
        with pytest.raises(Busy), held(store, KEY, run_id="next"):
            pass
        with held(store, KEY, run_id="next", wait=True) as mine:
            mine.add(version(1))
        with pytest.raises(LeaseLost):
            killed.add(version(1, "killed"))
    assert read_state(store, KEY).newest == version(1)


def test_a_lease_that_is_renewed_is_not_waited_for_for_ever(store: Store) -> None:
    with (
        held(store, KEY, run_id="alive", seconds=3),
        pytest.raises(Busy),
        held(store, KEY, run_id="next", wait=True),
    ):
        pass


def test_the_last_versions_are_kept(store: Store) -> None:
    with held(store, KEY, run_id="night") as mine:
        for number in range(1, 6):
            mine.add(version(number))
        mine.exported(5)
    state = read_state(store, KEY)
    assert [each.number for each in state.versions] == [3, 4, 5]
    assert len(state.versions) == KEPT_VERSIONS
    assert state.exported == 5
