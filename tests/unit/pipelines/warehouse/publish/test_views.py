"""The views over what every night keeps: which row of each is the newest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pytest

from pipelines.exports.csvs import client_rows
from pipelines.exports.files import INITIATIVES
from pipelines.exports.published import read_status
from pipelines.exports.report.queries import initiatives_of, items_of
from pipelines.warehouse.okr.tables import OKR_TABLES
from tests.unit.published_fixture import build_published, insert

CLIENT = {"client": "views"}
NIGHT, NEXT = date(2026, 11, 19), date(2026, 11, 20)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = build_published()
    yield connection
    connection.close()


def row(table: str, **values: object) -> dict[str, object]:
    """Every column that must have a value has one."""
    usual = {"VARCHAR": "x", "DATE": NIGHT, "TIMESTAMPTZ": datetime(2026, 11, 19, 4, tzinfo=UTC), "BOOLEAN": True}
    columns = [column for column in OKR_TABLES[table].columns if not column.nullable]
    return {column.name: usual[column.type] for column in columns} | CLIENT | values


def test_the_newest_items_are_those_of_the_newest_judgement_of_their_key_result(
    con: duckdb.DuckDBPyConnection,
) -> None:
    first, again = datetime(2026, 11, 20, 4, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)
    for known_at in (first, again):
        insert(con, "marts.key_result_progress", **row("key_result_progress", as_of=NEXT, known_at=known_at))
    for known_at, item in ((first, "gone"), (first, "kept"), (again, "kept")):
        insert(con, "marts.key_result_items", **row("key_result_items", as_of=NEXT, known_at=known_at, item_id=item))
    found = con.execute("select item_id, known_at from marts.key_result_items_latest where client = 'views'").fetchall()
    assert found == [("kept", again)]


def test_an_initiative_that_the_newest_night_no_longer_has_is_not_among_the_newest(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for name, as_of in (("gone", NIGHT), ("stays", NIGHT), ("stays", NEXT)):
        insert(con, "marts.initiative_results", **row("initiative_results", initiative_id=name, as_of=as_of))
    sql = "select initiative_id, as_of from marts.initiative_latest where client = 'views'"
    assert con.execute(sql).fetchall() == [("stays", NEXT)]


def test_the_last_initiative_that_left_the_file_is_not_among_the_newest(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing was judged on the nights after it; nor is it in the exports, but for those of a night that had it."""
    insert(con, "marts.initiative_results", **row("initiative_results", initiative_id="gone", as_of=NIGHT))

    def named(as_of: date | None) -> set[int]:
        (rows,) = (found for file, found in client_rows(con, "views", as_of=as_of) if file is INITIATIVES)
        return {len(rows), len(initiatives_of(con, "views", as_of=as_of))}

    sql = "select count(*) from marts.initiative_latest where client = 'views'"
    for newest, stands in ((NIGHT, 1), (NEXT, 0)):
        con.execute("delete from marts.clients")
        insert(con, "marts.clients", **CLIENT, as_of=newest)
        assert con.execute(sql).fetchall() == [(stands,)]
        assert named(None) == {stands}
        assert named(newest) == {stands}
        assert named(NIGHT) == {1}


