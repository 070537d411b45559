"""Drawing: a key result's months and a KPI's small picture, by Altair and vl-convert, as SVG.

What belongs here: marks and axes. What does not: which figures are drawn (``series.py``), round steps (``scales.py``)
and how the SVG is fitted to the page (``svg.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import vl_convert

from okr_models.progress.series import Series
from okr_models.words.numbers import Speech
from pipelines.exports.report.scales import Scale, scale_of, spread
from pipelines.exports.report.svg import TITLE

NOW, NOW_SOFT, LAST, PATH, FAN, AXIS, GRID, LABEL, LAST_INK, BAR, PAPER = (f"#a100{n:02d}" for n in range(1, 12))
WIDTH, HEIGHT = 400, 168
SMALL_WIDTH, SMALL_HEIGHT = 220, 70
FONT = 11.5
LETTER = 6.4
"""Width of a figure in the page's font at ``FONT``."""
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "autosize": {"type": "fit", "contains": "padding"},
    "view": {"stroke": None},
    "axis": {
        "labelColor": LABEL,
        "labelFontSize": FONT,
        "domainColor": AXIS,
        "tickColor": AXIS,
        "gridColor": GRID,
        "title": None,
        "ticks": False,
        "labelPadding": 6,
    },
    "axisY": {"domain": False},
    "text": {"fontSize": FONT},
}
Row = dict[str, Any]
Rows = list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The axes that every layer of one chart shares."""

    x: alt.X
    scale: Scale
    axis: alt.Axis
    is_turned: bool

    def y(self, field: str) -> alt.Y:
        domain = [self.scale.low, self.scale.high]
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=domain, nice=False, reverse=self.is_turned), axis=self.axis)

    def height(self, value: float) -> float:
        """Where a value stands, from the top."""
        share = (self.scale.high - value) / (self.scale.high - self.scale.low)
        return (1 - share if self.is_turned else share) * (HEIGHT - 34)


def key_result_chart(series: Series, speech: Speech, *, unit: str | None = None, titles: Sequence[str] = ()) -> str:
    """The months of one key result as SVG text; a rank has its first place at the top.

    ``titles``: what each month says where one points at it.
    """
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
    scale = scale_of(_values(points, series.bounds), from_zero=series.form != "level")
    ends = points[-1] if series.form != "months" else None
    is_narrow = bool(series.bounds) or (ends is not None and (ends["path"] is not None or ends["mid"] is not None))
    months = [_label(point.month, speech, n, len(points), thin=is_narrow) for n, point in enumerate(series.points)]
    frame = _Frame(
        x=alt.X(
            "n:O",
            scale=alt.Scale(domain=list(range(len(points))), paddingInner=0.22, paddingOuter=0.12),
            axis=alt.Axis(labelExpr=f"{json.dumps(months)}[datum.value]", labelAngle=0, labelOverlap=False),
        ),
        scale=scale,
        axis=alt.Axis(values=list(scale.ticks), labelExpr=_looked_up(scale, unit, speech), grid=True),
        is_turned=unit == "position",
    )
    layers = _bars(points, frame) if series.form == "months" else _lines(points, frame)
    for bound in series.bounds:
        rule = alt.Chart(_data([{"v": bound}])).mark_rule(color=PATH, strokeDash=[5, 3], strokeWidth=1.7)
        layers.append(rule.encode(y=frame.y("v")))
    labels = _end_labels(ends, series.bounds, frame, unit, speech)
    widest = max((len(text) for text, *_ in labels), default=0)
    layers += [_end_label(label, frame) for label in labels]
    if titles:
        rows: Rows = [{"n": n, "t": f"{TITLE}{text}"} for n, text in enumerate(titles) if text]
        layers.append(alt.Chart(_data(rows)).mark_rect(color=NOW, opacity=0).encode(x=frame.x, description="t:N"))
    padding = {"left": 5, "top": 8, "bottom": 2, "right": 9 + LETTER * widest if widest else 4}
    return _svg(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, padding=padding))


def kpi_chart(
    months: Sequence[tuple[date, float | None]], speech: Speech, *, as_bars: bool, unit: str | None = None
) -> str:
    """A KPI's last months: bars from zero for what is counted each month, else a curve.

    The newest month is filled, the same month last year hollow, so that the two that are compared are seen.
    """
    rows: Rows = [{"n": n, "v": value} for n, (_, value) in enumerate(months)]
    known = [row for row in rows if row["v"] is not None]
    newest, ago = known[-1:], [row for row in known if known and row["n"] == known[-1]["n"] - 12]
    ends = {0, len(rows) - 1}
    labels = [speech.short_month(m, with_year=True) if n in ends else "" for n, (m, _) in enumerate(months)]
    low, high = _from_zero(known) if as_bars else _tight(known)
    axis = alt.Axis(
        values=sorted(ends),
        grid=False,
        domain=as_bars and low == 0,
        labelExpr=f"{json.dumps(labels)}[datum.value]",
        labelFlush=not as_bars,
        labelAlign=alt.ExprRef("datum.value == 0 ? 'left' : 'right'"),
        labelOffset=alt.ExprRef("datum.value == 0 ? -4 : 4"),
        labelBound=False,
        labelFontSize=FONT,
    )
    edge = 0.6 if as_bars else 0.4
    x = alt.X("n:Q", scale=alt.Scale(domain=[-edge, len(rows) - 1 + edge], nice=False), axis=axis)
    y = alt.Y("v:Q", scale=alt.Scale(domain=[low, high], nice=False, reverse=unit == "position", zero=False), axis=None)
    bars: tuple[tuple[Rows, Row], ...] = (
        ([row for row in known if row not in newest + ago], {"color": BAR, "width": 5.6}),
        (ago, {"fill": PAPER, "stroke": NOW, "strokeWidth": 1.4, "width": 5.6}),
        (newest, {"color": NOW, "width": 6.4}),
    )
    if as_bars:
        layers = [alt.Chart(_data(group)).mark_bar(**look).encode(x=x, y=y) for group, look in bars]
    else:
        layers = [
            alt.Chart(_data(rows)).mark_line(color=NOW, strokeWidth=1.8, strokeJoin="round").encode(x=x, y=y),
            alt.Chart(_data(ago))
            .mark_point(fill=PAPER, stroke=NOW, strokeWidth=1.6, size=34, opacity=1)
            .encode(x=x, y=y),
            alt.Chart(_data(newest)).mark_point(color=NOW, filled=True, size=44, opacity=1).encode(x=x, y=y),
        ]
    said: Rows = [
        {"n": n, "t": f"{TITLE}{speech.month(month)}: {speech.figure(value, unit)}"}
        for n, (month, value) in enumerate(months)
        if value is not None
    ]
    wide = SMALL_WIDTH / max(1, len(rows))
    pointed = alt.Chart(_data(said)).mark_rule(color=NOW, opacity=0, strokeWidth=wide)
    layers.append(pointed.encode(x=x, description="t:N"))
    padding = {"left": 2, "right": 2, "top": 5, "bottom": 2}
    return _svg(alt.layer(*layers).properties(width=SMALL_WIDTH, height=SMALL_HEIGHT, padding=padding))


def _from_zero(known: Rows) -> tuple[float, float]:
    """From zero to the highest bar, and below it where a bar is negative."""
    values = [0.0, *(row["v"] for row in known)]
    low, high = min(values), max(values)
    return low, high if high > low else low + 1.0


def _tight(known: Rows) -> tuple[float, float]:
    """A curve's own range; a flat one lies in the middle."""
    low, high = min(row["v"] for row in known), max(row["v"] for row in known)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _bars(points: Rows, frame: _Frame) -> list[alt.Chart]:
    """Last year wide and pale behind, this year narrow and dark before it, the path dashed, the fan as spans."""
    x, y = frame.x, frame.y
    last = alt.Chart(_having(points, "last")).mark_bar(color=LAST).encode(x=x, y=y("last"))
    edge = (
        alt.Chart(_having(points, "last"))
        .mark_tick(color=LAST_INK, thickness=1.6, width={"band": 1})
        .encode(x=x, y=y("last"))
    )
    closed = [row for row in points if row["actual"] is not None and not row["open"]]
    running = [row for row in points if row["actual"] is not None and row["open"]]
    now = alt.Chart(_data(closed)).mark_bar(color=NOW, width={"band": 0.58}).encode(x=x, y=y("actual"))
    begun = (
        alt.Chart(_data(running))
        .mark_bar(color=NOW_SOFT, width={"band": 0.58}, stroke=NOW, strokeWidth=1.2, strokeDash=[2, 2])
        .encode(x=x, y=y("actual"))
    )
    fan = (
        alt.Chart(_having(points, "low"))
        .mark_bar(color=FAN, width={"band": 0.34}, stroke=NOW, strokeWidth=1.2)
        .encode(x=x, y=y("low"), y2=alt.Y2("high"))
    )
    middle = (
        alt.Chart(_having(points, "mid"))
        .mark_tick(color=NOW, thickness=2.2, width={"band": 0.58})
        .encode(x=x, y=y("mid"))
    )
    return [last, edge, now, begun, fan, middle, _path(points, frame)]


