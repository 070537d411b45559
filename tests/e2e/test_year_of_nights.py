"""An agency's year of nights: a period ends and is scored, the next begins, a month is restated, a client leaves.

Really under test: that the program lives through what only time brings, and that no statement on the way leaves an
answer half read. Most nights are the job's steps in this process; two are ``okr run`` as a user starts it, Dagster and
all its checks included.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from pipelines.assets import publish as publish_assets
from pipelines.cli.night import run_night
from pipelines.exports.all import export_all
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.db import connect, open_published
from pipelines.warehouse.home import Home
from tests.agency import CLIENTS, RESTATED_ON, write_files
from tests.csv_home import night_steps, query
from tests.watched import Watched

BY_OKR_RUN = ("2026-02-10", "2027-02-12")
NIGHTS = (
    "2025-11-10",
    "2025-12-12",
    "2026-01-01",
    "2026-02-10",  # 2025 is closed, and what was forecast of it is scored
    "2026-02-11",
    "2026-04-10",  # a closed month came out otherwise
    "2026-06-30",
    "2026-08-01",  # gamma's file is gone
    "2026-10-25",
    "2026-12-31",
    "2027-02-12",  # 2026 is closed
    "2027-02-13",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """After all nights."""
    home = Home(tmp_path_factory.mktemp("agency"))
    progress_rows = 0
    for night in NIGHTS:
        write_files(home, date.fromisoformat(night))
        with pytest.MonkeyPatch.context() as patch:
            if night in BY_OKR_RUN:
                patch.setattr("pipelines.resources.connect", lambda *a, **k: Watched(connect(*a, **k)))
                patch.setattr(publish_assets, "open_published", lambda *a, **k: Watched(open_published(*a, **k)))
                patch.setenv("OKR_TODAY", night)
                patch.setenv("DAGSTER_HOME", str(home.root / "dagster"))
                # six weeks after the night before, and perhaps ahead of this machine
                ended = run_night(home, {"OKR_TODAY": night}, clock_is_right=True)
                assert (ended.exit_code, ended.problems) == (0, ()), night
            else:
                with closing(Watched(connect(home))) as con:
                    night_steps(con, home, night)  # type: ignore[arg-type]
        kept = query(home, "select count(*) as rows from marts.key_result_progress")[0]["rows"]
        assert kept > progress_rows, f"{night}: every night adds rows, and none is ever lost"
        progress_rows = kept
    return home


def test_what_was_forecast_of_a_year_is_scored_once_the_year_is_closed(home: Home) -> None:
    rows = query(
        home,
        "select client, objective_id, count(*) as scored, min(probability) as least, bool_and(outcome) as reached"
        " from marts.forecast_scores group by all order by all",
    )
    assert {(row["client"], row["objective_id"]) for row in rows} >= {(c, "growth_2025") for c in CLIENTS}
    assert {(row["client"], row["objective_id"]) for row in rows} >= {(c, "growth_2026") for c in ("alfa", "beta")}
    assert all(row["scored"] and row["least"] is not None for row in rows)


def test_the_next_years_objectives_are_judged_and_the_last_ones_keep_their_end(home: Home) -> None:
    latest = query(home, "select * from marts.key_result_latest where client = 'alfa' order by objective_id")
    assert {row["objective_id"] for row in latest} >= {"growth_2026"}
    history = query(
        home,
        "select distinct objective_id from marts.key_result_progress where client = 'alfa' and as_of > '2026-02-01'",
    )
    assert {row["objective_id"] for row in history} == {"growth_2025", "growth_2026"}


def test_a_closed_month_that_came_out_otherwise_is_noted(home: Home) -> None:
    rows = query(
        home,
        "select client, notes from marts.key_result_progress where objective_id = 'growth_2026'"
        f" and key_result_id = 'orders' and as_of = '{RESTATED_ON}' order by client",
    )
    said = {row["client"]: row["notes"] or "" for row in rows}
    assert "January" in said["alfa"]
    assert said["alfa"] != said["gamma"]


def test_a_client_that_left_keeps_all_that_was_said_of_it(home: Home) -> None:
    rows = query(home, "select max(as_of) as last from marts.key_result_progress where client = 'gamma'")
    assert str(rows[0]["last"]) == "2026-06-30"
    assert query(home, "select 1 from marts.initiative_results where client = 'gamma' limit 1")


def test_every_export_of_the_last_night_can_be_made_without_leaving_an_answer_open(home: Home, tmp_path: Path) -> None:
    with closing(Watched(open_published(home))) as con:
        written = export_all(con, tmp_path, clients=load_clients(home).clients)  # type: ignore[arg-type]
        assert con.statements > 50
    assert {path.parent.name for path in written} >= {"alfa", "beta", "_agency"}
