"""A call ends at its deadline, however the other side draws it out. Over real sockets; that it ends is asserted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from connectors.core.errors import TimedOut
from connectors.core.http import Http
from connectors.core.retry import RetryPolicy
from tests.fake_vendor import context

OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"


def drip(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    send(OK + JSON + b"Content-Length: 100000\r\n\r\n")
    while not stop.wait(0.02):
        send(b" ")


def close_and_drip(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    send(OK + JSON + b"Connection: close\r\n\r\n")
    while not stop.wait(0.02):
        send(b" ")


def slow_headers(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    send(OK + b"X-Slow: ")
    while not stop.wait(0.02):
        send(b"x")


def continue_100(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    while not stop.wait(0.02):
        send(b"HTTP/1.1 100 Continue\r\n\r\n")


def chunks(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    send(OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    while not stop.wait(0.02):
        send(b"1\r\n \r\n")


@contextmanager
def serving(answer: Callable[[threading.Event, Callable[[bytes], None]], None]) -> Iterator[tuple[str, list[int]]]:
    stop, listener, calls = threading.Event(), socket.create_server(("127.0.0.1", 0)), list[int]()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            answer(stop, connection.sendall)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                calls.append(1)
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", calls
    finally:
        stop.set()
        listener.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("answer", [drip, close_and_drip, slow_headers, continue_100, chunks])
def test_a_call_that_is_drawn_out_ends_at_its_deadline(
    answer: Callable[[threading.Event, Callable[[bytes], None]], None],
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
