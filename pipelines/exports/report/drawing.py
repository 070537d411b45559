"""Marks as SVG: rectangles, curves, dots and words, each at its place in pixels from the top left of a plot.

What belongs here: SVG's own words, and how wide a figure is. What does not: which marks a chart is made of
(``charts.py``), and how a drawing is put into the page (``svg.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import escape

Place = tuple[float, float]
FONT = 11.5
_FIGURE = 0.556
"""Width of a figure in fonts like Helvetica, as a part of the type's size."""
_WIDTHS = dict.fromkeys(" \N{NO-BREAK SPACE},.", 0.278) | {"%": 0.889, "r": 0.389, "\N{MINUS SIGN}": 0.584}
BASELINE = 3
"""By how much a word's baseline stands below its middle."""


def number(value: float) -> str:
    """With two decimals at most: a chart is drawn to a hundredth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text_width(text: str) -> float:
    """About how wide a figure is at ``FONT``."""
    return FONT * sum(_WIDTHS.get(letter, _FIGURE) for letter in text)


class Drawing:
    """A chart of ``width`` by ``height`` pixels, whose plot begins at ``left`` and ``top``."""

    def __init__(self, *, width: float, height: float, left: float, top: float) -> None:
        self.width, self.height, self.left, self.top = width, height, left, top
        self._marks: list[str] = []

    @property
    def body(self) -> str:
        """Everything inside of ``<svg>``."""
        place = f"translate({number(self.left)},{number(self.top)})"
        return f'<g fill="none" transform="{place}">{"".join(self._marks)}</g>'

    def rectangle(
        self, x: float, y: float, width: float, height: float, *, title: str = "", **look: str | float
    ) -> None:
        """``title`` is what shows where one points at it."""
        around = f"M{_at((x, y))}h{number(width)}v{number(height)}h{number(-width)}Z"
        self._add("path", {"d": around}, look, title)

    def line(self, start: Place, end: Place, *, title: str = "", **look: str | float) -> None:
        places = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        self._add("line", {name: number(value) for name, value in places.items()}, look, title)

    def curve(self, places: Sequence[Place | None], **look: str | float) -> None:
        """From place to place; None is a gap, and what stands alone between two gaps is a point."""
        steps: list[str] = []
        for before, place, after in zip([None, *places], places, [*places[1:], None], strict=False):
            if place is not None:
                is_alone = before is None and after is None
                steps.append(f"{'M' if before is None else 'L'}{_at(place)}{'Z' if is_alone else ''}")
        if steps:
            self._add("path", {"d": "".join(steps)}, look)

    def area(self, upper: Sequence[Place], lower: Sequence[Place], **look: str | float) -> None:
        """Between two curves over the same places."""
        around = "L".join(map(_at, (*upper, *reversed(lower))))
        if around:
            self._add("path", {"d": f"M{around}Z"}, look)

    def dot(self, place: Place, *, size: float, **look: str | float) -> None:
        """``size`` is the area of the square around it."""
        places = {"cx": place[0], "cy": place[1], "r": size**0.5 / 2}
        self._add("circle", {name: number(value) for name, value in places.items()}, look)

    def word(self, text: str, place: Place, *, anchor: str, ink: str, **look: str | float) -> None:
        """``anchor``: which end of the text stands at ``place``, as SVG says it. No text is no mark."""
        if not text:
            return
        places = {"text-anchor": anchor, "x": number(place[0]), "y": number(place[1]), "font-size": f"{FONT}px"}
        attributes = _attributes(places | {"fill": ink}, look)
        self._marks.append(f"<text{attributes}>{escape(text)}</text>")

    def _add(self, tag: str, places: dict[str, str], look: dict[str, str | float], title: str = "") -> None:
        content = f"<title>{escape(title)}</title>" if title else ""
        attributes = _attributes(places, look)
        self._marks.append(f"<{tag}{attributes}>{content}</{tag}>" if content else f"<{tag}{attributes}/>")


def _at(place: Place) -> str:
    return f"{number(place[0])},{number(place[1])}"


def _attributes(places: dict[str, str], look: dict[str, str | float]) -> str:
    pairs: Iterable[tuple[str, str | float]] = (*places.items(), *look.items())
    return "".join(
        f' {name.replace("_", "-")}="{value if isinstance(value, str) else number(value)}"' for name, value in pairs
    )
