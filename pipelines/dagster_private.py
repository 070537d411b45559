"""Everything of Dagster that is not its public interface and that the nights rest on, in one place.

Each may go with any release of Dagster; the test of this module says what breaks then.
What belongs here: names. What does not: what is done with them (``event_log.py``, ``instance.py``).
"""

from __future__ import annotations

from dagster._core.event_api import EventLogCursor, EventLogRecord, EventRecordsResult
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, DagsterEventType
from dagster._core.events import EVENT_TYPE_TO_PIPELINE_RUN_STATUS as RUN_STATUS_EVENTS
from dagster._core.storage.event_log.schema import AssetKeyTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

__all__ = [
    "ASSET_CHECK_EVENTS",
    "ASSET_EVENTS",
    "IN_THE_UI",
    "MATERIALIZED",
    "NO_OUTPUT_KEPT",
    "RUN_STATUS_EVENTS",
    "STEP_OUTPUT",
    "AssetKeyTable",
    "DagsterSqliteStorage",
    "EventLogCursor",
    "EventLogRecord",
    "EventRecordsResult",
    "SqlEventLogStorageTable",
    "SqliteEventLogStorage",
]

MATERIALIZED = DagsterEventType.ASSET_MATERIALIZATION
STEP_OUTPUT = DagsterEventType.STEP_OUTPUT
IN_THE_UI = {".dagster/repository": "__repository__@marketing_okr"}
"""The tag by which Dagster lists a run among its job's runs. Its timeline draws only what its own daemon launched."""
NO_OUTPUT_KEPT = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""For a night in the foreground: its output goes to who started it, not by way of files that four helpers follow."""
