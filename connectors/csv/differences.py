"""Where two csv files of a client answer one question differently: each with the lines of both.

What belongs here: comparing files that were read. What does not: the format (``rows.py``), and what a month is whose
rows differ, which is SQL's (``int_csv_rows``: none, until one of them is mended).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.csv.rows import Parsed, Question, asked, given, question
from okr_models.kpis import BUILT_IN
from okr_models.periods import Window, month_end, month_start

SAME = 1e-9
"""Share by which the days of a month and the month's own row may differ, as sums of doubles do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two rows, the one in ``file`` and the other in ``other_file``, that can't both be right."""

    kpi: str
    days: Window
    says: str


@dataclass(frozen=True, slots=True)
class _Placed:
    file: str
    line: int
    row: Mapping[str, Any]


def differences(file: str, parsed: Mapping[str, Parsed]) -> Iterator[Difference]:
    """What ``file`` says otherwise than the others, by the file's own lines. ``parsed``: all files by name.

    Only history of built-in KPIs is compared: a client's own KPI has one file, which ``kpis`` in the client file names.
    """
    others: dict[Question, list[_Placed]] = defaultdict(list)
    for name, found in parsed.items():
        for row, line in zip(found.rows, found.lines, strict=True):
            if name != file and row["kpi"] in BUILT_IN:
                others[question(row)].append(_Placed(name, line, row))
    for row, line in zip(parsed[file].rows, parsed[file].lines, strict=True):
        for other in others.get(question(row), ()):
            if row != other.row and "empty" not in {given(row), given(other.row)}:
                yield Difference(
                    kpi=str(row["kpi"]),
                    days=_days(row),
                    says=f"{asked(row)} is {given(row)} in {file}:{line} and {given(other.row)} in"
                    f" {other.file}:{other.line}",
                )
    yield from _of_months(file, parsed)


def _of_months(file: str, parsed: Mapping[str, Parsed]) -> Iterator[Difference]:
    """Months of additive figures whose row differs from the sum of all their days, in this file or another."""
    months: dict[Question, _Placed] = {}
    by_day: dict[tuple[str, str, date], dict[date, _Placed]] = defaultdict(dict)
    for name, found in parsed.items():
        for placed in (_Placed(name, line, row) for row, line in zip(found.rows, found.lines, strict=True)):
            row = placed.row
            if row["kpi"] not in BUILT_IN or not BUILT_IN[row["kpi"]].adds_over_time or row["value"] is None:
                continue
            if row["grain"] == "month":
                months.setdefault(question(row), placed)
            else:
                first = month_start(row["period_start"])
                by_day[row["kpi"], row["scope"], first].setdefault(row["period_start"], placed)
    for (kpi, scope, _, month), whole in months.items():
        days = by_day.get((kpi, scope, month), {})
        files = {whole.file, *(each.file for each in days.values())}
        if len(days) < (month_end(month) - month).days + 1 or file not in files:
            continue
        total = sum(days[day].row["value"] for day in sorted(days))
        if abs(whole.row["value"] - total) > SAME * abs(whole.row["value"]):
            begins = days[month]
            yield Difference(
                kpi=kpi,
                days=_days(whole.row),
                says=f"{asked(whole.row)} is {given(whole.row)} in {whole.file}:{whole.line} and its days add up to"
                f" {total:.10g}, from {begins.file}:{begins.line} on",
            )


def _days(row: Mapping[str, Any]) -> Window:
    first: date = row["period_start"]
    return Window(first, month_end(first) if row["grain"] == "month" else first)
