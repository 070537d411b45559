"""What Dagster's pages show of a table: harmless whatever a title holds, small, and of no layer that holds secrets."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.markdown import escaped, markdown_table, sparkline, unescaped
from pipelines.preview import HIDDEN, ROWS, months_plot, preview
from tests.unit.published_fixture import build_published

HOSTILE = (
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "a | b\n| c",
    "`code` *bold* _it_ # head",
    "\u202egnirts\u2029end",
    "å" * 5_000,
    "👩‍👩‍👧",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_stays_in_its_cell_and_does_nothing(text: str) -> None:
    shown = markdown_table([{"title": text, "n": 1}])
    header, rule, row = shown.split("\n")
    assert (header, rule) == ("| title | n |", "| --- | --- |")
    assert row.endswith(" | 1 |")
    cell = row.removeprefix("| ").removesuffix(" | 1 |")
    for mark in "<>[]()|`*":
        assert cell.count(mark) == cell.count(f"\\{mark}")
    assert "://" not in cell
    assert len(cell) < 200
    assert not set(cell) & set("\u202e\u2029\n")


def test_what_goes_into_a_mail_reads_as_it_was() -> None:
    text = "fjallglas_web | https://example.se/[a](b) 50 %"
    assert unescaped(escaped(text)) == text


def test_truth_and_nothing_are_written_as_sql_has_them() -> None:
    assert markdown_table([{"a": True, "b": False, "c": None, "d": 1.0}]).endswith("| true | false | *null* | 1 |")


def test_missing_is_not_low_in_a_sparkline() -> None:
    assert sparkline([1.0, None, 8.0, 4.5]) == "▁·█▅"
    assert sparkline([3.0, 3.0]) == "▄▄"
    assert sparkline([None, None]) == ""
    assert sparkline([]) == ""


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return build_published()


def test_ten_of_the_newest_rows_are_shown(con: duckdb.DuckDBPyConnection) -> None:
    text = str(preview(con, "marts", "kpi_monthly")["preview"].value)
    lines = text.split("\n")
    assert len(lines) == ROWS + 2
    newest = con.execute("select max(month) from marts.kpi_monthly").fetchone()
    assert newest is not None
    assert str(newest[0]) in lines[2]
    assert len(text) < 6_000


def test_addresses_and_messages_of_the_ledger_are_left_out(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema staging")
    con.execute("create table staging.s as select 'web' as source, 'https://me:secret@example.se' as base_url")
    shown = str(preview(con, "staging", "s")["preview"].value)
    columns = [name for (name, *_) in con.execute("describe staging.s").fetchall()]
    assert shown == str(preview(con, "staging", "s", columns=iter(columns))["preview"].value)
    assert "web" in shown
    assert "secret" not in shown
    assert "base_url" in HIDDEN


@pytest.mark.parametrize("schema", ["raw", "ops", "config", "intermediate", "cache"])
def test_no_other_layer_is_shown(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    con.execute(f"create schema if not exists {schema}")
    con.execute(f"create or replace table {schema}.t as select 'token' as secret")
    assert preview(con, schema, "t") == {}


def test_a_table_without_rows_has_no_preview(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table marts.nothing (client varchar)")
    assert preview(con, "marts", "nothing") == {}


def test_each_kpi_has_a_line_with_its_course(con: duckdb.DuckDBPyConnection) -> None:
    text = str(months_plot(con)["course"].value)
    pairs = con.execute("select count(distinct (client, kpi)) from marts.kpi_monthly where scope = 'all' and is_closed")
    counted = pairs.fetchone()
    assert counted is not None
    assert len(text.split("\n")) == counted[0] + 2
    assert "▁" in text
    assert "█" in text
