"""The OKR step on a real DuckDB: what it adds, what it leaves alone, and what a past day is shown as.

Really under test: append-only rows, their keys, and the reading of marts and ledger. The figures have tests of their
own (``test_measures.py`` and its neighbours).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr_models.client.model import Client
from okr_models.forecast.types import Forecast
from pipelines.exports.published import read_status
from pipelines.warehouse.clock import fixed_clock
from pipelines.warehouse.faults import ClientFaults
from pipelines.warehouse.home import Home
from pipelines.warehouse.okr.judge import evaluate_all
from pipelines.warehouse.okr.tables import KEY_RESULT_ITEMS, KEY_RESULT_PROGRESS, OBJECTIVE_PROGRESS, OKR_TABLES
from pipelines.warehouse.schema import ensure_schema
from tests.empty_home import connected
from tests.unit.okr_figures import AS_OF, blog_post, client_of, daily, key_result, month, monthly, source

BLOG = source("wordpress", "blog")
WEB = source("ga4", "web")
DDL = {
    "kpi_monthly": "client varchar, kpi varchar, scope varchar, month date, value double, numerator double,"
    " denominator double, is_closed boolean, is_estimated boolean, origin varchar, data_through date, closes_on date,"
    " note varchar, note_codes struct(code varchar)[]",
    "kpi_daily": "client varchar, kpi varchar, scope varchar, day date, value double, is_estimated boolean,"
    " origin varchar",
    "blog_posts": "client varchar, source varchar, post_id varchar, url varchar, title varchar,"
    " published_at timestamptz, published_on date, page_views double, engagement_seconds double, search_clicks double,"
    " search_position double, redated_on date, also_listed_by varchar, unseen_host varchar",
    "blog_post_daily": "client varchar, source varchar, post_id varchar, day date, page_views double,"
    " engagement_seconds double",
    "int_social_post_totals": "client varchar, platform varchar, source varchar, post_id varchar, url varchar,"
    " published_at timestamptz, client_published_on date,"
    " likes double, comments double, shares double, interactions double",
    "int_social_post_days": "client varchar, source varchar, post_id varchar, day date, interactions double",
}
VISITORS = key_result(id="visitors", target="+30%")
POSTS = key_result(id="posts", count="blog_posts", where={"page_views": {"at_least": 500, "within_days": 90}}, target=2)


def schema_of(table: str) -> str:
    return "intermediate" if table.startswith("int_") else "marts"


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connected(Home(tmp_path))
    for table, columns in DDL.items():
        connection.execute(f"create table {schema_of(table)}.{table} ({columns})")
    yield connection
    connection.close()


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    for each in rows:
        row = {"client": "acme"} | each
        names = [name for name in row if name in DDL[table]]
        con.execute(
            f"insert into {schema_of(table)}.{table} ({', '.join(names)}) values ({', '.join('?' * len(names))})",
            [row[name] for name in names],
        )


def visitors(con: duckdb.DuckDBPyConnection, *, growth: float = 1.3, as_of: date = AS_OF) -> None:
    con.execute("delete from marts.kpi_monthly")
    values = [1000.0] * 12 + [1000.0 * growth] * 11
    fill(con, "kpi_monthly", monthly("unique_visitors", month("2025-01"), values, as_of=as_of))


def show(con: duckdb.DuckDBPyConnection) -> None:
    """The result tables where analysts find them, as the published database has them."""
    for name in OKR_TABLES:
        con.execute(f"create or replace view marts.{name} as select * from okr.{name}")


def posts(con: duckdb.DuckDBPyConnection) -> None:
    made = [blog_post("a", date(2026, 2, 1), [100] * 20), blog_post("b", date(2026, 3, 1), [1] * 120)]
    fill(con, "blog_posts", [{k: v for k, v in post.items() if k != "views"} for post in made])
    fill(con, "blog_post_daily", [row for post in made for row in post["views"]])
    load(con, BLOG.id, "blog_posts", AS_OF - timedelta(days=1), "loaded")
    load(con, WEB.id, "web_pages_daily", AS_OF - timedelta(days=1), "loaded")


def a_client(*results: Any, **settings: Any) -> Client:
    return client_of(*(results or (VISITORS, POSTS)), sources=(WEB, BLOG), **settings)


def progress(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = con.execute("select * from okr.key_result_progress order by key_result_id, as_of, known_at")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def load(con: duckdb.DuckDBPyConnection, source_id: str, stream: str, day: date, status: str) -> None:
    instant = datetime(day.year, day.month, day.day, 4, tzinfo=UTC) + timedelta(days=1)
    con.execute(
        "insert into ops.loads (client, source, stream, window_start, window_end, rows, status, attempts, error_class,"
        " started_at, finished_at, run_id) values ('acme', ?, ?, ?, ?, 1, ?, 1, ?, ?, ?, 'r')",
        [source_id, stream, day, day, status, "auth" if status == "failed" else None, instant, instant],
    )


def test_a_night_adds_a_row_for_each_key_result_its_items_and_the_objective(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    report = evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    assert report.added == {"key_result_progress": 2, "objective_progress": 1, "key_result_items": 2}
    counted, grown = progress(con)
    assert (grown["status"], grown["raw_progress"]) == ("on_track", pytest.approx(1.0))
    assert (counted["current"], counted["kpi"], counted["unit"]) == (1.0, "blog_posts", "posts")
    assert grown["as_of"] == AS_OF
    assert grown["known_at"] == fixed_clock(AS_OF).now()
    outcomes = con.execute("select item_id, outcome, decided_on from okr.key_result_items order by item_id").fetchall()
    assert outcomes == [("a", "met", date(2026, 2, 5)), ("b", "missed", date(2026, 5, 29))]


def test_a_second_run_on_the_same_day_with_the_same_inputs_adds_nothing(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    before = progress(con)
    report = evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    assert set(report.added.values()) == {0}
    assert progress(con) == before
    assert [each.is_new for each in report.key_results] == [False, False]


def test_changed_inputs_on_the_same_day_add_a_row_one_second_later(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    visitors(con, growth=1.2)
    report = evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    assert report.added["key_result_progress"] == report.added["objective_progress"] == 1
    first, second = progress(con)
    assert second["known_at"] - first["known_at"] == timedelta(seconds=1)
    assert first["input_hash"] != second["input_hash"]
    assert first["raw_progress"] == pytest.approx(1.0)


def test_rows_in_another_order_are_the_same_inputs(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    con.execute("create table shuffled as select * from marts.kpi_monthly order by month desc")
    con.execute("delete from marts.kpi_monthly")
    con.execute("insert into marts.kpi_monthly select * from shuffled")
    assert evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF)).added["key_result_progress"] == 0


def test_as_of_is_the_clocks_date_in_the_clients_own_zone(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    tokyo = a_client(VISITORS).model_copy(update={"timezone": "Pacific/Honolulu"})
    report = evaluate_all(con, [tokyo], fixed_clock(AS_OF))
    assert report.key_results[0].as_of == AS_OF - timedelta(days=1)


def test_a_past_board_figure_is_shown_as_it_was_known_and_restated_as_it_comes_out_now(
    con: duckdb.DuckDBPyConnection,
) -> None:
    day = date(2026, 8, 10)
    client = a_client(VISITORS)
    visitors(con, as_of=day)
    evaluate_all(con, [client], fixed_clock(day))
    visitors(con, growth=1.15)
    evaluate_all(con, [client], fixed_clock(AS_OF))
    report = evaluate_all(con, [client], fixed_clock(AS_OF), as_of=day, restated=True)
    assert report.added["key_result_progress"] == 1
    show(con)
    known = read_status(con, "acme", as_of=day)
    restated = read_status(con, "acme", as_of=day, restated=True)
    assert [row.raw_progress for row in known.key_results] == [pytest.approx(1.0)]
    assert [row.raw_progress for row in restated.key_results] == [pytest.approx(0.5)]
    assert restated.as_of == known.as_of == day


def test_a_restatement_uses_only_months_closed_by_then(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF), as_of=date(2026, 6, 4), restated=True)
    row = progress(con)[0]
    assert row["data_through"] == date(2026, 4, 30)


def test_restating_twice_with_the_same_inputs_adds_one_row_only(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    for _ in range(2):
        report = evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF), as_of=date(2026, 6, 8), restated=True)
    assert set(report.added.values()) == {0}


def test_a_day_to_come_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ClientFaults, match="2027-01-01 can't be judged"):
        evaluate_all(con, [a_client()], fixed_clock(AS_OF), as_of=date(2027, 1, 1), restated=True)


def test_a_past_day_is_not_overwritten_by_accident(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ClientFaults, match="restatement"):
        evaluate_all(con, [a_client()], fixed_clock(AS_OF), as_of=date(2026, 6, 8))


def test_a_failed_source_is_named_with_the_day_from_which_it_is_missing(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    load(con, "web", "web_monthly", date(2026, 11, 2), "loaded")
    load(con, "web", "web_monthly", date(2026, 11, 19), "failed")
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    assert progress(con)[0]["notes"] == "Google Analytics har inte kunnat läsas sedan 3 nov"


def test_a_source_that_works_again_is_no_longer_named(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    load(con, "web", "web_monthly", date(2026, 11, 18), "failed")
    load(con, "web", "web_monthly", date(2026, 11, 19), "loaded")
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    assert progress(con)[0]["notes"] is None


def test_a_target_edited_without_a_revision_is_noted_from_then_on(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    edited = key_result(id="visitors", target="+10%")
    for days in (1, 2):
        evaluate_all(con, [a_client(edited)], fixed_clock(AS_OF + timedelta(days=days)))
    notes = [row["notes"] for row in progress(con)]
    assert notes[0] is None
    assert notes[1] == notes[2] == "definitionen ändrades 21 nov. 2026: skriv ändringen under revisions"


def test_a_definition_that_was_put_back_changed_on_the_day_it_was(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    for days, target in enumerate(("+30%", "+20%", "+20%", "+30%", "+30%")):
        edited = key_result(id="visitors", target=target)
        evaluate_all(con, [a_client(edited)], fixed_clock(AS_OF + timedelta(days=days)))
    said = "definitionen ändrades {} nov. 2026: skriv ändringen under revisions"
    assert [row["notes"] for row in progress(con)] == [None, *(said.format(day) for day in (21, 21, 23, 23))]


def test_a_revision_is_noted_as_such_and_keeps_the_first_target(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    revised = key_result(
        id="visitors",
        target="+30%",
        revisions=[{"from": date(2026, 11, 21), "target": "+20%", "by": "Anna", "why": "ny budget"}],
    )
    evaluate_all(con, [a_client(revised)], fixed_clock(AS_OF + timedelta(days=1)))
    row = progress(con)[1]
    assert row["notes"] == "målet ändrades 21 nov. 2026 av Anna: ny budget"
    assert (row["first_target"], row["target"]) == (pytest.approx(1300), pytest.approx(1200))


def test_forecasts_are_made_only_for_key_results_whose_inputs_changed(con: duckdb.DuckDBPyConnection) -> None:
    asked: list[int] = []

    def forecaster(jobs: Sequence[Any]) -> list[Forecast | None]:
        asked.append(len(jobs))
        return [Forecast(mid=1.0, low=0.5, high=2.0, probability=0.4, method="structural") for _ in jobs]

    visitors(con)
    for _ in range(2):
        evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF), forecaster=forecaster)
    assert asked == [1]
    row = progress(con)[0]
    assert (row["probability"], row["status"], row["forecast_low"]) == (0.4, "at_risk", 0.5)


def test_an_objective_long_closed_is_judged_once_and_then_left(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    late = date(2027, 6, 1)
    assert evaluate_all(con, [a_client(VISITORS)], fixed_clock(late)).added["objective_progress"] == 1
    later = evaluate_all(con, [a_client(VISITORS)], fixed_clock(late + timedelta(days=1)))
    assert later.added["objective_progress"] == 0


def test_what_was_said_of_an_objective_long_closed_is_restated_for_that_day_alone(
    con: duckdb.DuckDBPyConnection,
) -> None:
    visitors(con)
    late, today = date(2027, 6, 1), date(2027, 7, 1)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(late))
    visitors(con, growth=1.15)
    for day, added in ((late, 1), (date(2027, 6, 2), 0)):
        report = evaluate_all(con, [a_client(VISITORS)], fixed_clock(today), as_of=day, restated=True)
        assert report.added["key_result_progress"] == added


def test_no_nan_or_infinity_reaches_a_table(con: duckdb.DuckDBPyConnection) -> None:
    fill(con, "kpi_monthly", monthly("unique_visitors", month("2025-01"), [0.0, float("nan"), float("inf")] * 8))
    fill(con, "kpi_daily", daily("followers", {date(2025, 12, 31): float("nan")}))
    evaluate_all(con, [a_client(VISITORS, key_result(id="f", kpi="sessions", target=5))], fixed_clock(AS_OF))
    for table in (KEY_RESULT_PROGRESS, OBJECTIVE_PROGRESS, KEY_RESULT_ITEMS):
        for column in table.columns:
            if column.type == "DOUBLE":
                bad = con.execute(
                    f"select count(*) from {table.qualified} where isnan({column.name}) or isinf({column.name})"
                ).fetchone()
                assert bad == (0,), column.name


def test_a_closed_month_restated_by_more_than_a_hundredth_leaves_a_note(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    con.execute("update marts.kpi_monthly set value = value * 1.009 where month = date '2026-02-01'")
    con.execute("update marts.kpi_monthly set value = value * 1.03 where month = date '2026-03-01'")
    con.execute("update marts.kpi_monthly set value = value * 9 where month = date '2026-11-01'")
    for days in (1, 2):
        evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF + timedelta(days=days)))
    notes = [row["notes"] for row in progress(con)]
    assert notes == [None, *["ändrat i efterhand: mars 2026 (mest 3\xa0%)"] * 2]


def test_items_of_a_past_day_come_back_as_one_set(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    con.execute("update marts.blog_post_daily set page_views = if(post_id = 'a', 0, 9999)")
    evaluate_all(con, [a_client()], fixed_clock(AS_OF + timedelta(days=1)))
    then, now = (
        con.execute("select outcome from okr.key_result_items where as_of = ? order by item_id", [day]).fetchall()
        for day in (AS_OF, AS_OF + timedelta(days=1))
    )
    assert then == [("met",), ("missed",)]
    assert now == [("met",), ("met",)], "what was met stays met, and what was missed may have been read too early"


def test_posts_of_one_id_on_two_servers_count_each_and_one_that_two_sources_read_counts_once(
    con: duckdb.DuckDBPyConnection,
) -> None:
    read = [("a", "https://a.social/1", 5), ("b", "https://b.social/1", 9), ("b2", "https://b.social/1", 9)]
    for name, url, count in read:
        post = {"platform": "mastodon", "source": name, "post_id": "1", "url": url, "interactions": float(count)}
        noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
        fill(con, "int_social_post_totals", [post | {"published_at": noon, "client_published_on": noon.date()}])
        fill(con, "int_social_post_days", [post | {"day": noon.date() + timedelta(days=day)} for day in range(9)])
    asked = key_result(id="posts", count="social_posts", where={"interactions": {"at_least": 50}}, target=2)
    evaluate_all(con, [a_client(asked)], fixed_clock(AS_OF))
    items = con.execute("select item_id, url, value, outcome from okr.key_result_items order by all").fetchall()
    assert items == [("1", read[0][1], 45.0, "open"), ("b:1", read[1][1], 81.0, "met")]
    evaluate_all(con, [a_client(asked)], fixed_clock(AS_OF))
    assert [row["current"] for row in progress(con)] == [1.0]


def test_a_post_stays_met_when_what_it_was_counted_by_is_gone(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    said = "select item_id, value, decided_on from okr.key_result_items where as_of = ? and outcome = 'met'"
    before = con.execute(said, [AS_OF]).fetchall()
    con.execute("delete from marts.blog_post_daily")
    evaluate_all(con, [a_client()], fixed_clock(AS_OF + timedelta(days=1)))
    assert con.execute(said, [AS_OF + timedelta(days=1)]).fetchall() == before != []
    nights = con.execute("select count(*) from okr.key_result_progress").fetchall()
    evaluate_all(con, [a_client()], fixed_clock(AS_OF + timedelta(days=1)))
    assert con.execute("select count(*) from okr.key_result_progress").fetchall() == nights, "the same inputs"


NEW_COLUMNS = {
    "key_result_progress": ("current_growth", "forecast_target", "probability_full"),
    "objective_progress": ("expected_progress", "deciding_key_result"),
}


def test_a_home_of_an_older_version_opens_and_its_next_row_has_the_new_columns(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    for table, names in NEW_COLUMNS.items():
        kept = ", ".join(name for name in OKR_TABLES[table].column_names if name not in names)
        con.execute(f"create table okr.older as select {kept} from okr.{table}")
        con.execute(f"drop table okr.{table}")
        con.execute(f"alter table okr.older rename to {table}")
    show(con)
    old = read_status(con, "acme")
    assert (old.key_results[0].current_growth, old.objectives[0].deciding_key_result) == (None, None)
    ensure_schema(con)
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF + timedelta(days=1)))
    show(con)
    new = read_status(con, "acme")
    assert new.key_results[0].current_growth == pytest.approx(0.3)
    assert new.objectives[0].deciding_key_result == "visitors"
    first, second = progress(con)
    assert (first["current_growth"], second["current_growth"]) == (None, pytest.approx(0.3))


def test_a_source_that_left_the_file_is_named_once_on_what_rested_on_it(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    posts(con)
    last = AS_OF - timedelta(days=9)
    for stream in ("web_monthly", "web_daily", "web_pages_daily"):
        load(con, "gammal", stream, last, "loaded")
    load(con, "long_ago", "web_monthly", date(2024, 12, 31), "loaded")
    load(con, "other", "follower_snapshots", last, "loaded")
    load(con, "never", "web_monthly", last, "failed")
    evaluate_all(con, [a_client()], fixed_clock(AS_OF))
    said = "gammal är avläst till 11 nov. 2026 men finns inte längre i filen"
    cure = "om den har fått ett annat id, ange formerly där"
    for row in progress(con):
        named = [each for each in str(row["notes"]).split("; ") if "finns inte längre i filen" in each]
        assert named == [f"{said}: {cure}"], row["key_result_id"]


def test_a_source_that_is_another_account_since_a_break_is_told_of(con: duckdb.DuckDBPyConnection) -> None:
    visitors(con)
    load(con, WEB.id, "web_monthly", AS_OF - timedelta(days=1), "loaded")
    kept = "insert into ops.source_identities values ('acme', ?, 'ga4', 'ga4', '{}', ?, ?)"
    con.execute(kept, [WEB.id, datetime(2026, 1, 1, tzinfo=UTC), None])
    con.execute(kept, [WEB.id, datetime(2026, 9, 2, tzinfo=UTC), date(2026, 9, 1)])
    evaluate_all(con, [a_client(VISITORS)], fixed_clock(AS_OF))
    (row,) = progress(con)
    assert "Google Analytics: ett annat konto sedan 1 sep. 2026" in str(row["notes"])
