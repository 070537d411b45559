"""Which shard a client is in, by a rule that moves as few as possible when the number of shards changes.

What belongs here: the rule (rendezvous hashing) and the document that holds the number of shards and the clients put
elsewhere by hand. What does not: moving their rows (``moving.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from pipelines.shards.store import Store

KEY = "shards/plan"
MOST_SHARDS = 9999


class NotSharded(RuntimeError):
    """A home folder without a plan of shards."""

    def __init__(self, *, store: str) -> None:
        super().__init__(f"{store} has no shards; okr --home {store} run --engine ray --shards N makes them")


class Plan(BaseModel):
    """``pins``: clients that were moved by hand, and where to."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    shards: int = Field(ge=1, le=MOST_SHARDS)
    pins: Mapping[str, int] = Field(default_factory=dict)

    def shard_of(self, client: str) -> int:
        """The one shard in which a client's rows live."""
        pinned = self.pins.get(client)
        return rendezvous(client, self.shards) if pinned is None or pinned >= self.shards else pinned

    def spread(self, clients: Iterable[str]) -> dict[int, tuple[str, ...]]:
        """Each shard's clients in order; a shard without any has an empty tuple."""
        spread: dict[int, list[str]] = {shard: [] for shard in range(self.shards)}
        for client in sorted(clients):
            spread[self.shard_of(client)].append(client)
        return {shard: tuple(names) for shard, names in spread.items()}


def rendezvous(client: str, shards: int) -> int:
    """The shard with the highest weight for this client (Thaler and Ravishankar, 1998).

    A weight depends on the client and one shard alone: with one shard more, a client stays or moves to that one.

    >>> moved = [name for name in map(str, range(1000)) if rendezvous(name, 10) != rendezvous(name, 11)]
    >>> {rendezvous(name, 11) for name in moved}, len(moved) < 150
    ({10}, True)
    """
    seed = np.uint64(int.from_bytes(hashlib.blake2b(client.encode(), digest_size=8).digest(), "big"))
    return int(np.argmax(_mixed(seed ^ _mixed(np.arange(1, shards + 1, dtype=np.uint64)))))


def _mixed(value: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """splitmix64's finisher: every bit of the result depends on every bit given (Steele, Lea and Flood, 2014)."""
    mixed = value + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def read_plan(store: Store) -> tuple[Plan, str]:
    """The plan and its tag. Raises ``NotSharded``."""
    found = store.read(KEY)
    if found is None:
        raise NotSharded(store=store.address)
    return Plan.model_validate_json(found.content), found.tag


def is_sharded(store: Store) -> bool:
    """Whether there is a plan."""
    return store.read(KEY) is not None
