"""A csv file of figures into rows: dialects as they come out of spreadsheets, and every bad line named.

Pure but for reading lines. What belongs here: the format of INTERFACE's section 3. What does not: where the file lies
(``source.py``) or what a KPI means.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal

from connectors.core.arrow import Row
from connectors.core.doubt import Doubt
from connectors.core.shape import LARGEST
from okr_models.client.fields import FIRST_YEAR, LAST_YEAR, nearest
from okr_models.kpis import BUILT_IN
from okr_models.kpis.channels import CHANNELS
from okr_models.periods import month_start

KNOWN = ("date", "month", "kpi", "value", "scope", "numerator", "denominator")
_SLUG = re.compile(r"[a-z0-9_]{1,40}")
_SCOPE = re.compile(rf"all|(platform|source)=[a-z0-9_]{{1,40}}|channel=({'|'.join(CHANNELS)})|event=\S.{{0,199}}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"\d{4}-\d{2}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}( \d{3})+([.,]\d*)?")
_ONE_GROUP = re.compile(r"(?P<whole>[+-]?\d{1,3})(?P<sign>[.,])(?P<rest>\d{3})")
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})")
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})")
_COMMA_DECIMAL = re.compile(r"[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?")
Decimals = Literal["point", "comma", "either"]
"""What parts decimals: with commas between columns a point, with semicolons a comma, with tabs either."""
_DECIMALS: dict[str, Decimals] = {";": "comma", "\t": "either"}
_SERIAL = re.compile(r"[345]\d{4}")
_DAY_ZERO = date(1899, 12, 30)
Question = tuple[Any, ...]
_SHOWN = 40
ZEROES = "it is UTF-16 without the mark (BOM) that says so, or no text; save it as CSV UTF-8"
NOTHING: Mapping[str, str] = MappingProxyType({})
FEWEST_KNOWN = 2
"""Known columns by which a header is one, and a column beside them a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Good rows with the line each stands in and, by line, what is wrong with the others."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


class BadCell(ValueError):
    """One cell that can't be read; says what would be right."""


def parse(
    lines: Iterable[str],
    *,
    name: str = "this file",
    kpis: Collection[str] | None = None,
    own: Collection[str] = (),
    scopes: Collection[str] | None = None,
    renamed: Mapping[str, str] = NOTHING,
    decimals: Decimals | None = None,
) -> Parsed:
    """Read a whole file. The delimiter (comma, semicolon, tab) is the header's; without commas between columns,
    ``3,5`` is 3.5.

    ``name``: the file's, for messages. ``kpis``: the ids that rows may have; None: any. ``own``: those of the client's
    own KPIs. ``scopes``: those that the client's sources make; None: any. ``renamed``: scopes of sources' former ids,
    each with that of now. ``decimals``: what parts decimals; None: by
    the delimiter. A row that stands there twice counts once.
    """
    numbered = iter(lines)
    parsed = Parsed()
    header, before = next(numbered, "").removeprefix("\ufeff"), 0
    named = re.fullmatch(r"sep=(.)\s*", header)
    if named:  # Excel's own first line
        header, before = next(numbered, ""), 1
    if "\0" in header:
        parsed.problems.append((1, ZEROES))
        return parsed
    if not header.strip():
        parsed.problems.append((1, "the file is empty; it needs a header such as date,kpi,value"))
        return parsed
    delimiter = named.group(1) if named else next((sign for sign in (";", "\t") if sign in header), ",")
    decimals = decimals or _DECIMALS.get(delimiter, "point")
    reader = csv.reader(chain([header], numbered), delimiter=delimiter, strict=True)
    seen: dict[Question, tuple[int, Row]] = {}
    try:
        names = [name.strip().lower() for name in next(reader)]
        while len(names) > 1 and not names[-1]:  # columns that a spreadsheet left over, empty all the way down
            names.pop()
        wrong = header_problem(names)
        if wrong:
            parsed.problems.append((before + 1, wrong))
            return parsed
        while True:
            line = before + reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return parsed
            if not any(cell.strip() for cell in cells):
                continue
            try:
                row = row_of(names, cells, decimals=decimals, kpis=kpis, own=own, scopes=scopes, renamed=renamed)
            except BadCell as wrong_cell:
                parsed.problems.append((line, str(wrong_cell)))
                continue
            first, known = seen.setdefault(question(row), (line, row))
            if known is row:
                parsed.rows.append(row)
                parsed.lines.append(line)
            elif known != row:
                parsed.problems.append(
                    (
                        line,
                        f"{asked(row)} is {given(row)} here and {given(known)} first in line {first} ({name}:{first})",
                    )
                )
    except csv.Error as error:
        parsed.problems.append((before + reader.line_num, f"not csv: {error}; put quotes around cells, doubled inside"))
    return parsed


