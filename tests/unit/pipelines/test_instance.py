"""Dagster's own folder: where it lies, and a home folder whose name Dagster's SQLite would misread.

Really under test: ``dagster_home`` with an instance of Dagster's opened and written in it.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.instance import NO_OUTPUT_KEPT, DagsterFolderUnusable, dagster_home
from pipelines.warehouse.home import Home

NAMES = ["Kund %20", "what?", "a#b", "Fjällglas åäö", 'the "big" one', "it's", "50%41", "[draft]", "a*", "two  spaces"]


@dg.op
def nothing() -> None:
    """Does nothing, and leaves a run in the instance."""


@dg.job
def run_it() -> None:
    nothing()


@pytest.mark.parametrize("name", NAMES)
def test_dagster_keeps_its_records_inside_a_home_folder_of_any_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    folder = dagster_home(home, environ)
    assert dagster_home(home, environ) == folder, "the same from run to run"
    with dg.DagsterInstance.local_temp(str(folder), NO_OUTPUT_KEPT) as instance:
        assert not instance.telemetry_enabled, "its settings were found"
        quietly = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        assert run_it.execute_in_process(instance=instance, run_config=quietly).success
        assert len(instance.get_runs()) == 1
    assert list((home.root / "dagster").rglob("runs.db"))
    assert {path.name for path in tmp_path.iterdir()} <= {name, "state"}


def test_where_no_link_can_be_made_the_line_names_the_sign_and_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder", encoding="utf-8")
    for state in (tmp_path / "state", tmp_path / "sta?te"):
        with pytest.raises(DagsterFolderUnusable, match=r"'\?' in it.*rename that folder, or set DAGSTER_HOME"):
            dagster_home(Home(tmp_path / "what?"), {"XDG_STATE_HOME": str(state)})
