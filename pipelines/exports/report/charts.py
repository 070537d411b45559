"""Drawing: a key result's months and a KPI's small picture, as SVG.

What belongs here: marks and axes. What does not: which figures are drawn (``okr_models/progress/series.py``), round
steps (``scales.py``), SVG's own words (``drawing.py``) and how a drawing is put into the page (``svg.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from okr_models.progress.series import Series
from okr_models.words.numbers import Speech
from pipelines.exports.report.drawing import BASELINE, Drawing, Place, text_width
from pipelines.exports.report.scales import Scale, scale_of, spread

NOW, NOW_SOFT, LAST, PATH, FAN, AXIS, GRID, LABEL, LAST_INK, BAR, PAPER = (
    f"var(--{name})"
    for name in ("now", "now-soft", "last", "path", "fan", "axis", "grid", "label", "last-ink", "bar", "paper")
)
"""The page's colours: a chart follows light and dark."""
WIDTH, HEIGHT = 400, 168
SMALL_WIDTH, SMALL_HEIGHT = 220, 70
INNER, OUTER = 0.22, 0.12
"""Room between two months and before the first, as parts of a month's."""
LABEL_PAD = 6
BELOW = 20
"""Height of the labels below a plot."""
HALF_A_LABEL = 6
LETTER = 6.4
"""About the width of a figure where type is large beside the chart, beyond that where it is not."""
CRISP = 0.5
"""A line of one pixel lies on the middle of a pixel."""
TICK_OPACITY = 0.7
Row = dict[str, Any]
Rows = list[Row]


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """The axes of a key result's chart. ``labels``: of its steps. ``end_labels``: to the right of it."""

    scale: Scale
    labels: tuple[str, ...]
    count: int
    is_turned: bool
    end_labels: tuple[_EndLabel, ...]

    @cached_property
    def left(self) -> int:
        return 5 + math.ceil(LABEL_PAD + max(map(text_width, self.labels)))

    @cached_property
    def top(self) -> int:
        return 8 + math.ceil(max([HALF_A_LABEL, *(HALF_A_LABEL - each.height for each in self.end_labels)]))

    @cached_property
    def width(self) -> float:
        if not self.end_labels:
            return WIDTH - self.left - 4
        # the labels, and once more the room that they take where type is large beside the chart
        texts = [each.text for each in self.end_labels]
        room = math.ceil(LABEL_PAD + max(map(text_width, texts))) + LETTER * max(map(len, texts))
        return WIDTH - self.left - room - 9

    @property
    def height(self) -> float:
        return HEIGHT - self.top - BELOW

    @cached_property
    def _step(self) -> float:
        return self.width / (self.count - INNER + 2 * OUTER)

    @property
    def band(self) -> float:
        """Width of a month."""
        return self._step * (1 - INNER)

    def x(self, n: float, *, share: float = 1.0) -> float:
        """Where the middle ``share`` of a month begins."""
        return self._step * (OUTER + n) + self.band * (1 - share) / 2

    def middle(self, n: float) -> float:
        return self.x(n, share=0)

    def y(self, value: float) -> float:
        return _depth(value, self.scale, is_turned=self.is_turned) * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndLabel:
    """``value``: what it stands at. ``moved``: how far it is moved from there; ``height``: from the top, then."""

    text: str
    ink: str
    value: float
    moved: float
    height: float


def _depth(value: float, scale: Scale, *, is_turned: bool) -> float:
    """Where a value stands, as a share of the way down."""
    share = (scale.high - value) / (scale.high - scale.low)
    return 1 - share if is_turned else share


