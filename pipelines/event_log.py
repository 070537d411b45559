"""Dagster's event log during ``okr run``: SQLite files opened once, and not once for each look and each small write.

Dagster's own makes an engine, opens a connection and closes it some six times an event: SQL is put together anew each
time, and the last one to close folds the write-ahead log into the database, with two waits for the disk. Here a file
has one connection for the night, and commits wait no more (``synchronous = normal``: with a write-ahead log a power cut
can lose the last events, never the database). Events are written together: at each job event, after ``MOST_SECONDS``,
and before anything is read, so that no reader in this process misses one. Files and tables stay Dagster's, so that its
pages and its daemon read along.

What belongs here: how SQLite is opened and in what portions it is written. What does not: which events there are, what
Dagster's tables hold (its own methods say that of each event), and when this storage is chosen (``instance.py``). It is
built on what Dagster keeps to itself, and the test of ``dagster_private.py`` says what breaks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any, Self

from sqlalchemy import NullPool, create_engine
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from pipelines.dagster_private import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    MATERIALIZED,
    RUN_STATUS_EVENTS,
    STEP_OUTPUT,
    AssetKeyTable,
    DagsterSqliteStorage,
    EventLogCursor,
    EventLogRecord,
    EventRecordsResult,
    SqlEventLogStorageTable,
    SqliteEventLogStorage,
)

INDEX = "index"
INDEXED = ASSET_EVENTS | ASSET_CHECK_EVENTS | RUN_STATUS_EVENTS.keys()
BUSY_SECONDS = 60
MOST_SECONDS = 2.0
"""So long an event waits at most for the next one to be written: what Dagster's pages lag behind, and a kill loses."""

_ASSETS_OF_A_PARTITION = """
    select a.asset_key from asset_keys as a
    where exists (
        select 1 from event_logs as e
        where e.asset_key = a.asset_key and e.dagster_event_type = ? and e.partition = ?
    )
"""
"""By asset, as the index of events is."""


class NightEventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, with one connection a file until it is disposed of."""

    def __init__(self, base_dir: str) -> None:
        self._kept: dict[str, Connection] = {}
        self._known_tables: set[str] = set()
        self._known_columns: set[str] = set()
        self._known_migrations: set[str] = set()
        self._waiting: list[Any] = []
        self._unindexed: list[tuple[Any, Mapping[str, Any]]] = []
        self._is_writing = False
        self._waiting_since = 0.0
        self._made: dict[str, Any] = {}
        self._of_partition: dict[str, set[str]] = {}
        super().__init__(base_dir)
        # what waits is written under the lock that a reader holds already
        self._db_lock = threading.RLock()  # type: ignore[assignment]
        # what can't be written is said now and in one line, where Dagster says it with each event
        with self._connect(INDEX) as connection:
            connection.exec_driver_sql("begin immediate")

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            self._write_waiting()
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

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        """Whether the table of assets has a column; one that is there stays."""
        if column_name not in self._known_columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._known_columns.add(column_name)
        return column_name in self._known_columns

    def has_secondary_index(self, name: str) -> bool:
        """Whether a migration of the index is done; one that is stays."""
        if name not in self._known_migrations and super().has_secondary_index(name):
            self._known_migrations.add(name)
        return name in self._known_migrations

    def fetch_materializations(
        self, records_filter: Any, limit: int, cursor: str | None = None, ascending: bool = False
    ) -> Any:
        """As Dagster's. Each check asks for its table's by partition, which most tables have none of: one look for all.

        What another process makes meanwhile is not found; a night holds the home folder's lock.
        """
        partitions = getattr(records_filter, "asset_partitions", None)
        if partitions is not None and cursor is None:
            key = records_filter.asset_key.to_string()
            if not any(key in self._made_in(partition) for partition in partitions):
                return EventRecordsResult([], cursor=EventLogCursor.from_storage_id(-1).to_string(), has_more=False)
        return super().fetch_materializations(records_filter, limit, cursor, ascending)

    def _made_in(self, partition: str) -> set[str]:
        """The assets that have a materialization of this partition, those that wait to be written among them."""
        with self._db_lock:
            if partition not in self._of_partition:
                with self._connect(INDEX) as connection:
                    rows = connection.exec_driver_sql(_ASSETS_OF_A_PARTITION, (MATERIALIZED.value, partition))
                    self._of_partition[partition] = {key for (key,) in rows}
            return self._of_partition[partition]

    def store_event(self, event: Any) -> None:
        """Keep an event; it is written with those before it at once, soon, or when something is read."""
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[Any]) -> None:
        """Many events in one transaction a file. What can't be written is raised, and the caller's to store again."""
        kept = [_said_once(event) for event in events]
        with self._db_lock:
            if not self._waiting:
                self._waiting_since = monotonic()
            self._waiting += kept
            for event in events:
                if _kind(event) is MATERIALIZED and event.dagster_event.partition in self._of_partition:
                    self._of_partition[event.dagster_event.partition].add(event.dagster_event.asset_key.to_string())
            is_at_once = any(_kind(event) in RUN_STATUS_EVENTS for event in events)
            if is_at_once or monotonic() - self._waiting_since > MOST_SECONDS:
                try:
                    self._write_waiting()
                except BaseException:
                    ours = set(map(id, kept))
                    self._waiting = [event for event in self._waiting if id(event) not in ours]
                    self._unindexed = [pair for pair in self._unindexed if id(pair[0]) not in ours]
                    raise

    def _write_waiting(self) -> None:
        """Write what waits; what was written before something failed is not written again."""
        if self._is_writing or not (self._waiting or self._unindexed):
            return
        self._is_writing = True
        try:
            for run in sorted({event.run_id for event in self._waiting}):
                of_run = [(event, self._event_to_row(event)) for event in self._waiting if event.run_id == run]
                with self._connect(run) as connection:
                    connection.execute(SqlEventLogStorageTable.insert(), [row for _, row in of_run])
                self._waiting = [event for event in self._waiting if event.run_id != run]
                self._unindexed += [pair for pair in of_run if _kind(pair[0]) in INDEXED]
            self._index(self._unindexed)
            self._unindexed = []
        finally:
            self._is_writing = False

    def _index(self, events: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
        """What is asked across runs: of assets, checks and the states of runs."""
        if not events:
            return
        with self._connect(INDEX) as connection:
            if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                connection.exec_driver_sql("begin immediate")
            newest = connection.exec_driver_sql("select coalesce(max(id), 0) from event_logs").scalar_one()
            numbered = [(newest + n, event, row) for n, (event, row) in enumerate(events, 1)]
            connection.execute(SqlEventLogStorageTable.insert(), [{"id": n, **row} for n, _, row in numbered])
            assets = [each for each in numbered if _kind(each[1]) in ASSET_EVENTS and each[1].dagster_event.asset_key]
            if assets:
                self._store_asset_event_tags(connection, [event for _, event, _ in assets], [n for n, _, _ in assets])
                self._keep_assets(connection, assets)
            for n, event, _ in numbered:
                if _kind(event) in ASSET_CHECK_EVENTS:
                    self.store_asset_check_event(event, n)

    def _keep_assets(self, connection: Connection, events: Sequence[tuple[int, Any, Mapping[str, Any]]]) -> None:
        """Of each asset what happened last."""
        found, has_columns = [], self._has_asset_key_index_cols_on_connection(connection)
        for number, event, row in events:
            if has_columns and event.dagster_event.is_step_materialization:
                self._made[row["asset_key"]] = EventLogRecord(storage_id=number, event_log_entry=event)
                values = {
                    "last_materialization": recorded(row["event"], number),
                    "last_run_id": event.run_id,
                    "last_materialization_timestamp": datetime.fromtimestamp(event.timestamp, UTC),
                }
            else:
                values = self._get_asset_entry_values(event, number, has_columns)
            if values:
                found.append((row["asset_key"], values))
        for columns, some in groupby(found, key=lambda pair: tuple(pair[1])):
            statement = insert(AssetKeyTable)
            new = {column: statement.excluded[column] for column in columns}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["asset_key"], set_=new),
                [{"asset_key": key, **values} for key, values in some],
            )

    def _get_latest_materialization_records(self, raw_asset_rows: Any) -> Mapping[Any, Any]:
        """As Dagster's, without reading again what this process wrote."""
        ours = {
            row["asset_key"]: self._made[row["asset_key"]]
            for row in raw_asset_rows
            if row["asset_key"] in self._made
            and row["last_run_id"] == self._made[row["asset_key"]].event_log_entry.run_id
            and row["asset_details"] is None
        }
        rest = [row for row in raw_asset_rows if row["asset_key"] not in ours]
        found = dict(super()._get_latest_materialization_records(rest)) if rest else {}
        return found | {record.event_log_entry.dagster_event.asset_key: record for record in ours.values()}

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            try:
                self._write_waiting()
            finally:
                for connection in self._kept.values():
                    connection.close()
                self._kept.clear()


def _said_once(event: Any) -> Any:
    """An event as it is kept: the metadata of an output stand in its materialization, and not here too."""
    if _kind(event) is not STEP_OUTPUT or not event.dagster_event.event_specific_data.metadata:
        return event
    of_step = event.dagster_event
    return event._replace(
        dagster_event=of_step._replace(event_specific_data=of_step.event_specific_data._replace(metadata={}))
    )


def recorded(event: str, number: int) -> str:
    """A materialization as the table of assets keeps it, of what the table of events has already."""
    return f'{{"__class__": "EventLogRecord", "event_log_entry": {event}, "storage_id": {number}}}'


def _kind(event: Any) -> Any:
    return event.dagster_event_type if event.is_dagster_event else None


class NightStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, in its own files, with the event log above."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = NightEventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> Self:
        return cls.from_local(inst_data=inst_data, base_dir=config_value["base_dir"])