def is_since(row: Row, start: date | None) -> bool:
    """Whether a row is of the source's ``start`` or later; of the month in which it lies all is."""
    first = row["period_start"]
    if start is None or not isinstance(first, date):
        return True
    return first >= (month_start(start) if row["grain"] == "month" else start)


def since(parsed: Parsed, start: date | None) -> Parsed:
    """The rows from the source's ``start`` on; what is wrong stays wrong wherever it stands."""
    kept = [place for place, row in enumerate(parsed.rows) if is_since(row, start)]
    return replace(parsed, rows=[parsed.rows[place] for place in kept], lines=[parsed.lines[place] for place in kept])


def question(row: Mapping[str, Any]) -> Question:
    """What a row answers: KPI, scope, grain, and the day or the month's first."""
    return row["kpi"], row["scope"], row["grain"], row["period_start"]


def asked(row: Mapping[str, Any]) -> str:
    """The question in words.

    >>> asked({"kpi": "sessions", "scope": "source=web", "grain": "month", "period_start": date(2026, 3, 1)})
    'sessions (source=web) of 2026-03'
    """
    scope = "" if row["scope"] == "all" else f" ({row['scope']})"
    when = f"{row['period_start']:%Y-%m}" if row["grain"] == "month" else str(row["period_start"])
    return f"{row['kpi']}{scope} of {when}"


def given(row: Mapping[str, Any]) -> str:
    """The answer in words."""
    if row["numerator"] is not None:
        return f"{row['numerator']:.10g} over {row['denominator']:.10g}"
    return "empty" if row["value"] is None else f"{row['value']:.10g}"


def ahead(rows: Iterable[Row], today: date) -> list[Doubt]:
    """Rows of days or months that have not begun: they count once these have, and a slip of the year never does."""
    later = [str(row["period_start"]) for row in rows if is_ahead(row, today)]
    return [Doubt(code="rows_ahead", quantity=len(later), what=min(later))] if later else []


def is_ahead(row: Row, today: date) -> bool:
    """Whether a row's day or month has not begun."""
    start = row["period_start"]
    return isinstance(start, date) and start > today


def header_problem(names: list[str]) -> str | None:
    """What is wrong with the header, and what would be right; None where it is good."""
    if unknown := [name for name in names if name not in KNOWN]:
        return _unknown(names, unknown)
    if twice := next((name for name in names if names.count(name) > 1), None):
        return f"column {twice} stands there twice"
    if ("date" in names) == ("month" in names):
        return "exactly one of the columns date and month is needed"
    if missing := [name for name in ("kpi", "value") if name not in names]:
        return f"column {missing[0]} is missing"
    if ("numerator" in names) != ("denominator" in names):
        return "numerator and denominator come together"
    return None


def _unknown(names: list[str], unknown: list[str]) -> str:
    if len(names) - len(unknown) >= FEWEST_KNOWN:
        return f"unknown column {shown(unknown[0])}; known are {', '.join(KNOWN)}"
    # perhaps no figures at all: a key by a slip of the path, whose text is nobody's to read
    columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
    length = sum(map(len, names)) + len(names) - 1
    return f"the first line is no header ({columns}, {length} characters); it should be such as date,kpi,value"


def row_of(
    names: list[str],
    cells: list[str],
    *,
    decimals: Decimals,
    kpis: Collection[str] | None,
    own: Collection[str] = (),
    scopes: Collection[str] | None = None,
    renamed: Mapping[str, str] = NOTHING,
) -> Row:
    """One row of cells as figures. Raises ``BadCell``."""
    while len(cells) > len(names) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != len(names):
        raise BadCell(f"{len(cells)} cells where the header has {len(names)}")
    texts = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    kpi = texts["kpi"]
    if not _SLUG.fullmatch(kpi):
        raise BadCell(f"kpi {shown(kpi)} is not an id; write small letters, digits and _")
    if kpis is not None and kpi not in kpis:
        raise BadCell(
            f"kpi {shown(kpi)} is neither built in nor one of the client file's kpis{nearest(kpi, sorted(kpis))}"
        )
    scope = texts.get("scope", "") or "all"
    if not _SCOPE.fullmatch(scope):
        raise BadCell(f"scope {shown(scope)} should be all, platform=NAME, source=ID, event=NAME or channel=NAME")
    scope = renamed.get(scope, scope)
    if scopes is not None and scope not in scopes:
        _refuse_unknown_scope(scope, scopes)
    numbers = {
        name: number(texts.get(name, ""), column=name, decimals=decimals)
        for name in ("value", "numerator", "denominator")
    }
    if (numbers["numerator"] is None) != (numbers["denominator"] is None):
        raise BadCell("numerator and denominator come together")
    unsigned = kpi in BUILT_IN and kpi not in own and not BUILT_IN[kpi].is_signed
    if unsigned and any(figure is not None and figure < 0 for figure in numbers.values()):
        raise BadCell(f"{kpi} cannot be below zero; leave the cell empty where it is not known")
    by_day = "date" in texts
    return {
        "kpi": kpi,
        "scope": scope,
        "grain": "day" if by_day else "month",
        "period_start": day(texts["date"]) if by_day else month(texts["month"]),
        **numbers,
    }


