"""Drawing: a key result's months and a KPI's small curve, by Altair and vl-convert, as SVG.

What belongs here: marks, scales and axes. What does not: which figures are drawn (``series.py``) and how the SVG is
fitted to the page (``svg.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import vl_convert
from babel.dates import format_date

from pipelines.exports.report.series import Series
from pipelines.exports.words import LOCALES

NOW, NOW_SOFT, LAST, PATH, FAN, AXIS, GRID, LABEL = (f"#a1000{n}" for n in range(1, 9))
WIDTH, HEIGHT = 330, 128
SMALL_WIDTH, SMALL_HEIGHT = 200, 54
FORMATS: dict[str, dict[str, Any]] = {
    "sv": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", " kr"], "minus": "\u2212"},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "minus": "\u2212"},
}
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelColor": LABEL,
        "labelFontSize": 11,
        "domainColor": AXIS,
        "tickColor": AXIS,
        "gridColor": GRID,
        "title": None,
        "ticks": False,
        "labelPadding": 5,
    },
    "axisY": {"domain": False},
}
Rows = list[dict[str, Any]]


def key_result_chart(series: Series, language: str, *, lower_is_better: bool = False) -> str:
    """The months of one key result as SVG text."""
    labels = [_label(point.month, language, len(series.points)) for point in series.points]
    points: Rows = [
        {
            "n": n,
            "actual": point.actual,
            "open": point.is_open,
            "last": point.last,
            "path": point.path,
            "low": point.low,
            "mid": point.mid,
            "high": point.high,
        }
        for n, point in enumerate(series.points)
    ]
    x = alt.X(
        "n:O",
        scale=alt.Scale(domain=list(range(len(points))), paddingInner=0.2, paddingOuter=0.1),
        axis=alt.Axis(labelExpr=f"{labels!r}[datum.value]", labelAngle=0, labelOverlap=False),
    )
    fits_zero = series.form != "level"
    y_scale = alt.Scale(zero=fits_zero, nice=True, reverse=lower_is_better)
    axis = alt.Axis(tickCount=4, format=_axis_format(points, series.bounds), grid=True)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=y_scale, axis=axis)

    layers = _bars(points, x, y) if series.form == "months" else _lines(points, x, y)
    for bound in series.bounds:
        rule = alt.Chart(_data([{"v": bound}])).mark_rule(color=PATH, strokeDash=[5, 3], strokeWidth=1.6)
        layers.append(rule.encode(y=y("v")))
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return _svg(chart, language)


def kpi_chart(months: Sequence[tuple[date, float | None]], language: str, *, lower_is_better: bool = False) -> str:
    """A KPI's last months as a small curve with its newest figure marked."""
    rows: Rows = [{"n": n, "v": value} for n, (_, value) in enumerate(months)]
    known = [row for row in rows if row["v"] is not None]
    ends = {0, len(rows) - 1}
    labels = [format_date(m, "MMM yy", LOCALES[language]) if n in ends else "" for n, (m, _) in enumerate(months)]
    x = alt.X(
        "n:Q",
        scale=alt.Scale(domain=[0, max(1, len(rows) - 1)], nice=False),
        axis=alt.Axis(
            values=sorted(ends),
            grid=False,
            labelExpr=f"{labels!r}[datum.value]",
            labelFlush=True,
            labelBound=False,
        ),
    )
    y = alt.Y("v:Q", scale=alt.Scale(zero=False, reverse=lower_is_better), axis=None)
    line = alt.Chart(_data(rows)).mark_line(color=NOW, strokeWidth=1.8, strokeJoin="round").encode(x=x, y=y)
    dot = alt.Chart(_data(known[-1:])).mark_point(color=NOW, filled=True, size=38, opacity=1).encode(x=x, y=y)
    chart = alt.layer(line, dot).properties(width=SMALL_WIDTH, height=SMALL_HEIGHT)
    return _svg(chart, language)


def _bars(points: Rows, x: alt.X, y: Any) -> list[alt.Chart]:
    """Last year wide and pale behind, this year narrow and dark before it, the path dashed, the fan as spans."""
    last = alt.Chart(_having(points, "last")).mark_bar(color=LAST).encode(x=x, y=y("last"))
    closed = [row for row in points if row["actual"] is not None and not row["open"]]
    running = [row for row in points if row["actual"] is not None and row["open"]]
    now = alt.Chart(_data(closed)).mark_bar(color=NOW, width=12).encode(x=x, y=y("actual"))
    begun = (
        alt.Chart(_data(running))
        .mark_bar(color=NOW_SOFT, width=12, stroke=NOW, strokeWidth=1, strokeDash=[2, 2])
        .encode(x=x, y=y("actual"))
    )
    fan = (
        alt.Chart(_having(points, "low"))
        .mark_bar(color=FAN, width=7, stroke=NOW, strokeWidth=1)
        .encode(x=x, y=y("low"), y2=alt.Y2("high"))
    )
    middle = alt.Chart(_having(points, "mid")).mark_tick(color=NOW, thickness=2, width=13).encode(x=x, y=y("mid"))
    path = (
        alt.Chart(_having(points, "path"))
        .mark_line(color=PATH, strokeDash=[5, 3], strokeWidth=1.6)
        .encode(x=x, y=y("path"))
    )
    return [last, now, begun, fan, middle, path]


def _lines(points: Rows, x: alt.X, y: Any) -> list[alt.Chart]:
    """Last year's curve, the path dashed, the fan as an area, this year's curve with its newest point marked."""
    fan = alt.Chart(_having(points, "low")).mark_area(color=FAN).encode(x=x, y=y("low"), y2=alt.Y2("high"))
    middle = (
        alt.Chart(_having(points, "mid"))
        .mark_line(color=NOW, strokeWidth=1.4, strokeDash=[2, 3])
        .encode(x=x, y=y("mid"))
    )
    last = alt.Chart(_having(points, "last")).mark_line(color=LAST, strokeWidth=2.4).encode(x=x, y=y("last"))
    path = (
        alt.Chart(_having(points, "path"))
        .mark_line(color=PATH, strokeDash=[5, 3], strokeWidth=1.6)
        .encode(x=x, y=y("path"))
    )
    now = alt.Chart(_data(points)).mark_line(color=NOW, strokeWidth=2.4, strokeJoin="round").encode(x=x, y=y("actual"))
    newest = [row for row in points if row["actual"] is not None][-1:]
    dot = alt.Chart(_data(newest)).mark_point(color=NOW, filled=True, size=52, opacity=1).encode(x=x, y=y("actual"))
    return [fan, middle, last, path, now, dot]


def _data(rows: Rows) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _having(rows: Rows, field: str) -> alt.Data:
    return _data([row for row in rows if row[field] is not None])


def _label(month: date, language: str, count: int) -> str:
    """Short names where twelve fit, else one a quarter."""
    name: str = format_date(month, "MMM", LOCALES[language]).rstrip(".")[:3]
    return name if count <= 12 or month.month % 3 == 1 else ""


def _axis_format(points: Rows, bounds: tuple[float, ...]) -> str:
    fields = ("actual", "last", "path", "high")
    values = [abs(row[field]) for row in points for field in fields if row[field] is not None]
    largest = max([*values, *(abs(bound) for bound in bounds)], default=0)
    return ",.0f" if largest >= 10 else ",.1~f"


def _svg(chart: Any, language: str) -> str:
    specification = {**chart.to_dict(), "config": CONFIG}
    svg: str = vl_convert.vegalite_to_svg(specification, format_locale=FORMATS[language])
    return svg
