"""Servers that draw an answer out without end, over real sockets. No test lives here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[threading.Event, Callable[[bytes], None]], None]
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


def never(stop: threading.Event, send: Callable[[bytes], None]) -> None:
    stop.wait(30)


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