def _refuse_unknown_scope(scope: str, scopes: Collection[str]) -> None:
    """A source must be one of the file's; a platform may be one that only history knows, unless it is a slip."""
    kind, _, name = scope.partition("=")
    others = sorted(each.partition("=")[2] for each in scopes if each.startswith(f"{kind}="))
    near = nearest(name, others)
    if kind == "source" or near:
        hint = near or f"; known: {', '.join(others) or 'none'}"
        raise BadCell(f"scope {shown(scope)} names no {kind} of the client file{hint}")


def day(text: str) -> date:
    """``2026-03-31``."""
    found = _calendar_day(text) if _DAY.fullmatch(text) else None
    if found is None:
        hint = _serial_day(text)
        raise BadCell(f"date {shown(text)} should be a day such as 2026-03-31, from {FIRST_YEAR} to {LAST_YEAR}{hint}")
    return found


def month(text: str) -> date:
    """``2026-03``, as its first day."""
    found = _calendar_day(f"{text}-01") if _MONTH.fullmatch(text) else None
    if found is None:
        hint = _serial_day(text)
        raise BadCell(f"month {shown(text)} should be a month such as 2026-03, from {FIRST_YEAR} to {LAST_YEAR}{hint}")
    return found


def _serial_day(text: str) -> str:
    """Which day a spreadsheet means by a bare number: days since 30 December 1899."""
    if not _SERIAL.fullmatch(text):
        return ""
    return f"; as a spreadsheet's number it is {_DAY_ZERO + timedelta(days=int(text))}: give the column that format"


def _calendar_day(text: str) -> date | None:
    """A day in the calendar within the years that client files may name too."""
    try:
        found = date.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None
    return found if found and FIRST_YEAR <= found.year <= LAST_YEAR else None


def number(text: str, *, column: str, decimals: Decimals) -> float | None:
    """A finite number; empty is missing. Thousands may be set apart by spaces, or by the sign that is no decimal sign.

    What could be read in two ways, a thousand apart, is refused with both readings.
    """
    plain = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ").replace("\u2212", "-")
    if not plain:
        return None
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(" ", "")
    _refuse_two_readings(plain, column=column, decimals=decimals)
    if decimals != "point" and _POINT_GROUPS.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif decimals != "point" and _COMMA_DECIMAL.fullmatch(plain):
        plain = plain.replace(",", ".")
    elif decimals != "comma" and _COMMA_GROUPS.fullmatch(plain):
        plain = plain.replace(",", "")
    if plain.isascii() and _NUMBER.fullmatch(plain):
        value = float(plain)
        if math.isfinite(value) and abs(value) <= LARGEST:
            return value
    right = "3.5" if decimals == "point" else "3,5"
    raise BadCell(f"{column} {shown(text)} should be a number such as {right}, or empty where it is missing")


def _refuse_two_readings(plain: str, *, column: str, decimals: Decimals) -> None:
    """One group of three digits behind a sign that groups in one country and parts decimals in another."""
    found = _ONE_GROUP.fullmatch(plain)
    if not found or found["whole"].lstrip("+-") == "0":
        return
    if (found["sign"] == ",") if decimals == "comma" else (found["sign"] == "." and decimals == "point"):
        return
    whole, rest, mark = found["whole"], found["rest"], "." if decimals == "point" else ","
    raise BadCell(
        f"{column} {shown(plain)} can be read as {whole}{rest} or as {whole}{mark}{rest}; write the one that is meant"
    )


def shown(text: str) -> str:
    """A cell in a message, short and on one line."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
