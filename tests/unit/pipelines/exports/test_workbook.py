"""figures.xlsx as a spreadsheet reads it: typed, harmless, and the same bytes for the same figures."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pipelines.exports.all import export_all
from pipelines.exports.cells import NotAFigure
from pipelines.exports.files import TEAM_FILES
from pipelines.exports.workbook import Sheet, write_workbook
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import build_published

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def written(tmp_path: Path, *rows: tuple[object, ...], columns: tuple[str, ...] = ("a",)) -> Path:
    return write_workbook(tmp_path / "x.xlsx", [Sheet(name="s", columns=columns, rows=rows, notes={"a": "What a is"})])


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read(name).decode("utf-8")


def words_of(path: Path) -> str:
    """All text of a workbook."""
    return part(path, "xl/sharedStrings.xml")


def cells(path: Path, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Type and text of every cell, row by row; ``n`` is a number."""
    strings = [
        "".join(text.text or "" for text in each.iter(f"{MAIN}t"))
        for each in ET.fromstring(part(path, "xl/sharedStrings.xml"))
    ]
    root = ET.fromstring(part(path, f"xl/worksheets/sheet{sheet}.xml"))
    found = []
    for row in root.iter(f"{MAIN}row"):
        line = []
        for each in row.iter(f"{MAIN}c"):
            kind, value = each.get("t", "n"), each.findtext(f"{MAIN}v") or ""
            line.append((kind, strings[int(value)] if kind == "s" else value))
        found.append(line)
    return found


def test_dates_and_numbers_are_dates_and_numbers(tmp_path: Path) -> None:
    row = (date(2026, 11, 20), datetime(2026, 11, 20, 4, 30, tzinfo=UTC), 0.1 + 0.2, 12, True, None, "text")
    path = written(tmp_path, row, columns=("a", "at", "number", "whole", "is_it", "none", "text"))
    day, at, number, whole, flag, text = cells(path)[1]
    assert day == ("n", "46346")
    assert at[0] == "n"
    assert float(at[1]) == pytest.approx(46346.1875)
    assert (number[0], whole, flag, text) == ("n", ("n", "12"), ("b", "1"), ("s", "text"))


def test_text_that_looks_like_a_formula_or_a_link_is_text_as_it_was_written(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", "https://x.se", "00123", "x\x00\x1by", "\ud800 lone"]
    path = written(tmp_path, *((text,) for text in texts))
    assert "<f>" not in part(path, "xl/worksheets/sheet1.xml")
    assert {kind for line in cells(path)[1:] for kind, _ in line} == {"s"}
    assert [line[0][1] for line in cells(path)[1:8]] == texts[:7]
    with zipfile.ZipFile(path) as book:
        assert not any("hyperlink" in book.read(name).decode("utf-8", "replace") for name in book.namelist())


def test_the_heading_stays_and_each_column_says_what_it_means(tmp_path: Path) -> None:
    path = written(tmp_path, ("x",))
    assert re.search(r'<pane ySplit="1"[^>]*state="frozen"', part(path, "xl/worksheets/sheet1.xml"))
    assert "What a is" in part(path, "xl/comments1.xml")


def test_an_infinity_is_refused_and_what_is_no_number_is_empty(tmp_path: Path) -> None:
    with pytest.raises(NotAFigure):
        written(tmp_path, (float("inf"),))
    assert cells(written(tmp_path, (float("nan"),), ("x",)))[1:] == [[("s", "x")]]


def test_every_client_gets_one_with_a_sheet_a_table_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with build_published() as con:
            export_all(con, tmp_path / name, clients=[FJALLGLAS], only=["fjallglas"])
    one, two = ((tmp_path / name / "fjallglas" / "figures.xlsx") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    book = part(one, "xl/workbook.xml")
    names = re.findall(r'<sheet name="([^"]+)"', book)
    assert names == [*(file.name.removesuffix(".csv") for file in TEAM_FILES), "changes"]
    assert len(cells(one, 1)) > 5
    with build_published() as con:
        export_all(con, tmp_path / "board", clients=[FJALLGLAS], only=["fjallglas"], audience="board")
    board = part(tmp_path / "board" / "fjallglas" / "board" / "figures.xlsx", "xl/workbook.xml")
    assert "key_result" not in board
