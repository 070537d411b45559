"""Dagster's event log during a night: SQLite without a wait for the disk at each of some thousand small writes.

Dagster opens a connection for every event and closes it again; the last one to close folds the write-ahead log into the
database, with two waits for the disk. Here a connection of our own stays open meanwhile, and commits wait no more
(``synchronous = normal``: with a write-ahead log a power cut can lose the last events, never the database). What the
night itself writes is elsewhere and is not touched by this.

What belongs here: how SQLite is opened. What does not: which events there are, and any of Dagster's own tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def quick_event_log() -> Iterator[None]:
    """Every SQLite file that this process opens through SQLAlchemy meanwhile is kept open, and waits less."""
    kept: dict[str, sqlite3.Connection] = {}

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

    event.listen(Engine, "connect", opened)
    try:
        yield
    finally:
        event.remove(Engine, "connect", opened)
        for connection in kept.values():
            connection.close()