def test_what_a_second_run_of_the_day_no_longer_asks_for_is_not_among_the_newest(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A key result and an objective were renamed, and the night's rows of their old ids are from the same day."""
    ids = [("old", "kept"), ("new", "kept"), ("new", "renamed")]
    for as_of in (NIGHT, NEXT):
        for objective, result in ids:
            of = {"objective_id": objective, "as_of": as_of}
            insert(con, "marts.key_result_progress", **row("key_result_progress", key_result_id=result, **of))
        for objective in ("old", "new"):
            insert(con, "marts.objective_progress", **row("objective_progress", objective_id=objective, as_of=as_of))

    def named(as_of: date | None) -> tuple[list[str], list[str]]:
        status = read_status(con, "views", as_of=as_of)
        rows = {file.name: [line[1:3] for line in found] for file, found in client_rows(con, "views", as_of=as_of)}
        results = [(each.objective_id, each.key_result_id) for each in status.key_results]
        assert results == rows["key_results.csv"]
        assert [each.objective_id for each in status.objectives] == [line[0] for line in rows["objectives.csv"]]
        return [result for _, result in results], [each.objective_id for each in status.objectives]

    views = [f"select count(*) from marts.{name}_latest where client = 'views'" for name in ("key_result", "objective")]
    # nothing is known of the file, as where its tables were never built
    assert named(None) == (["kept", "renamed", "kept"], ["new", "old"])
    insert(con, "marts.clients", **CLIENT, as_of=NEXT)
    # the file asks for nothing any more
    assert [con.execute(sql).fetchall() for sql in views] == [[(0,)], [(0,)]]
    assert named(None) == named(NEXT) == ([], [])
    assert named(NIGHT) == (["kept", "renamed", "kept"], ["new", "old"])
    insert(con, "marts.objectives", **CLIENT, objective_id="new", position=1, title="x")
    insert(con, "marts.key_results", **CLIENT, objective_id="new", key_result_id="renamed")
    assert [con.execute(sql).fetchall() for sql in views] == [[(1,)], [(1,)]]
    assert named(None) == named(NEXT) == (["renamed"], ["new"])
    assert named(NIGHT) == (["kept", "renamed", "kept"], ["new", "old"])


def test_the_last_objective_that_left_the_file_is_not_among_the_newest(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing was judged on the nights after it; a night that had it still shows it, and so does its history."""
    insert(con, "marts.key_result_progress", **row("key_result_progress"))
    insert(con, "marts.key_result_items", **row("key_result_items"))
    insert(con, "marts.objective_progress", **row("objective_progress"))

    def counts(as_of: date | None) -> dict[str, int]:
        status = read_status(con, "views", as_of=as_of)
        rows = {file.name: len(found) for file, found in client_rows(con, "views", as_of=as_of)}
        assert len(status.key_results) == rows["key_results.csv"]
        assert len(status.objectives) == rows["objectives.csv"]
        items = items_of(con, "views", as_of=as_of, restated=False, zone="Europe/Stockholm")
        assert len(items) == rows["key_result_items.csv"]
        names = ("key_results.csv", "objectives.csv", "key_result_items.csv", "history.csv")
        return {name: rows[name] for name in names}

    every, left = (dict.fromkeys(counts(None), 1), dict.fromkeys(counts(None), 0) | {"history.csv": 1})
    insert(con, "marts.clients", **CLIENT, as_of=NEXT)
    for asked, stands in ((True, every), (False, left)):
        con.execute("delete from marts.objectives where client = 'views'")
        con.execute("delete from marts.key_results where client = 'views'")
        if asked:  # judged no more, long after its close
            insert(con, "marts.objectives", **CLIENT, objective_id="x", position=1, title="x")
            insert(con, "marts.key_results", **CLIENT, objective_id="x", key_result_id="x")
        for view in ("key_result", "objective", "key_result_items"):
            sql = f"select count(*) from marts.{view}_latest where client = 'views'"
            assert con.execute(sql).fetchall() == [(int(asked),)]
        assert counts(None) == counts(NEXT) == stands
        assert counts(NIGHT) == every


def test_the_newest_load_of_a_stream_is_the_last_that_was_tried(con: duckdb.DuckDBPyConnection) -> None:
    for stream, hour, status in (("a", 4, "failed"), ("a", 5, "loaded"), ("a", 6, "skipped"), ("b", 4, "failed")):
        at = datetime(2026, 11, 19, hour, tzinfo=UTC)
        insert(
            con, "ops.loads", **CLIENT, source="web", stream=stream, window_start=NIGHT, window_end=NIGHT, rows=1,
            status=status, attempts=1, started_at=at, finished_at=at, run_id="r",
        )  # fmt: skip
    sql = "select stream, status from marts.loads_latest where client = 'views' order by stream"
    assert con.execute(sql).fetchall() == [("a", "loaded"), ("b", "failed")]
