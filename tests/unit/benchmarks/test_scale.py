"""What the benchmark of shards counts and what the sizing reckons from it, on figures of which the answer is known."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.recorded_sandbox import Recorder
from benchmarks.scale import even_names
from benchmarks.sizing import CLIENTS, Price, Room, fitted, gives_first, said, sized, taken
from pipelines.shards.plan import Plan
from tests.unit.benchmarks.test_many_clients import ask, counting_app

MEGABYTE = 1024 * 1024
A_SHARD, A_CLIENT = 5.0, 3.0


def night(which: str, clients: int, shards: int, *, times: float = 1.0) -> dict[str, Any]:
    return {
        "which": which,
        "clients": clients,
        "shards": shards,
        "largest_shard": clients // shards,
        "processor_seconds": times * (A_SHARD * shards + A_CLIENT * clients),
        "disk_bytes": (20 * shards + 40 * clients) * MEGABYTE,
        "peak_bytes": (500 + 50 * clients // shards) * MEGABYTE,
        "calls": {"ga4": 8 * clients, "linkedin": clients, "meta": clients, "search_console": 2 * clients}
        | {"youtube": 8 * clients},
    }


FIGURES = {
    "milliseconds": 50,
    "nights": [
        night(which, clients, shards, times=times)
        for clients, shards in ((1, 1), (16, 4))
        for which, times in (("first night", 2.0), ("next night", 1.0))
    ],
}


def test_prices_of_a_shard_and_of_a_client_are_told_apart() -> None:
    one = taken(FIGURES)
    assert (one.next_seconds.a_shard, one.next_seconds.a_client) == pytest.approx((A_SHARD, A_CLIENT))
    assert one.first_seconds.a_client == pytest.approx(2 * A_CLIENT)
    assert one.clients_a_shard == 20, "500 MB and 50 a client stay below 1,536"
    with pytest.raises(ValueError, match="two sizes"):
        fitted([(1, 4, 10.0), (2, 8, 20.0)])
    assert fitted([(1, 1, 2.0), (1, 4, 9.0)]) == Price(0.0, 38 / 17), "no price is below nothing"


def test_a_size_is_what_its_clients_and_shards_take() -> None:
    found = sized(1_000, taken(FIGURES), Room())
    assert found.shards == 50
    assert found.night_hours == pytest.approx((50 * A_SHARD + 1_000 * A_CLIENT) / 3_600)
    assert found.calls["youtube"] == 8_000
    assert found.machines == 1
    assert sized(100_000, taken(FIGURES), Room()).machines == 3, "94 hours with the waits, on 24 cores"


def test_what_gives_first_comes_first_and_youtubes_units_are_whole_projects() -> None:
    first = [line.split(" clients")[0].removeprefix("- ") for line in gives_first(taken(FIGURES), Room())]
    assert first[:2] == ["20", "1,250"]
    projects = next(line for line in said(FIGURES, Room()).splitlines() if line.startswith("| YouTube projects"))
    assert projects.split("|")[2:-1] == [" 1 ", " 1 ", " 8 ", " 80 "]
    assert CLIENTS == (100, 1_000, 10_000, 100_000)


def test_few_clients_are_spread_evenly_over_the_shards_that_are_compared() -> None:
    spread = Plan(shards=4).spread(even_names(10, shards=4))
    assert sorted(len(names) for names in spread.values()) == [2, 2, 3, 3]


def test_calls_are_counted_by_the_vendor_whose_path_it_is() -> None:
    recorder = Recorder(counting_app)
    for path in ("/v1beta/properties/1:runReport", "/youtube/v3/channels", "/youtube/v3/videos"):
        ask(recorder, {"answers": 0}, path)
    assert recorder.places == {"v1beta": 1, "youtube": 2}
