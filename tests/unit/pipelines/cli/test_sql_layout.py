"""How the answer of ``okr sql`` is laid out: a line a row, or upright where a line would be too wide."""

from __future__ import annotations

from datetime import date

from pipelines.cli.sql import laid_out

COLUMNS = [("client", "VARCHAR"), ("title", "VARCHAR"), ("value", "DOUBLE")]
ROWS = [("fjallglas", "Fler unika besökare på webbplatsen i år", 8200.5), ("skargard", "x", None)]


def test_rows_that_fit_are_a_line_each() -> None:
    text = laid_out(COLUMNS, ROWS, width=80)
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["fjallglas", "skargard"]


def test_rows_too_wide_for_the_terminal_stand_upright_and_nothing_is_cut() -> None:
    text = laid_out(COLUMNS, ROWS, width=40)
    lines = text.splitlines()
    assert lines[0].startswith("row 1")
    assert [line.split()[0] for line in lines[1:3]] == ["client", "title"]
    assert "value   8200.5" in [line.rstrip() for line in lines]
    assert all(len(line) <= 40 for line in lines)
    words = " ".join(text.split())
    assert all(word in words for word in ROWS[0][1].split())


def test_a_program_that_reads_gets_lines_however_wide_they_are() -> None:
    rows = [("a", "b" * 500, 1.0)]
    assert "b" * 500 in laid_out(COLUMNS, rows, width=None).splitlines()[2]


def test_no_row_is_a_heading_and_nothing_upright() -> None:
    assert "client" in laid_out(COLUMNS, [], width=30)


def test_values_of_every_kind_are_written_as_duckdb_writes_them() -> None:
    row = (True, [date(2026, 3, 1), None], {"code": "few", "part": 12.0}, None, 2**100)
    columns = [(name, "VARCHAR") for name in "abcde"]
    line = laid_out(columns, [row], width=None).splitlines()[2]
    assert [cell.strip() for cell in line.split("│")] == [
        *("true", "[2026-03-01, NULL]", "{'code': few, 'part': 12}", "", str(2**100))
    ]


def test_no_title_moves_the_cursor_of_a_terminal() -> None:
    text = laid_out([("title", "VARCHAR")], [("\x1b[2J\x1b]0;owned\x07å\xa0ö",)], width=80)
    assert "\x1b" not in text
    assert r"\x1b[2J\x1b]0;owned\x07å" in text
    assert "å\xa0ö" in text
