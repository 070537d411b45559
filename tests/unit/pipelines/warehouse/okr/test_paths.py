"""The path of each key result by month, as analysts get it: what the report's charts draw."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from okr_models.client.model import Period
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.okr.judge import evaluate_all
from tests.unit.okr_figures import AS_OF, key_result, monthly
from tests.unit.pipelines.warehouse.okr.test_judge import POSTS, VISITORS, a_client, con, fill, posts, visitors

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


def test_a_stock_against_the_same_day_last_year_is_asked_for_growth_on_each_of_its_months(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = monthly("followers", date(2025, 1, 1), [100.0 + n for n in range(23)])
    fill(con, "kpi_monthly", rows)
    yearly = key_result(id="yearly", kpi="followers", target="+10%", baseline="same_months_last_year")
    evaluate_all(con, [a_client(yearly)], fixed_clock(AS_OF))
    assert [path for _, path in paths(con, "yearly")] == pytest.approx([1.1 * (100 + n) for n in range(12)])


def test_a_period_longer_than_a_year_is_not_asked_for_growth_on_its_own_months(con: duckdb.DuckDBPyConnection) -> None:
    rows = monthly("unique_visitors", date(2024, 1, 1), [*[100.0] * 18, *[500.0] * 6, *[130.0] * 10])
    fill(con, "kpi_monthly", rows)
    long = Period(start=date(2026, 1, 1), end=date(2027, 6, 30))
    evaluate_all(con, [a_client(VISITORS, period=long)], fixed_clock(AS_OF))
    assert {path for _, path in paths(con, VISITORS.id)} == {130.0}