def key_result_chart(series: Series, speech: Speech, *, unit: str | None = None, titles: Sequence[str] = ()) -> Drawing:
    """The months of one key result; a rank has its first place at the top.

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
    frame = _Frame(
        scale=scale,
        labels=tuple(scale.labels(unit, speech)),
        count=len(points),
        is_turned=unit == "position",
        end_labels=_end_labels(ends, series.bounds, scale, unit, speech),
    )
    drawing = Drawing(width=WIDTH, height=HEIGHT, left=frame.left, top=frame.top)
    _axes(drawing, frame)
    for n, point in enumerate(series.points):
        text = _label(point.month, speech, n, len(points), thin=is_narrow)
        # which of them may be left out where type is large beside the chart
        place = (frame.middle(n), frame.height + CRISP + 15)
        drawing.word(text, place, anchor="middle", ink=LABEL, data_m=str(n % 3))
    _bars(drawing, points, frame) if series.form == "months" else _lines(drawing, points, frame)
    for bound in series.bounds:
        level = frame.y(bound)
        drawing.line((0, level), (frame.width, level), stroke=PATH, stroke_width=1.7, stroke_dasharray="5,3")
    for label in frame.end_labels:
        place = (frame.width + LABEL_PAD, frame.y(label.value) + round(label.moved, 1) + BASELINE)
        drawing.word(label.text, place, anchor="start", ink=label.ink, font_weight="600")
    for n, text in enumerate(titles):
        if text:
            drawing.rectangle(frame.x(n), 0, frame.band, frame.height, title=text, fill=NOW, opacity=0)
    return drawing


def _axes(drawing: Drawing, frame: _Frame) -> None:
    """A pale line at each round step with its label, and the line that the months stand on."""
    for tick, text in zip(frame.scale.ticks, frame.labels, strict=True):
        level = math.floor(frame.y(tick) + 0.5) + CRISP
        drawing.line((CRISP, level), (frame.width + CRISP, level), stroke=GRID, stroke_width=1)
        place = (CRISP - LABEL_PAD, frame.y(tick) + CRISP + BASELINE)
        drawing.word(text, place, anchor="end", ink=LABEL)
    _ground(drawing, frame.width, frame.height)


def _ground(drawing: Drawing, width: float, height: float) -> None:
    drawing.line((CRISP, height + CRISP), (width + CRISP, height + CRISP), stroke=AXIS, stroke_width=1)


def kpi_chart(
    months: Sequence[tuple[date, float | None]], speech: Speech, *, as_bars: bool, unit: str | None = None
) -> Drawing:
    """A KPI's last months: bars from zero for what is counted each month, else a curve.

    The newest month is filled, the same month last year hollow, so that the two that are compared are seen.
    """
    rows: Rows = [{"n": n, "v": value} for n, (_, value) in enumerate(months)]
    known = [row for row in rows if row["v"] is not None]
    newest, ago = known[-1:], [row for row in known if known and row["n"] == known[-1]["n"] - 12]
    low, high = _from_zero(known) if as_bars else _tight(known)
    drawing = Drawing(width=SMALL_WIDTH, height=SMALL_HEIGHT, left=2, top=5)
    width, height = SMALL_WIDTH - 4.0, SMALL_HEIGHT - 5.0 - BELOW
    edge, margin = (0.6, 5) if as_bars else (0.4, 0)

    def x(n: float) -> float:
        return margin + (n + edge) / (len(rows) - 1 + 2 * edge) * (width - 2 * margin)

    def y(value: float) -> float:
        share = (high - value) / (high - low)
        return (1 - share if unit == "position" else share) * height

    for n, anchor, moved in ((0, "start", -4), (len(rows) - 1, "end", 4)):
        text = speech.short_month(months[n][0], with_year=True)
        drawing.word(text, (x(n) + moved + CRISP, height + CRISP + 15), anchor=anchor, ink=LABEL)
    if as_bars:
        if low == 0:
            _ground(drawing, width, height)
        others = [row for row in known if row not in newest + ago]
        _columns(drawing, others, x, y, wide=5.6, fill=BAR)
        _columns(drawing, ago, x, y, wide=5.6, fill=PAPER, stroke=NOW, stroke_width=1.4)
        _columns(drawing, newest, x, y, wide=6.4, fill=NOW)
    else:
        places = [None if row["v"] is None else (x(row["n"]), y(row["v"])) for row in rows]
        drawing.curve(places, stroke=NOW, stroke_width=1.8, stroke_linejoin="round")
        for row in ago:
            drawing.dot((x(row["n"]), y(row["v"])), size=34, fill=PAPER, stroke=NOW, stroke_width=1.6)
        for row in newest:
            drawing.dot((x(row["n"]), y(row["v"])), size=44, fill=NOW)
    wide = SMALL_WIDTH / max(1, len(rows))
    for n, (month, value) in enumerate(months):
        if value is not None:
            title = f"{speech.month(month)}: {speech.figure(value, unit)}"
            drawing.line((x(n), 0), (x(n), height), title=title, stroke=NOW, stroke_width=wide, opacity=0)
    return drawing


def _columns(
    drawing: Drawing,
    rows: Rows,
    x: Callable[[float], float],
    y: Callable[[float], float],
    *,
    wide: float,
    **look: str | float,
) -> None:
    for row in rows:
        level, ground = y(row["v"]), y(0)
        drawing.rectangle(x(row["n"]) - wide / 2, min(level, ground), wide, abs(ground - level), title="", **look)


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


def _bars(drawing: Drawing, points: Rows, frame: _Frame) -> None:
    """Last year wide and pale behind, this year narrow and dark before it, the path dashed, the fan as spans."""
    _spans(drawing, frame, ((row["n"], 0.0, row["last"]) for row in _having(points, "last")), fill=LAST)
    _ticks(drawing, frame, points, "last", thick=1.6, fill=LAST_INK)
    known = _having(points, "actual")
    closed, running = [row for row in known if not row["open"]], [row for row in known if row["open"]]
    _spans(drawing, frame, ((row["n"], 0.0, row["actual"]) for row in closed), share=0.58, fill=NOW)
    begun: dict[str, str | float] = {"fill": NOW_SOFT, "stroke": NOW, "stroke_width": 1.2, "stroke_dasharray": "2,2"}
    _spans(drawing, frame, ((row["n"], 0.0, row["actual"]) for row in running), share=0.58, **begun)
    fan = ((row["n"], row["low"], row["high"]) for row in _having(points, "low"))
    _spans(drawing, frame, fan, share=0.34, fill=FAN, stroke=NOW, stroke_width=1.2)
    _ticks(drawing, frame, points, "mid", thick=2.2, share=0.58, fill=NOW)
    _path(drawing, points, frame)


def _spans(
    drawing: Drawing,
    frame: _Frame,
    spans: Iterable[tuple[int, float, float]],
    *,
    share: float = 1.0,
    **look: str | float,
) -> None:
    """A bar for each (month, one end, other end), over the middle ``share`` of its month."""
    for n, one, other in spans:
        upper, lower = sorted((frame.y(one), frame.y(other)))
        drawing.rectangle(frame.x(n, share=share), upper, frame.band * share, lower - upper, title="", **look)


def _ticks(
    drawing: Drawing, frame: _Frame, points: Rows, field: str, *, thick: float, share: float = 1.0, fill: str
) -> None:
    """A short thick line at each month's value."""
    for row in _having(points, field):
        x, y = frame.x(row["n"], share=share), frame.y(row[field]) - thick / 2
        drawing.rectangle(x, y, frame.band * share, thick, fill=fill, opacity=TICK_OPACITY)


