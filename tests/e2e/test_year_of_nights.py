"""An agency's year of nights: a period ends and is scored, the next begins, a month is restated, a client leaves.

Really under test: that the program lives through what only time brings, and that no statement on the way leaves an
answer half read. Most nights are the job's steps in this process; two are ``okr run`` as a user starts it, Dagster and
all its checks included.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import yaml

from okr_models.periods import add_months
from pipelines.assets import publish as publish_assets
from pipelines.cli.night import run_night
from pipelines.exports.all import export_all
from pipelines.warehouse.clients import load_clients
from pipelines.warehouse.db import connect, open_published
from pipelines.warehouse.home import Home
from tests.csv_home import Row, night_steps, query
from tests.watched import Watched

FIRST_MONTHS = {"alfa": date(2022, 1, 1), "beta": date(2024, 6, 1), "gamma": date(2024, 9, 1)}
"""One has a history that a model can be fitted to, the others what the simple rule is for."""
CLIENTS = tuple(FIRST_MONTHS)
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
RESTATED_ON, LEFT_ON = "2026-04-10", "2026-08-01"


def months_until(client: str, night: date) -> Iterator[tuple[date, int]]:
    """What the client's own system has counted by ``night``: each month of its history that is over."""
    month, number = FIRST_MONTHS[client], 0
    while add_months(month, 1) <= night:
        yield month, number
        month, number = add_months(month, 1), number + 1


def write_files(home: Home, night: date) -> None:
    """The client files and what their csv files have by then."""
    for folder in (home.clients, home.data):
        folder.mkdir(parents=True, exist_ok=True)
    for place, client in enumerate(CLIENTS):
        rows = ["month,kpi,value"]
        for month, number in months_until(client, night):
            orders = (1000 + 10 * number) * (1 + place / 10) + 50 * (month.month % 4)
            if client == "alfa" and month == date(2026, 1, 1) and night >= date.fromisoformat(RESTATED_ON):
                orders *= 0.9
            rows.append(f"{month:%Y-%m},orders,{orders:.0f}")
            rows.append(f"{month:%Y-%m},members,{200 + 7 * number + place}")
        (home.data / f"{client}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        (home.clients / f"{client}.yaml").write_text(yaml.safe_dump(file_of(client), sort_keys=False), encoding="utf-8")
    if night >= date.fromisoformat(LEFT_ON):
        (home.clients / "gamma.yaml").unlink()


def file_of(client: str) -> Row:
    return {
        "client": client,
        "name": client.capitalize(),
        "language": "sv" if client == "beta" else "en",
        "sources": [{"id": "own", "type": "csv", "path": f"data/{client}.csv"}],
        "kpis": [
            {"id": "orders", "title": "Orders", "kind": "flow", "unit": "orders", "source": "own"},
            {"id": "members", "title": "Members", "kind": "stock", "unit": "members", "source": "own"},
        ],
        "objectives": [
            {
                "id": f"growth_{year}",
                "title": f"Growth {year}",
                "period": f"FY{year}",
                "key_results": [
                    {"id": "orders", "title": "More orders", "kpi": "orders", "target": "+8%"},
                    {"id": "members", "title": "More members", "kpi": "members", "target": "+20%"},
                ][: 2 if client == "alfa" else 1],
            }
            for year in (2025, 2026)
        ],
        "initiatives": [
            {
                "id": "letter",
                "title": "A letter a month",
                "key_result": "growth_2026/orders",
                "kpi": "orders",
                "registered": "2026-02-01",
                "start": "2026-03-01",
                "end": "2026-04-30",
                "smallest_worthwhile_effect": "+5%",
            }
        ],
    }


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
                ended = run_night(home, {"OKR_TODAY": night})
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
