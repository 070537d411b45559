"""Dagster's records of old runs, which a night takes away so that its folder stays as large as it is.

Of a run that is over and older than ``OKR_KEEP_RUNS_DAYS`` days its log, its row and its check evaluations go. What
Dagster knows of assets stays: the newest materialisation of each, and of each day of those that have one a day; the
newest evaluation of each check. No figure rests on any of it.

What belongs here: which runs are old, and what of them goes. What does not: how SQLite is opened (``event_log.py``),
and the folder (``instance.py``). It is built on names that Dagster keeps to itself, and the test of this module says
what breaks. Somebody who keeps Dagster's events in another database prunes them there.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from sqlalchemy.engine import Connection

VARIABLE = "OKR_KEEP_RUNS_DAYS"
DEFAULT_DAYS = 30
MOST_AT_ONCE = 500
"""Runs of one night's pruning: a folder that grew for years is not emptied while somebody waits."""

_KEPT = "create temp table kept as select max(id) as id from {table} where {condition} group by {per}"
_GONE = "delete from {table} where run_id in (select run_id from old) and id not in (select id from kept)"
_IN_THE_INDEX: tuple[Mapping[str, str], ...] = (
    {
        "table": "event_logs",
        "condition": "dagster_event_type in ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION')",
        "per": "dagster_event_type, asset_key, partition",
    },
    {"table": "asset_check_executions", "condition": "true", "per": "asset_key, check_name"},
)
"""Which newest rows stay, of the tables that Dagster keeps over all runs."""
_ORPHANS = "delete from asset_event_tags where event_id not in (select id from event_logs)"


class BadSetting(ValueError):
    """The setting is no number of days."""

    def __init__(self, given: str) -> None:
        super().__init__(f"{VARIABLE} is {given!r}, and must be a whole number of days from 1 on; no run was pruned")


def days_kept(environ: Mapping[str, str]) -> int:
    """For how many days runs are kept. Raises ``BadSetting``."""
    given = environ.get(VARIABLE, "").strip()
    if not given:
        return DEFAULT_DAYS
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise BadSetting(given)
    return int(given)


def forget_old_runs(instance: DagsterInstance, *, run_id: str, environ: Mapping[str, str]) -> int:
    """Take away what is old by the beginning of the run ``run_id``; how many runs were.

    Raises ``BadSetting``. Nothing is done where events are kept elsewhere than in Dagster's SQLite files.
    """
    import dagster as dg

    from pipelines.dagster_private import SqliteEventLogStorage

    kept = timedelta(days=days_kept(environ))
    log, present = instance.event_log_storage, instance.get_run_record_by_id(run_id)
    if present is None or not isinstance(log, SqliteEventLogStorage):
        return 0
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    before = present.create_timestamp - kept
    old = instance.get_run_records(
        filters=dg.RunsFilter(statuses=ended, created_before=before), limit=MOST_AT_ONCE, ascending=True
    )
    if not old:
        return 0
    runs = [record.dagster_run.run_id for record in old]
    with log.index_connection() as connection:
        _forget_events(connection, runs)
    for run in runs:
        _forget_files(Path(log.path_for_shard(run)), instance)
        instance.run_storage.delete_run(run)
    return len(runs)


def _forget_events(connection: Connection, runs: Sequence[str]) -> None:
    connection.exec_driver_sql("create temp table old (run_id text)")
    connection.exec_driver_sql("insert into old values (?)", [(run,) for run in runs])
    for parts in _IN_THE_INDEX:
        connection.exec_driver_sql(_KEPT.format_map(parts))
        connection.exec_driver_sql(_GONE.format_map(parts))
        connection.exec_driver_sql("drop table kept")
    connection.exec_driver_sql("drop table old")
    connection.exec_driver_sql(_ORPHANS)


def _forget_files(shard: Path, instance: DagsterInstance) -> None:
    """The run's own log, and what its steps wrote to their outputs under the daemon."""
    for path in (shard, *(shard.with_name(shard.name + end) for end in ("-wal", "-shm", "-journal"))):
        path.unlink(missing_ok=True)
    shutil.rmtree(Path(instance.storage_directory()) / shard.stem, ignore_errors=True)
