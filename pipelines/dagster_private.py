"""Everything of Dagster that is not its public interface and that the nights rest on, in one place.

Each may go with any release of Dagster; the test of this module says what breaks then.
What belongs here: names. What does not: what is done with them (``event_log.py``, ``instance.py``).
"""

from __future__ import annotations

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

__all__ = ["IN_THE_UI", "NO_OUTPUT_KEPT", "DagsterSqliteStorage", "SqliteEventLogStorage"]

IN_THE_UI = {".dagster/repository": "__repository__@marketing_okr"}
"""The tag by which Dagster lists a run among its job's runs. Its timeline draws only what its own daemon launched."""
NO_OUTPUT_KEPT = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""For a night in the foreground: its output goes to who started it, not by way of files that four helpers follow."""
