"""Check-ins in the warehouse: since when each was known, and what owners said against what came."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from okr_models.checkins.file import CheckIn
from pipelines.warehouse.checkin_files import append, read_file
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.checkins import store_checkins
from pipelines.warehouse.okr.forecasts import score_forecasts
from tests.empty_home import connected
from tests.unit.pipelines.warehouse.okr.test_forecasts import CLIENT, CLOSED, night, write
from tests.unit.published_clients import FJALLGLAS

SAID = CheckIn(
    objective_id="o", key_result_id="k", checked_on=date(2026, 6, 1), by="a", confidence=0.6, text="t", next=""
)
JUNE, SEPTEMBER = datetime(2026, 6, 1, 3, tzinfo=UTC), datetime(2026, 9, 1, 3, tzinfo=UTC)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home.resolve(str(tmp_path), {}))
    yield connection
    connection.close()


def scores(con: Connection) -> list[tuple[object, ...]]:
    return con.execute(
        "select said_by, as_of, probability, outcome, round(brier, 4) from okr.forecast_scores order by all"
    ).fetchall()


def test_since_when_a_check_in_was_known_is_kept_and_a_changed_one_is_new(con: Connection) -> None:
    store_checkins(con, {"a": [SAID]}, now=JUNE)
    store_checkins(con, {"a": [SAID, replace(SAID, by="b")]}, now=SEPTEMBER)
    known = con.execute('select "by", known_at from okr.checkins order by all').fetchall()
    assert known == [("a", JUNE), ("b", SEPTEMBER)]
    store_checkins(con, {"a": [replace(SAID, confidence=0.9)], "other": []}, now=SEPTEMBER)
    assert con.execute("select confidence, known_at from okr.checkins").fetchall() == [(0.9, SEPTEMBER)]


def test_each_keeps_its_place_in_the_file(con: Connection) -> None:
    store_checkins(con, {"a": [replace(SAID, by="zed"), replace(SAID, by="anna")]}, now=JUNE)
    assert con.execute('select "by" from okr.checkins order by position').fetchall() == [("zed",), ("anna",)]


def test_what_the_owner_said_is_scored_beside_the_program(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)))
    store_checkins(con, {"a": [SAID]}, now=JUNE)
    assert score_forecasts(con, [CLIENT]) == 0
    write(con, CLOSED)
    assert score_forecasts(con, [CLIENT]) == 2
    assert scores(con) == [
        ("owner", date(2026, 6, 1), 0.6, True, 0.16),
        ("program", date(2026, 6, 1), 0.8, True, 0.04),
    ]
    assert score_forecasts(con, [CLIENT]) == 0


def test_what_was_written_down_after_the_outcome_was_known_is_no_forecast(con: Connection) -> None:
    write(con, night(date(2026, 6, 1)), CLOSED)
    store_checkins(con, {"a": [SAID]}, now=datetime(2027, 1, 7, 3, tzinfo=UTC))
    score_forecasts(con, [CLIENT])
    assert [said_by for said_by, *_ in scores(con)] == ["program"]


def test_confidence_in_an_earlier_target_is_not_scored_against_this_one(con: Connection) -> None:
    write(con, night(date(2026, 6, 1), definition_version="v0"), night(date(2026, 9, 1)), CLOSED)
    later = replace(SAID, checked_on=date(2026, 9, 1), confidence=0.7)
    store_checkins(con, {"a": [SAID, later]}, now=SEPTEMBER)
    con.execute("update okr.checkins set known_at = $june where checked_on = date '2026-06-01'", {"june": JUNE})
    score_forecasts(con, [CLIENT])
    assert [row[:3] for row in scores(con) if row[0] == "owner"] == [("owner", date(2026, 9, 1), 0.7)]


def test_two_who_check_in_at_once_each_keep_their_row(tmp_path: Path) -> None:
    home = Home(tmp_path)
    objective = FJALLGLAS.objectives[0]
    said = replace(SAID, objective_id=objective.id, key_result_id=objective.key_results[0].id)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: append(home, FJALLGLAS, replace(said, by=f"p{n}")), range(24)))
    found = read_file(home, FJALLGLAS, today=date(2026, 11, 20))
    assert (len(found.checkins), found.faults) == (24, ())
    assert [path.name for path in home.checkins.glob("*") if path.suffix == ".csv"] == ["fjallglas.csv"]


def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.checkins.mkdir()
    home.checkins_of("fjallglas").write_text("on,key_result,confidence\n2026-11-03,x/y,60\n", encoding="utf-8")
    (fault,) = read_file(home, FJALLGLAS, today=date(2026, 11, 20)).faults
    assert fault.startswith("checkins/fjallglas.csv:2: 'x/y' is no key result")
    assert read_file(Home(tmp_path / "none"), FJALLGLAS, today=date(2026, 11, 20)).checkins == ()
