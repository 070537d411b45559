"""``figures.xlsx``: a client's files as one workbook, a sheet a table, with typed dates and numbers.

What belongs here: the workbook's layout and the type of a cell. What does not: which tables and columns there are
(``files.py``, ``since_words.py``), their rows (``csvs.py``).

The same figures give the same bytes: nothing in the file says when it was made.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.exports.cells import DIALECTS, NotAFigure, cell
from pipelines.leftovers import write_whole

if TYPE_CHECKING:
    from pipelines.exports.sheet_rows import Cell

WORKBOOK = "figures.xlsx"
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's dates have no zone
LONGEST_TEXT = 32_000
MOST_UNITS = 32_767
"""Of UTF-16: some characters are two."""
MOST_ROWS = 1_048_575
NARROWEST, WIDEST = 10, 60
SHARES = frozenset({"progress", "progress_low", "progress_high", "raw_progress", "expected_progress", "coverage"})
"""Columns that are shares of a whole by their meaning, shown as per cent; ``probability`` and its like too."""

_EPOCH = datetime(1899, 12, 31)  # noqa: DTZ001 - as above
_DAY_SECONDS = 60 * 60 * 24
_LAST_OF_FEBRUARY = 59


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table. ``notes``: what each column means, by its name."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Sequence[object], ...]
    notes: Mapping[str, str]


def meanings(con: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, str]]:
    """What the columns of each published table mean, by its name; of all at once, as each answer goes through all."""
    rows = con.execute(
        "select table_name, column_name, comment from duckdb_columns()"
        " where schema_name = 'marts' and comment is not null"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, meaning in rows:
        found.setdefault(table, {})[column] = meaning
    return found


def write_workbook(path: Path, sheets: Iterable[Sheet]) -> Path:
    """Write the workbook whole and return its path."""
    import xlsxwriter

    from pipelines.exports.sheet_rows import RowsSheet

    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            # no text becomes a formula, a link or a number of its own accord
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    book.set_properties({"created": MADE, "title": "", "author": ""})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": False}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "number": book.add_format({"num_format": "#,##0.##"}),
        "whole": book.add_format({"num_format": "#,##0"}),
    }
    for sheet in sheets:
        _fill(book.add_worksheet(sheet.name[:31], worksheet_class=RowsSheet), sheet, formats)
    book.close()
    return write_whole(path, content.getvalue())


def _fill(page: Any, sheet: Sheet, formats: Mapping[str, Any]) -> None:
    page.freeze_panes(1, 0)
    wide = [len(name) + 2 for name in sheet.columns]
    for place, name in enumerate(sheet.columns):
        page.write_string(0, place, name, formats["head"])
        if note := sheet.notes.get(name):
            page.write_comment(0, place, note, {"author": "", "width": 260, "height": 60})
    rows = []
    for row in sheet.rows[:MOST_ROWS]:
        cells: list[Cell | None] = []
        for place, (name, value) in enumerate(zip(sheet.columns, row, strict=True)):
            if value is None:
                cells.append(None)
                continue
            # what stands in a table of months is mostly the same few words and days
            found, width = _kept(value) if isinstance(value, (str, bool, date)) else _cell(value, name=name)
            cells.append(found)
            wide[place] = max(wide[place], width)
        rows.append(cells)
    page.give_rows(rows, formats)
    for place, width in enumerate(wide):
        page.set_column(place, place, min(WIDEST, max(NARROWEST, width)))
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows[:MOST_ROWS]), len(sheet.columns) - 1)


def _cell(value: object, *, name: str) -> tuple[Cell | None, int]:  # noqa: PLR0911 - one return a type
    """One value by its type, and how many characters it shows."""
    if value is None:
        return None, 0
    if isinstance(value, str):
        return ("s", _text(value), None), min(len(value), LONGEST_TEXT)
    if isinstance(value, bool):
        return ("b", value, None), 6
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
        if math.isnan(number):
            return None, 0
        if math.isinf(number):
            raise NotAFigure(column=name, value=number)
        return ("n", value if isinstance(value, int) else number, _form(name, isinstance(value, int))), 12
    if isinstance(value, datetime):
        plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return ("n", _serial(plain.replace(microsecond=0)), "instant"), 16
    if isinstance(value, date):
        return ("n", _day(value), "day"), 11
    text = cell(value, column=name, dialect=DIALECTS["standard"])
    return ("s", _text(text), None), min(len(text), LONGEST_TEXT)


@lru_cache(maxsize=8192, typed=True)
def _kept(value: str | bool | date) -> tuple[Cell | None, int]:
    """One that looks the same in every column."""
    return _cell(value, name="")


def _text(text: str) -> str:
    """As much as a cell holds. It is never a formula, so that no apostrophe need stand before it."""
    if text.isascii():
        return text[:LONGEST_TEXT]
    fit = text[:LONGEST_TEXT].encode("utf-8", errors="replace").decode("utf-8")
    return (
        fit if len(fit) <= MOST_UNITS // 2 else fit.encode("utf-16-le")[: 2 * MOST_UNITS].decode("utf-16-le", "ignore")
    )


def _serial(instant: datetime) -> float:
    """A spreadsheet's number of an instant: days since the last of 1899, of which it takes 1900 for a leap year."""
    passed = instant - _EPOCH
    days = passed.days + passed.seconds / _DAY_SECONDS
    return days + 1 if days > _LAST_OF_FEBRUARY else days - (passed.days == 1)


@lru_cache(maxsize=4096)
def _day(day: date) -> float:
    return _serial(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - a workbook's dates have no zone


@lru_cache(maxsize=1024)
def _form(name: str, is_whole: bool) -> str:
    if name in SHARES or name.startswith(("probability", "progress_")) or name.endswith(("_share", "confidence")):
        return "share"
    return "whole" if is_whole else "number"
