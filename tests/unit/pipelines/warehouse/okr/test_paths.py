"""The path of each key result by month, as analysts get it: what the report's charts draw."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.okr.judge import evaluate_all
from tests.unit.okr_figures import AS_OF, key_result
from tests.unit.pipelines.warehouse.okr.test_judge import POSTS, VISITORS, a_client, con, posts, visitors

__all__ = ["con"]


def paths(con: duckdb.DuckDBPyConnection, key_result_id: str) -> list[tuple[date, float | None]]:
    return con.execute(
        "select month, target_path from okr.key_result_path where key_result_id = ? order by month", [key_result_id]
    ).fetchall()


def test_a_night_writes_a_row_a_month_of_the_period(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    report = evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    assert report.paths == 24
    grown, counted = paths(con, "visitors"), paths(con, "posts")
    assert [path for _, path in grown] == [pytest.approx(1300.0)] * 12
    assert counted[0] == (date(2026, 1, 1), pytest.approx(2 / 12))
    assert counted[-1] == (date(2026, 12, 1), pytest.approx(2.0))


def test_the_next_night_puts_its_own_in_place_also_where_nothing_else_is_new(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    again = evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    assert (again.added["key_result_progress"], again.paths) == (0, 24)
    assert con.execute("select count(*) from okr.key_result_path").fetchone() == (24,)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(date(2026, 11, 21)))
    assert paths(con, POSTS.id) == []


def test_a_past_day_judged_again_changes_no_path(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    before = con.execute("from okr.key_result_path order by all").fetchall()
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF), as_of=date(2026, 6, 1), restated=True)
    assert con.execute("from okr.key_result_path order by all").fetchall() == before


def test_a_bound_is_the_path_of_every_month_and_a_band_has_none(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    least = key_result(id="least", target={"at_least": 900})
    band = key_result(id="band", target={"between": [900, 1500]})
    evaluate_all(con, [a_client(least, band)], fixed_clock(AS_OF))
    assert {path for _, path in paths(con, "least")} == {900.0}
    assert {path for _, path in paths(con, "band")} == {None}
