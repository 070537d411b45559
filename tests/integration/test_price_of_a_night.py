"""What a night costs beside its work: events in Dagster's log, steps, and validations by Great Expectations.

Under test: the job ``nightly`` as ``okr run`` runs it, over one client with one csv file. Counted, not timed: seconds
are another's on each machine (docs/adr/0008-the-price-of-a-night.md has them).
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.build import build_defs
from tests.csv_home import CsvHome

NIGHT = """
import sys
from pipelines.cli.night import run_night
from pipelines.warehouse.home import Home
ended = run_night(Home.resolve(sys.argv[1], {}), {"OKR_TODAY": sys.argv[2]})
assert ended.exit_code == 0, ended
print(*sorted({name.split(".")[0] for name in sys.modules} & {"great_expectations"}))
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home after one night in a process of its own, and which unwanted library that process had loaded."""
    root = tmp_path_factory.mktemp("home")
    home = CsvHome(root).own("nps", "flow").months("nps", "2024-01", [40.0 + n for n in range(34)])
    home.result("k", kpi="nps", target="+10%").write()
    program = [sys.executable, "-c", NIGHT, str(root), "2026-11-20"]
    told = subprocess.run(program, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return root, told.stdout.splitlines()[-1].strip()


def test_a_sound_night_is_told_in_few_events(night: tuple[Path, str]) -> None:
    (log,) = [file for file in (night[0] / "dagster" / "history" / "runs").glob("*.db") if file.stem != "index"]
    with closing(sqlite3.connect(log)) as con:
        events = Counter(kind for (kind,) in con.execute("select dagster_event_type from event_logs"))
    assert events["STEP_SUCCESS"] == events["STEP_START"] <= 15
    tables = build_defs().resolve_asset_graph().get_all_asset_keys()
    assert events["ASSET_MATERIALIZATION"] == len(tables), "every table says that it was made"
    assert events["ASSET_CHECK_EVALUATION"] < 1.1 * len(tables)
    assert sum(events.values()) < 6.6 * len(tables)


def test_a_sound_night_says_each_tables_figures_once(night: tuple[Path, str]) -> None:
    """An output repeats what its materialization says: kept, the log of a night would be half as large again."""
    (log,) = [file for file in (night[0] / "dagster" / "history" / "runs").glob("*.db") if file.stem != "index"]
    with closing(sqlite3.connect(log)) as con:
        outputs = con.execute("select event from event_logs where dagster_event_type = 'STEP_OUTPUT'").fetchall()
    assert outputs
    assert not [event for (event,) in outputs if "row_count" in event]


def test_a_sound_night_loads_no_library_of_expectations(night: tuple[Path, str]) -> None:
    assert night[1] == ""
