"""A key result's chart for who can't see it: its figures in words, and as a table that opens below it.

What belongs here: the text alternatives. What does not: drawing (``charts.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from babel.dates import format_date

from pipelines.exports.report.messages import message
from pipelines.exports.report.series import Point, Series
from pipelines.exports.words import LOCALES, MISSING, unit_figure


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresTable:
    """The points of one chart, with only the columns that any month has a figure for."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def in_words(series: Series, unit: str | None, language: str) -> str:
    """The chart's figures, month by month."""
    lines = [text for text in (_point_in_words(point, unit, language) for point in series.points) if text]
    if series.bounds:
        values = ", ".join(unit_figure(bound, unit, language) for bound in series.bounds)
        lines.append(message("chart_bounds", language, values=values))
    return " ".join(lines)


def in_a_table(series: Series, unit: str | None, language: str) -> FiguresTable:
    """The same figures in rows."""

    def shown(value: float | None) -> str:
        return MISSING if value is None else unit_figure(_rounded(value), unit, language)

    columns = {
        "legend_now": [
            shown(point.actual) + (" *" if point.is_open and point.actual is not None else "")
            for point in series.points
        ],
        "legend_last": [shown(point.last) for point in series.points],
        "legend_path": [shown(point.path) for point in series.points],
        "legend_fan": [_span(point, unit, language) for point in series.points],
    }
    used = {key: cells for key, cells in columns.items() if any(cell != MISSING for cell in cells)}
    months = [format_date(point.month, "MMM y", LOCALES[language]) for point in series.points]
    return FiguresTable(
        heads=tuple(message(key, language) for key in used),
        rows=tuple(zip(months, *used.values(), strict=True)),
    )


def _span(point: Point, unit: str | None, language: str) -> str:
    if point.low is None or point.high is None or (point.actual is not None and not point.is_open):
        return MISSING
    low, high = (unit_figure(_rounded(value), unit, language) for value in (point.low, point.high))
    return message("from_to", language, low=low, high=high)


def _point_in_words(point: Point, unit: str | None, language: str) -> str:
    parts = []
    if point.actual is not None:
        open_ = f" ({message('legend_open', language)})" if point.is_open else ""
        parts.append(unit_figure(point.actual, unit, language) + open_)
    if point.last is not None:
        parts.append(message("chart_last", language, value=unit_figure(point.last, unit, language)))
    if point.path is not None:
        parts.append(message("chart_path", language, value=unit_figure(_rounded(point.path), unit, language)))
    if point.low is not None and point.high is not None and (point.actual is None or point.is_open):
        low, high = (unit_figure(_rounded(value), unit, language) for value in (point.low, point.high))
        parts.append(message("chart_fan", language, low=low, high=high))
    if not parts:
        return ""
    month = format_date(point.month, "LLLL", LOCALES[language])
    return message("chart_month", language, month=month, value=", ".join(parts)) + "."


def _rounded(value: float) -> float:
    return round(value) if abs(value) >= 10 else round(value, 1)
