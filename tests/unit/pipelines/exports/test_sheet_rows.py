"""Rows of a workbook have the very bytes that xlsxwriter gives them cell by cell.

Really under test: ``sheet_rows`` on the names that the library keeps to itself; an upgrade that changes one of them
shows here.
"""

from __future__ import annotations

import io
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from pipelines.exports import sheet_rows, workbook
from pipelines.exports.workbook import Sheet, write_workbook

ODD: tuple[tuple[object, ...], ...] = (
    (None, None, None, None),
    (True, False, None, 1.5),
    (date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1), date(1899, 12, 31)),
    (datetime(1900, 1, 1, 5), datetime(1999, 5, 5, 4, 3, 2, 5), date.max, datetime(2026, 11, 20, 23, 59, 59)),  # noqa: DTZ001
    ("", "é\ud800", "😀" * 20_000, "x" * 40_000),
    (" x ", "=1+1", '<a & "b"\x01', "_x0001_"),
    (1e300, -0.0, 10**20, Decimal("0.1")),
    (None, 5e-324, float("nan"), -1),
)


def some_rows(number: int, *, seed: int) -> tuple[tuple[object, ...], ...]:
    """So many rows of four cells of any type."""
    rng = random.Random(seed)
    values = [value for row in ODD for value in row] + [date(2026, 1, 1) + timedelta(days=day) for day in range(30)]
    values += [f"text {each}" for each in range(30)] + [rng.random() * 10 ** rng.randrange(12) for _ in range(30)]
    return tuple(tuple(rng.choice(values) for _ in range(4)) for _ in range(number))


class CellByCell(Worksheet):  # type: ignore[misc]
    """Writes the same cells by xlsxwriter's own functions."""

    def give_rows(self, rows, formats):
        for line, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if cell is not None:
                    kind, value, form = cell
                    write = {"n": self.write_number, "s": self.write_string, "b": self.write_boolean}[kind]
                    write(line, place, value, *([] if form is None else [formats[form]]))


@pytest.mark.parametrize("rows", [(), ODD, ODD[:1] * 20 + ODD, some_rows(100, seed=1), some_rows(33, seed=2)])
def test_the_file_is_what_xlsxwriter_writes_cell_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: tuple[tuple[object, ...], ...]
) -> None:
    columns = ("a", "progress", "c", "as_of")
    sheets = [
        Sheet(name="one", columns=columns, rows=rows, notes={"a": "What a is", "as_of": "When"}),
        Sheet(name="none", columns=columns, rows=(), notes={}),
        Sheet(name="two", columns=columns, rows=rows[::-1], notes={}),
    ]
    ours = write_workbook(tmp_path / "ours.xlsx", sheets).read_bytes()
    monkeypatch.setattr(sheet_rows, "RowsSheet", CellByCell)
    assert write_workbook(tmp_path / "theirs.xlsx", sheets).read_bytes() == ours


@pytest.mark.parametrize("seed", range(20))
def test_a_day_and_an_instant_have_the_number_that_xlsxwriter_gives_them(seed: int) -> None:
    rng = random.Random(seed)
    page = xlsxwriter.Workbook(io.BytesIO()).add_worksheet()
    for _ in range(200):
        seconds = rng.randrange(rng.choice([10_000_000, 10_000_000_000]))
        instant = datetime(1899, 12, 31) + timedelta(seconds=seconds)  # noqa: DTZ001
        for each in (instant, instant.replace(hour=0, minute=0, second=0)):
            assert workbook._serial(each) == page._convert_date_time(each), each