def _lines(drawing: Drawing, points: Rows, frame: _Frame) -> None:
    """Last year's curve, the path dashed, the fan as an area, this year's curve with its newest point marked."""
    fan = _having(points, "low")
    drawing.area(_places(fan, frame, "low"), _places(fan, frame, "high"), fill=FAN, stroke=NOW, stroke_width=0.8)
    middle = _places(_having(points, "mid"), frame, "mid")
    drawing.curve(middle, stroke=NOW, stroke_width=1.5, stroke_dasharray="2,3")
    drawing.curve(_places(_having(points, "last"), frame, "last"), stroke=LAST_INK, stroke_width=1.6)
    _path(drawing, points, frame)
    known = _having(points, "actual")
    now = [None if row["actual"] is None else (frame.middle(row["n"]), frame.y(row["actual"])) for row in points]
    drawing.curve(now, stroke=NOW, stroke_width=2.6, stroke_linejoin="round")
    for place in _places(known[-1:], frame, "actual"):
        drawing.dot(place, size=58, fill=NOW)


def _path(drawing: Drawing, points: Rows, frame: _Frame) -> None:
    places = _places(_having(points, "path"), frame, "path")
    drawing.curve(places, stroke=PATH, stroke_width=1.7, stroke_dasharray="5,3")


def _places(rows: Rows, frame: _Frame, field: str) -> list[Place]:
    return [(frame.middle(row["n"]), frame.y(row[field])) for row in rows]


def _end_labels(
    last: Row | None, bounds: Sequence[float], scale: Scale, unit: str | None, speech: Speech
) -> tuple[_EndLabel, ...]:
    """Where target and forecast end, in figures to the right of them; a band's two bounds likewise.

    ``last``: the last month, where its path and forecast are those of the whole period and not that month's own.
    """
    ends: list[tuple[str, float]] = [(PATH, bound) for bound in bounds]
    if last and last["path"] is not None and not bounds:
        ends.append((PATH, last["path"]))
    if last and last["mid"] is not None:
        ends.append((NOW, last["mid"]))
    heights = [_depth(value, scale, is_turned=unit == "position") * (HEIGHT - 34) for _, value in ends]
    return tuple(
        _EndLabel(
            text=speech.figure(value, unit, beside=ends[0][1]), ink=ink, value=value, moved=moved, height=height + moved
        )
        for (ink, value), height, moved in zip(ends, heights, spread(heights), strict=True)
    )


def _values(points: Rows, bounds: Sequence[float]) -> list[float]:
    fields = ("actual", "last", "path", "low", "mid", "high")
    return [row[field] for row in points for field in fields if row[field] is not None] + list(bounds)


def _having(rows: Rows, field: str) -> Rows:
    return [row for row in rows if row[field] is not None]


def _label(month: date, speech: Speech, n: int, count: int, *, thin: bool) -> str:
    """Short names where twelve fit, every other one beside end labels (``thin``), one a quarter in longer periods."""
    name = speech.short_month(month)
    is_shown = month.month % 3 == 1 if count > 12 else n % 2 == 0 or not thin
    return name if is_shown else ""
