"""Dagster's event log during a night: SQLite without waits for the disk, or SQL made anew, at each small write.

Dagster opens a connection for every event and closes it again; the last one to close folds the write-ahead log into the
database, with two waits for the disk. Here a connection of our own stays open meanwhile, and commits wait no more
(``synchronous = normal``: with a write-ahead log a power cut can lose the last events, never the database). What the
night itself writes is elsewhere and is not touched by this.

Dagster makes an SQLAlchemy engine for every connection too, and an engine remembers the text of its statements only for
itself: the same few statements were compiled some seven thousand times a night. Here they are remembered for all.

What belongs here: how SQLite is opened. What does not: which events there are, and any of Dagster's own tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine


@contextmanager
def quick_event_log() -> Iterator[None]:
    """Every SQLite file that SQLAlchemy opens in this process meanwhile is kept open, waits less, and shares SQL."""
    kept: dict[str, sqlite3.Connection] = {}
    dialects: dict[type[Dialect], Dialect] = {}
    compiled: dict[Any, Any] = {}

    def opened(connection: Any, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("pragma synchronous = normal")
        file = str(connection.execute("pragma database_list").fetchone()[2])
        if not file:
            return
        if file not in kept:
            # a connection is used by whichever thread is at it; none is inside a transaction for longer than one look
            kept[file] = sqlite3.connect(file, check_same_thread=False)
        # a look, since an open connection that has read nothing does not hold the write-ahead log
        kept[file].execute("select count(*) from sqlite_master").fetchone()

    def connected(connection: Connection) -> None:
        if connection.dialect.name != "sqlite":
            return
        # the dialect is part of what a compiled statement is found by; an engine's own is like any other engine's
        connection.dialect = dialects.setdefault(type(connection.dialect), connection.dialect)
        connection.execution_options(compiled_cache=compiled)

    event.listen(Engine, "connect", opened)
    event.listen(Engine, "engine_connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", opened)
        event.remove(Engine, "engine_connect", connected)
        for connection in kept.values():
            connection.close()
