"""Which shard a client is in: even, and few move when the number changes."""

from __future__ import annotations

import pytest

from pipelines.shards.address import opened
from pipelines.shards.plan import KEY, NotSharded, Plan, is_sharded, read_plan

CLIENTS = [f"client_{number:05}" for number in range(10_000)]


def test_clients_are_spread_evenly_and_each_is_in_one_shard() -> None:
    spread = Plan(shards=200).spread(CLIENTS)
    assert sorted(client for names in spread.values() for client in names) == CLIENTS
    sizes = [len(names) for names in spread.values()]
    assert len(sizes) == 200
    assert min(sizes) > 20
    assert max(sizes) < 90


def test_one_shard_more_takes_its_share_and_nothing_else_moves() -> None:
    before, after = Plan(shards=200), Plan(shards=201)
    moved = [client for client in CLIENTS if before.shard_of(client) != after.shard_of(client)]
    assert {after.shard_of(client) for client in moved} == {200}
    assert 20 < len(moved) < 90


def test_the_spread_is_the_same_on_every_machine() -> None:
    assert {client: Plan(shards=4).shard_of(client) for client in AS_PUBLISHED} == AS_PUBLISHED


AS_PUBLISHED = {"alfa": 3, "beta": 1, "gamma": 3, "delta": 3}
"""Another answer would look for every client's rows elsewhere."""


def test_a_client_moved_by_hand_stays_there_while_there_is_such_a_shard() -> None:
    by_rule = Plan(shards=4).shard_of("acme")
    other = (by_rule + 1) % 4
    assert Plan(shards=4, pins={"acme": other}).shard_of("acme") == other
    assert Plan(shards=1, pins={"acme": 3}).shard_of("acme") == 0


def test_a_store_without_a_plan_says_how_one_is_made(tmp_path) -> None:  # type: ignore[no-untyped-def]
    store = opened(tmp_path)
    assert not is_sharded(store)
    with pytest.raises(NotSharded, match="--engine ray --shards N"):
        read_plan(store)
    store.create(KEY, Plan(shards=7, pins={"acme": 2}).model_dump_json().encode())
    assert read_plan(store)[0] == Plan(shards=7, pins={"acme": 2})