def _lines(points: Rows, frame: _Frame) -> list[alt.Chart]:
    """Last year's curve, the path dashed, the fan as an area, this year's curve with its newest point marked."""
    x, y = frame.x, frame.y
    fan = (
        alt.Chart(_having(points, "low"))
        .mark_area(color=FAN, stroke=NOW, strokeWidth=0.8)
        .encode(x=x, y=y("low"), y2=alt.Y2("high"))
    )
    middle = (
        alt.Chart(_having(points, "mid"))
        .mark_line(color=NOW, strokeWidth=1.5, strokeDash=[2, 3])
        .encode(x=x, y=y("mid"))
    )
    last = alt.Chart(_having(points, "last")).mark_line(color=LAST_INK, strokeWidth=1.6).encode(x=x, y=y("last"))
    now = alt.Chart(_data(points)).mark_line(color=NOW, strokeWidth=2.6, strokeJoin="round").encode(x=x, y=y("actual"))
    newest = [row for row in points if row["actual"] is not None][-1:]
    dot = alt.Chart(_data(newest)).mark_point(color=NOW, filled=True, size=58, opacity=1).encode(x=x, y=y("actual"))
    return [fan, middle, last, _path(points, frame), now, dot]


def _path(points: Rows, frame: _Frame) -> alt.Chart:
    path: alt.Chart = (
        alt.Chart(_having(points, "path"))
        .mark_line(color=PATH, strokeDash=[5, 3], strokeWidth=1.7)
        .encode(x=frame.x, y=frame.y("path"))
    )
    return path


