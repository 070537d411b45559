"""What breaks when Dagster takes away what ``pipelines/dagster_private.py`` names, and that it names all there is."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

from dagster import DagsterInstance

from pipelines.dagster_private import NO_OUTPUT_KEPT, DagsterSqliteStorage, SqliteEventLogStorage

ROOT = Path(__file__).parents[3]


def test_private_names_stand_in_one_file() -> None:
    said = re.compile(r"dagster\._\w|\.dagster/")
    found = {
        str(file.relative_to(ROOT))
        for folder in ("pipelines", "connectors", "okr_models")
        for file in (ROOT / folder).rglob("*.py")
        if said.search(file.read_text(encoding="utf-8"))
    }
    assert found == {"pipelines/dagster_private.py"}


def test_the_event_log_goes_through_the_methods_that_the_night_replaces() -> None:
    """Without them ``NightEventLog`` replaces nothing, and a night opens its files some six times an event."""
    for name in (
        *("_connect", "has_table", "store_event", "store_event_batch", "conn_string_for_shard", "_initdb"),
        *("has_secondary_index", "_has_asset_key_col_on_connection", "_has_asset_key_index_cols_on_connection"),
        *("fetch_materializations", "_get_latest_materialization_records", "_get_asset_entry_values"),
        *("_event_to_row", "_store_asset_event_tags", "store_asset_check_event"),
    ):
        assert callable(getattr(SqliteEventLogStorage, name)), name
    assert list(inspect.signature(SqliteEventLogStorage._connect).parameters) == ["self", "shard"]
    assert "_event_log_storage" in inspect.getsource(DagsterSqliteStorage.event_log_storage.fget)


def test_the_manager_that_keeps_no_output_is_there() -> None:
    """Without it a night does not begin: Dagster can't make its instance."""
    named = NO_OUTPUT_KEPT["compute_logs"]
    assert hasattr(importlib.import_module(named["module"]), named["class"])


def test_an_instance_is_made_of_a_folder_and_overrides(tmp_path: Path) -> None:
    """``local_temp`` is public in name only: it is documented for tests."""
    with DagsterInstance.local_temp(str(tmp_path), {"telemetry": {"enabled": False}}) as instance:
        assert instance.root_directory == str(tmp_path)
