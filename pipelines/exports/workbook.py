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
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.cells import DIALECTS, NotAFigure, cell
from pipelines.exports.csvs import write_whole

WORKBOOK = "figures.xlsx"
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's dates have no zone
LONGEST_TEXT = 32_000
"""A cell holds 32,767 characters."""
MOST_ROWS = 1_048_575
NARROWEST, WIDEST = 10, 60
SHARES = frozenset({"progress", "progress_low", "progress_high", "raw_progress", "expected_progress", "coverage"})
"""Columns that are shares of a whole by their meaning, shown as per cent; ``probability`` and its like too."""


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
        _fill(book.add_worksheet(sheet.name[:31]), sheet, formats)
    book.close()
    return write_whole(path, content.getvalue())


def _fill(page: Any, sheet: Sheet, formats: Mapping[str, Any]) -> None:
    page.freeze_panes(1, 0)
    wide = [len(name) + 2 for name in sheet.columns]
    for place, name in enumerate(sheet.columns):
        page.write_string(0, place, name, formats["head"])
        if note := sheet.notes.get(name):
            page.write_comment(0, place, note, {"author": "", "width": 260, "height": 60})
    for line, row in enumerate(sheet.rows[:MOST_ROWS], start=1):
        for place, (name, value) in enumerate(zip(sheet.columns, row, strict=True)):
            wide[place] = max(wide[place], _write(page, line, place, value, name=name, formats=formats))
    for place, width in enumerate(wide):
        page.set_column(place, place, min(WIDEST, max(NARROWEST, width)))
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows[:MOST_ROWS]), len(sheet.columns) - 1)


def _write(page: Any, line: int, place: int, value: object, *, name: str, formats: Mapping[str, Any]) -> int:  # noqa: PLR0911 - one return a type
    """Write one value by its type; how many characters it shows."""
    if value is None:
        return 0
    if isinstance(value, bool):
        page.write_boolean(line, place, value)
        return 6
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
        if math.isnan(number):
            return 0
        if math.isinf(number):
            raise NotAFigure(column=name, value=number)
        page.write_number(line, place, value if isinstance(value, int) else number, formats[_form(name, value)])
        return 12
    if isinstance(value, datetime):
        plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(line, place, plain.replace(microsecond=0), formats["instant"])
        return 16
    if isinstance(value, date):
        page.write_datetime(line, place, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001
        return 11
    # a string cell is never a formula, so that no apostrophe need stand before it
    text = (value if isinstance(value, str) else cell(value, column=name, dialect=DIALECTS["standard"]))[:LONGEST_TEXT]
    page.write_string(line, place, text.encode("utf-8", errors="replace").decode("utf-8"))
    return len(text)


def _form(name: str, value: object) -> str:
    if name in SHARES or name.startswith(("probability", "progress_")) or name.endswith(("_share", "confidence")):
        return "share"
    return "whole" if isinstance(value, int) else "number"