_EndLabel = tuple[str, str, float, float]
"""Text, ink, the value it stands at, and how far it is moved."""


def _end_labels(
    last: Row | None, bounds: Sequence[float], frame: _Frame, unit: str | None, speech: Speech
) -> list[_EndLabel]:
    """Where target and forecast end, in figures to the right of them; a band's two bounds likewise.

    ``last``: the last month, where its path and forecast are those of the whole period and not that month's own.
    """
    ends: list[tuple[str, float]] = [(PATH, bound) for bound in bounds]
    if last and last["path"] is not None and not bounds:
        ends.append((PATH, last["path"]))
    if last and last["mid"] is not None:
        ends.append((NOW, last["mid"]))
    moved = spread([frame.height(value) for _, value in ends])
    return [
        (speech.figure(value, unit, beside=ends[0][1]), ink, value, shift)
        for (ink, value), shift in zip(ends, moved, strict=True)
    ]


def _end_label(label: _EndLabel, frame: _Frame) -> alt.Chart:
    text, ink, value, shift = label
    mark = alt.Chart(_data([{"v": value}])).mark_text(
        text=text, color=ink, align="left", baseline="middle", dx=6, dy=round(shift, 1), fontWeight=600
    )
    placed: alt.Chart = mark.encode(x=alt.XValue("width"), y=frame.y("v"))  # type: ignore[no-untyped-call]
    return placed


def _values(points: Rows, bounds: Sequence[float]) -> list[float]:
    fields = ("actual", "last", "path", "low", "mid", "high")
    return [row[field] for row in points for field in fields if row[field] is not None] + list(bounds)


def _looked_up(scale: Scale, unit: str | None, speech: Speech) -> str:
    """Vega's expression for the label of a tick: Babel wrote them all, so that one library knows the language."""
    labels = json.dumps(scale.labels(unit, speech))
    return f"{labels}[round((datum.value - {scale.low!r}) / {scale.step!r})]"


def _data(rows: Rows) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _having(rows: Rows, field: str) -> alt.Data:
    return _data([row for row in rows if row[field] is not None])


def _label(month: date, speech: Speech, n: int, count: int, *, thin: bool) -> str:
    """Short names where twelve fit, every other one beside end labels (``thin``), one a quarter in longer periods."""
    name = speech.short_month(month)
    is_shown = month.month % 3 == 1 if count > 12 else n % 2 == 0 or not thin
    return name if is_shown else ""


def _svg(chart: Any) -> str:
    # a schema check of each of a night's charts takes as long as drawing them; the tests check them instead
    specification = {**chart.to_dict(validate=VALIDATES), "config": CONFIG}
    svg: str = vl_convert.vegalite_to_svg(specification)
    return svg


VALIDATES = False
"""Whether each chart is held against Vega-Lite's schema before it is drawn."""
