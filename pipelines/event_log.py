"""Dagster's event log during ``okr run``: SQLite files opened once, and not once for each look and each small write.

Dagster's own makes an engine, opens a connection and closes it some six times an event: SQL is put together anew each
time, and the last one to close folds the write-ahead log into the database, with two waits for the disk. Here a file
has one connection for the night, and commits wait no more (``synchronous = normal``: with a write-ahead log a power cut
can lose the last events, never the database). What is planned is written in one transaction. Files and tables stay
Dagster's, so that its pages and its daemon read along.

What belongs here: how SQLite is opened. What does not: which events there are, any of Dagster's tables, and when this
storage is chosen (``instance.py``). It is built on what Dagster keeps to itself, and the test of ``instance.py`` says
what breaks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import Connection

from pipelines.dagster_private import DagsterSqliteStorage, SqliteEventLogStorage

INDEX = "index"
BUSY_SECONDS = 60


class NightEventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, with one connection a file until it is disposed of."""

    def __init__(self, base_dir: str) -> None:
        self._kept: dict[str, Connection] = {}
        self._known_tables: set[str] = set()
        super().__init__(base_dir)
        # a batch looks into files that it holds already
        self._db_lock = threading.RLock()  # type: ignore[assignment]
        # what can't be written is said now and in one line, where Dagster says it with each event
        with self._connect(INDEX) as connection:
            connection.exec_driver_sql("begin immediate")

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            connection = self._kept.get(shard) or self._open(shard)
            if connection.in_transaction():
                yield connection
            else:
                with connection.begin():
                    yield connection

    def _open(self, shard: str) -> Connection:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=NullPool,
            # one thread at a time, under the lock
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        connection = engine.connect()
        connection.exec_driver_sql("pragma synchronous = normal")
        connection.commit()
        self._kept[shard] = connection
        return connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def store_event_batch(self, events: Sequence[Any]) -> None:
        """Many events in one transaction a file."""
        with ExitStack() as transactions:
            for shard in (INDEX, *sorted({event.run_id for event in events})):
                transactions.enter_context(self._connect(shard))
            for event in events:
                self.store_event(event)

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            for connection in self._kept.values():
                connection.close()
            self._kept.clear()


class NightStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, in its own files, with the event log above."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = NightEventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Self:
        return cls.from_local(inst_data=inst_data, base_dir=config_value["base_dir"])
