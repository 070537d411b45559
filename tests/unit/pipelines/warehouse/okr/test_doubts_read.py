"""Which doubts of the ledger still stand: those that no later read of the same days took back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb

from pipelines.warehouse.okr.figures import read_doubts, read_failures
from pipelines.warehouse.schema import ensure_schema

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DOUBT = {"code": "other_rows", "moves": "down", "from": "2026-11-01", "to": "2026-11-19"}

INSERT = """
    insert into ops.loads (client, source, stream, window_start, window_end, rows, status, attempts, started_at,
        finished_at, run_id, quality)
    values ('acme', ?, ?, ?, ?, 3, 'loaded', 1, ?, ?, 'r', ?)
"""


def ready(con: duckdb.DuckDBPyConnection, *streams: tuple[str, str, str]) -> None:
    """The tables, and the streams (source, name, delivery) that acme's file has."""
    ensure_schema(con)
    for source, stream, delivery in streams:
        con.execute(
            "insert into config.streams by name"
            " select 'acme' as client, ? as source, ? as stream, ? as delivery,"
            " true as zero_by_absence, 0 as lag_days, 0 as settle_days",
            [source, stream, delivery],
        )


def standing(*doubtful: bool, apart: timedelta = timedelta(0)) -> list[str]:
    """Codes that stand after reads of the same days, each with or without the doubt, ``apart`` from each other."""
    with duckdb.connect() as con:
        ready(con, ("web", "daily", "window"))
        for number, has_it in enumerate(doubtful):
            at = NOW + number * apart
            con.execute(
                "insert into ops.loads (client, source, stream, window_start, window_end, rows, status, attempts,"
                " started_at, finished_at, run_id, quality)"
                " values ('acme', 'web', 'daily', ?, ?, 3, 'loaded', 1, ?, ?, 'r', ?)",
                [date(2026, 11, 1), date(2026, 11, 19), at, at, json.dumps({"doubts": [DOUBT] if has_it else []})],
            )
        return [doubt.code for doubt in read_doubts(con, "acme")]


def test_a_doubt_stands_until_a_later_read_of_its_days_lacks_it() -> None:
    assert standing(True) == ["other_rows"]
    assert standing(True, False, apart=timedelta(days=1)) == []
    assert standing(True, False, True, apart=timedelta(days=1)) == ["other_rows"]


def test_the_later_of_two_runs_that_end_at_one_instant_counts() -> None:
    assert standing(True, False) == []
    assert standing(False, True) == ["other_rows"]


def test_a_list_that_came_back_empty_is_told_of_though_it_moves_no_figure() -> None:
    for code, stands in (("list_empty", ["list_empty"]), ("rounded", [])):
        told = DOUBT | {"code": code, "moves": "nothing", "from": None, "to": None}
        with duckdb.connect() as con:
            ready(con, ("blog", "blog_posts", "listing"))
            con.execute(
                "insert into ops.loads (client, source, stream, window_start, window_end, rows, status, attempts,"
                " started_at, finished_at, run_id, quality)"
                " values ('acme', 'blog', 'blog_posts', ?, ?, 0, 'loaded', 1, ?, ?, 'r', ?)",
                [date(2026, 11, 19), date(2026, 11, 19), NOW, NOW, json.dumps({"doubts": [told]})],
            )
            assert [doubt.code for doubt in read_doubts(con, "acme")] == stands


def test_what_a_list_says_of_a_month_is_lifted_by_the_next_list() -> None:
    """Rows of March that differ in a csv file, which is read whole each night, until the file is mended."""
    told = DOUBT | {"code": "rows_differ", "moves": "no_value", "from": "2026-03-01", "to": "2026-03-31"}
    with duckdb.connect() as con:
        ready(con, ("own", "own_metrics", "listing"))
        found: list[list[str]] = []
        for day, doubts in ((18, [told]), (19, [told]), (20, [])):
            on = date(2026, 11, day)
            ended = datetime(2026, 11, day, 4, 0, tzinfo=UTC)
            con.execute(INSERT, ["own", "own_metrics", on, on, ended, ended, json.dumps({"doubts": doubts})])
            found.append([doubt.code for doubt in read_doubts(con, "acme")])
    assert found == [["rows_differ"], ["rows_differ"], []]


def test_of_a_window_that_was_read_again_in_part_the_other_days_stay_doubted() -> None:
    with duckdb.connect() as con:
        ready(con, ("web", "daily", "window"))
        for day, doubts in ((18, [DOUBT | {"from": "2026-10-30", "to": "2026-11-02"}]), (19, [])):
            ended = datetime(2026, 11, day, 4, 0, tzinfo=UTC)
            window = [date(2026, 10, 31), date(2026, 11, 18)]
            con.execute(INSERT, ["web", "daily", *window, ended, ended, json.dumps({"doubts": doubts})])
        (stands,) = read_doubts(con, "acme")
    assert (stands.since, stands.until) == (date(2026, 10, 30), date(2026, 10, 30))


def test_what_has_left_the_file_is_no_failure_and_no_doubt_for_good() -> None:
    """A source, or one stream of it such as YouTube's Analytics without its credentials."""
    failed = "insert into ops.loads by name select ? as client, ? as source, ? as stream, ? as window_start,"
    failed += (
        " ? as window_end, 0 as rows, ? as status, 1 as attempts, ? as started_at, ? as finished_at, 'r' as run_id"
    )
    failed += ", ? as quality"
    on, told = date(2026, 11, 19), json.dumps({"doubts": [DOUBT]})

    def found(*streams: tuple[str, str, str]) -> tuple[set[str], set[str]]:
        with duckdb.connect() as con:
            ready(con, *streams)
            for source, stream in (("film", "post_counters"), ("film", "interactions_daily"), ("gone", "web_daily")):
                for minute, status, quality in ((0, "loaded", told), (1, "failed", None)):
                    at = NOW + timedelta(minutes=minute)
                    con.execute(failed, ["acme", source, stream, on, on, status, at, at, quality])
            failures = {f"{each.source}/{each.stream}" for each in read_failures(con, "acme")}
            return failures, {f"{each.source}/{each.stream}" for each in read_doubts(con, "acme")}

    film = ("film", "post_counters", "snapshot")
    assert found(film) == ({"film/post_counters"}, {"film/post_counters"})
    both = {"film/post_counters", "film/interactions_daily"}
    assert found(film, ("film", "interactions_daily", "window")) == (both, both)


def test_a_source_that_could_not_be_opened_is_a_failure_until_it_is_read() -> None:
    with duckdb.connect() as con:
        ready(con, ("web", "daily", "window"))
        on = date(2026, 11, 19)
        said: list[int] = []
        for day, stream, status in ((18, "daily", "loaded"), (19, "all", "failed"), (20, "daily", "loaded")):
            ended = datetime(2026, 11, day, 4, 0, tzinfo=UTC)
            con.execute(INSERT.replace("'loaded'", f"'{status}'"), ["web", stream, on, on, ended, ended, None])
            said.append(len(read_failures(con, "acme")))
    assert said == [0, 1, 0]
