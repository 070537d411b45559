"""A key result's chart for who can't see it: its figures in words, and as a table that opens below it.

What belongs here: the text alternatives. What does not: drawing (``charts.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from okr_models.progress.series import Point, Series
from okr_models.words.numbers import MISSING, Speech
from pipelines.exports.report.messages import message


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresTable:
    """The points of one chart, with only the columns that any month has a figure for."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a chart's figures are said: in which unit, with the decimals of which target."""

    speech: Speech
    unit: str | None
    target: float | None = None

    def figure(self, value: float | None) -> str:
        return self.speech.figure(value, self.unit, beside=self.target)

    def span(self, point: Point) -> str:
        """The forecast's span in a month to come; of one that is over there is none."""
        if point.low is None or point.high is None or (point.actual is not None and not point.is_open):
            return ""
        return self.speech.range(point.low, point.high, self.unit, beside=self.target)


def in_words(series: Series, said: Said) -> str:
    """The chart's figures, month by month."""
    lines = [text for text in (_point_in_words(point, said) for point in series.points) if text]
    speech = said.speech
    if series.bounds:
        values = ", ".join(said.figure(bound) for bound in series.bounds)
        lines.append(message("chart_bounds", speech, values=values))
    return " ".join(lines)


def in_a_table(series: Series, said: Said) -> FiguresTable:
    """The same figures in rows."""
    speech = said.speech
    columns = {
        "legend_now": [
            said.figure(point.actual) + (" *" if point.is_open and point.actual is not None else "")
            for point in series.points
        ],
        "legend_last": [said.figure(point.last) for point in series.points],
        "legend_path": [said.figure(point.path) for point in series.points],
        "legend_fan": [said.span(point) or MISSING for point in series.points],
    }
    used = {key: cells for key, cells in columns.items() if any(cell != MISSING for cell in cells)}
    months = [speech.short_month(point.month, with_year=True) for point in series.points]
    return FiguresTable(
        heads=tuple(message(key, speech) for key in used),
        rows=tuple(zip(months, *used.values(), strict=True)),
    )


def month_titles(series: Series, said: Said) -> tuple[str, ...]:
    """Each month's figures in a line, to be shown where one points at it; of a month without any nothing."""
    return tuple(_point_in_words(point, said).rstrip(".") for point in series.points)


def _point_in_words(point: Point, said: Said) -> str:
    speech, parts = said.speech, []
    if point.actual is not None:
        open_ = f" ({message('legend_open', speech)})" if point.is_open else ""
        parts.append(said.figure(point.actual) + open_)
    if point.last is not None:
        parts.append(message("chart_last", speech, value=said.figure(point.last)))
    if point.path is not None:
        parts.append(message("chart_path", speech, value=said.figure(point.path)))
    if span := said.span(point):
        parts.append(message("chart_fan", speech, span=span))
    if not parts:
        return ""
    month = speech.month_name(point.month)
    return message("chart_month", speech, month=month, value=", ".join(parts)) + "."
