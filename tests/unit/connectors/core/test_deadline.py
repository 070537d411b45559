"""A call ends at its deadline, however the other side draws it out. Over real sockets; that it ends is asserted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest

from connectors.core.deadline import watched
from connectors.core.errors import TimedOut
from connectors.core.http import Http
from connectors.core.retry import RetryPolicy
from connectors.ga4 import client as ga4_client
from connectors.ga4.client import Ga4Client
from connectors.ga4.source import DAILY, Ga4Source
from connectors.google import auth
from tests.drawn_out import JSON, OK, Answer, chunks, close_and_drip, continue_100, drip, never, serving, slow_headers
from tests.fake_vendor import context, vendor
from tests.unit.ga4_replies import WEEK, answer_all, google, key_text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [drip, close_and_drip, slow_headers, continue_100, chunks])
def test_a_call_that_is_drawn_out_ends_at_its_deadline(
    answer: Answer,
) -> None:
    with serving(answer) as (url, calls):
        http = Http(
            context=context(),
            source="slow",
            base_url=url,
            timeout=(5.0, 5.0),
            longest_call_seconds=0.3,
            policy=RetryPolicy(first_wait_seconds=0.0),
        )
        with pytest.raises(TimedOut, match="took over 0 s"):
            http.get_json("/", attempted="reading")
        # and the source's next call is made once
        before = len(calls)
        with pytest.raises(TimedOut):
            http.get_json("/", attempted="reading")
        assert (before, len(calls)) == (2, 3)
        http.close()


def test_a_reply_in_time_is_whole_and_its_connection_serves_again() -> None:
    def quick(stop: threading.Event, send: Callable[[bytes], None]) -> None:
        send(OK + JSON + b'Content-Length: 8\r\n\r\n{"a": 1}')
        stop.wait(5)

    with serving(quick) as (url, _):
        http = Http(context=context(), source="quick", base_url=url, longest_call_seconds=30.0)
        assert http.get_json("/", attempted="reading").value == {"a": 1}
        http.close()


def test_one_thread_watches_all_calls_and_cuts_off_those_that_are_late() -> None:
    before = threading.active_count()
    with ExitStack() as calls:
        watches = [calls.enter_context(watched(seconds)) for seconds in (30.0, 0.1, 20.0, 0.2)]
        for _ in range(50):
            with watched(10.0):
                pass
        assert threading.active_count() <= before + 1
        while not watches[3].expired:
            time.sleep(0.01)
        assert [watch.expired for watch in watches] == [False, True, False, True]
    with watched(0.05) as short:
        pass
    time.sleep(0.2)
    assert not short.expired


def test_parts_of_a_source_that_make_connections_of_their_own_know_who_is_silent() -> None:
    inside = context()

    def call() -> None:
        http = Http(
            context=inside,
            source="silent",
            base_url=url,
            timeout=(0.2, 0.2),
            policy=RetryPolicy(first_wait_seconds=0.0),
        )
        with closing(http), pytest.raises(TimedOut):
            http.get_json("/", attempted="reading")

    with serving(never) as (url, calls):
        for _ in range(3):
            call()
        assert len(calls) == 4


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [drip, slow_headers, continue_100, chunks])
def test_googles_own_client_ends_at_the_deadline_too(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ga4_client, "CALL_SECONDS", 0.3)
    with vendor(google(answer_all)) as tokens, serving(answer) as (url, calls):
        inside = context(secrets={"credentials": key_text(tokens.url)}, base_url=url)
        client = Ga4Client(context=inside, source="web", property_id="1")
        read = Ga4Source(context=inside, reports=client, property_id="1").read
        with pytest.raises(TimedOut, match="did not answer in time"):
            read(DAILY, WEEK)
        assert len(calls) == 2
        with pytest.raises(TimedOut):
            read(DAILY, WEEK)
        assert len(calls) == 3
        client.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [drip, slow_headers])
def test_a_token_endpoint_that_draws_its_answer_out_is_not_waited_for(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "TOKEN_SECONDS", 0.3)
    with serving(answer) as (url, _):
        inside = context(secrets={"credentials": key_text(url)})
        token = auth.key_token(inside, source="web", field="credentials", scopes=("x",))
        with closing(auth.Bearer(inside, source="web", token=token)) as bearer, pytest.raises(TimedOut):
            bearer()
