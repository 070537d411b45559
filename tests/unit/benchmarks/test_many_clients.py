"""The parts of the benchmark of many clients that its figures rest on: the recording server, its clients, its limit."""

from __future__ import annotations

import asyncio
from typing import Any

import yaml

from benchmarks.clients import Night, client_file, waiting
from benchmarks.measured import Cost
from benchmarks.recorded_sandbox import Recorder
from connectors.catalogue import SETTINGS
from connectors.sandbox.environment import NOW_PATH
from okr_models.client.file import read_client
from pipelines.warehouse.ingest.lanes import AT_ONCE, AT_ONCE_A_HOST, MOST_THREADS


async def counting_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers each request with the number of its answer, and ``/refused`` with a refusal."""
    await receive()
    scope["app"]["answers"] += 1
    status = 403 if scope["path"] == "/refused" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": str(scope["app"]["answers"]).encode()})


def ask(recorder: Recorder, state: dict[str, int], path: str, body: bytes = b"") -> bytes:
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "path": path,
        "method": "POST",
        "raw_path": path.encode(),
        "query_string": b"",
        "app": state,
    }
    asyncio.run(recorder(scope, receive, send))
    return b"".join(message.get("body", b"") for message in said)


def test_a_request_is_computed_once_a_virtual_day() -> None:
    recorder, state = Recorder(counting_app), {"answers": 0}
    first = ask(recorder, state, "/posts", b'{"a": 1, "b": 2}')
    assert ask(recorder, state, "/posts", b'{"b": 2, "a": 1}') == first
    ask(recorder, state, NOW_PATH, b'{"now": "2026-11-20T05:00:00+01:00"}')
    assert ask(recorder, state, "/posts", b'{"a": 1, "b": 2}') != first
    assert (recorder.calls, recorder.computed) == (3, 2), "moving the day is no vendor's call"


def test_a_refusal_is_not_recorded() -> None:
    recorder, state = Recorder(counting_app), {"answers": 0}
    assert ask(recorder, state, "/refused") != ask(recorder, state, "/refused")


def test_a_made_client_reads_every_vendor_of_the_demos_first_one_from_so_many_months_back() -> None:
    text = yaml.safe_dump(client_file("c007", months=36), allow_unicode=True)
    client = read_client(text, file_name="c007.yaml", types=SETTINGS).client
    assert client.client == "c007"
    assert {str(source.start) for source in client.sources} == {"2023-11-01"}
    assert [source.type for source in client.sources] == [
        "ga4", "search_console", "facebook_page", "instagram", "linkedin", "youtube", "wordpress",
    ]  # fmt: skip


def test_the_limit_of_a_night_is_the_waiting_of_its_slowest_credential_and_the_fixed_price() -> None:
    cost = Cost(clock=9.0, processor=5.0, peak_bytes=0, said="")
    night = Night(
        clients=1, months=36, which="next night", cost=cost, places={"meta": 80 * AT_ONCE, "ga4": 1}, computed=0, disk=0
    )
    assert night.limit(latency=0.05, fixed=2.0) == 6.0
    assert "1.50 x" in night.line(latency=0.05, fixed=2.0)


def test_calls_are_waited_for_by_host_by_credential_or_by_all() -> None:
    assert waiting({"wordpress": 80 * AT_ONCE_A_HOST, "ga4": 79 * AT_ONCE}, latency=0.05) == 4.0
    assert waiting({str(vendor): 10 * MOST_THREADS for vendor in range(8)}, latency=0.05) == 4.0
