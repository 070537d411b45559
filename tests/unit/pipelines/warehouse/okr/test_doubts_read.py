"""Which doubts of the ledger still stand: those that no later read of the same days took back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb

from pipelines.warehouse.okr.figures import read_doubts
from pipelines.warehouse.schema import OPS_TABLES
from pipelines.warehouse.tables import statements

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DOUBT = {"code": "other_rows", "moves": "down", "from": "2026-11-01", "to": "2026-11-19"}


def standing(*doubtful: bool, apart: timedelta = timedelta(0)) -> list[str]:
    """Codes that stand after reads of the same days, each with or without the doubt, ``apart`` from each other."""
    with duckdb.connect() as con:
        con.execute("create schema ops")
        for statement in statements(OPS_TABLES["loads"]):
            con.execute(statement)
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
            con.execute("create schema ops")
            for statement in statements(OPS_TABLES["loads"]):
                con.execute(statement)
            con.execute(
                "insert into ops.loads (client, source, stream, window_start, window_end, rows, status, attempts,"
                " started_at, finished_at, run_id, quality)"
                " values ('acme', 'blog', 'blog_posts', ?, ?, 0, 'loaded', 1, ?, ?, 'r', ?)",
                [date(2026, 11, 19), date(2026, 11, 19), NOW, NOW, json.dumps({"doubts": [told]})],
            )
            assert [doubt.code for doubt in read_doubts(con, "acme")] == stands
