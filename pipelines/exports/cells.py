"""One value as one CSV cell: numbers without noise, text that no spreadsheet takes for a formula.

What belongs here: the two dialects and the text of a cell. What does not: which columns a file has (``files.py``).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

DialectName = Literal["standard", "excel-sv"]

SIGNIFICANT_DIGITS = 12
"""Beyond this a double shows its own noise (0.30000000000000004) before it shows any figure of ours."""
SPREADSHEET_DIGITS = 15
"""A spreadsheet keeps this many digits of what looks like a number; the rest of a longer id becomes zeros."""
FORMULA_STARTS = frozenset("=+-@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file is laid out. ``guard_long_ids``: keep a spreadsheet from rounding ids made of digits."""

    name: DialectName
    delimiter: str
    decimal: str
    encoding: str
    guard_long_ids: bool


DIALECTS: dict[str, Dialect] = {
    "standard": Dialect(name="standard", delimiter=",", decimal=".", encoding="utf-8", guard_long_ids=False),
    "excel-sv": Dialect(name="excel-sv", delimiter=";", decimal=",", encoding="utf-8-sig", guard_long_ids=True),
}


class NotAFigure(ValueError):
    """An infinity reached an export, which no table may hold."""

    def __init__(self, *, column: str, value: float) -> None:
        super().__init__(f"column {column} holds {value}, which is not a figure; mend the model that made it")


def number(value: float, *, column: str) -> str:
    """The shortest text that is ``value`` to 12 significant digits; NaN is missing, an infinity is refused."""
    short = f"{value:.{SIGNIFICANT_DIGITS}g}"
    if short[-1].isdigit() and "e" not in short:  # nearly every figure
        return "0" if short == "-0" else short
    if math.isnan(value):
        return ""
    if math.isinf(value):
        raise NotAFigure(column=column, value=value)
    rounded = Decimal(repr(float(short)))
    if rounded == 0:
        return "0"
    if not -SPREADSHEET_DIGITS <= rounded.adjusted() <= SPREADSHEET_DIGITS:
        return str(rounded.normalize())
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def harmless(text: str, *, guard_long_ids: bool = False) -> str:
    """``text``, led by an apostrophe where a spreadsheet would read it as a formula or a rounded number."""
    first_seen = text.lstrip()[:1]
    dangerous = first_seen in FORMULA_STARTS if first_seen else False
    # full-width = + - @ are folded to plain ones by some spreadsheets
    dangerous = dangerous or unicodedata.normalize("NFKC", first_seen)[:1] in FORMULA_STARTS
    dangerous = dangerous or (text != "" and unicodedata.category(text[0]) in {"Cc", "Cf"})
    long_id = guard_long_ids and len(text) > SPREADSHEET_DIGITS and text.isascii() and text.isdigit()
    return f"'{text}" if dangerous or long_id else text


def cell(value: object, *, column: str, dialect: Dialect) -> str:  # noqa: PLR0911 - one return a type
    """The text of one cell; None is empty, instants are ISO in UTC, dates ISO, booleans true and false."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value, guard_long_ids=dialect.guard_long_ids)
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, (float, Decimal)):
        return number(float(value), column=column).replace(".", dialect.decimal)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        value = " · ".join(_record(part) if isinstance(part, dict) else str(part) for part in value)
    return harmless(str(value), guard_long_ids=dialect.guard_long_ids)


def _record(fields: Mapping[str, object]) -> str:
    """A struct as JSON, its empty fields left out: ``{"code": "days_observed", "part": 12, "whole": 30}``."""
    given = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(given, ensure_ascii=False, default=str)
