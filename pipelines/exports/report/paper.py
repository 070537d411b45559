"""How a client's report is set on paper: the board's page, then the team's, in type of 8 points or more.

What belongs here: the estimate of how tall each page becomes, and from it what print leaves to the screen. What does
not: the setting itself (``templates/page.css``). Heights are millimetres, measured on printed demo reports; print can't
measure itself, since the page holds no script.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.exports.report.evidence import InitiativeView
from pipelines.exports.report.kpi_cards import KpiSection
from pipelines.exports.report.results import ObjectiveView, ResultView

USABLE = 264.0
"""A4's 297 less the margins and a reserve for fonts that run wider than the ones measured with."""
LINE = 3.9
"""A line of text of 8 points."""
LETTERS = 114
"""Of these in a line across the page."""
Density = Literal["roomy", "compact", "dense", "rows", "lines"]
COLUMNS: dict[Density, int] = {"roomy": 2, "compact": 3, "dense": 2, "rows": 2, "lines": 2}
"""Two and three columns with charts, then two without, then name and figure alone, at last a line a key result."""
CHARTS: dict[Density, float] = {"roomy": 39.0, "compact": 23.0, "dense": 0.0, "rows": 0.0, "lines": 0.0}
ROW = 5.0
"""A line of a table, and of a key result that has only one."""
MOST_POSTS, FEWEST_POSTS = 8, 2
GROUPS_PRINTED = 2
CHANGES_PRINTED = 4
KPI_COLUMNS, KPI_HEIGHT = 5, 33.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed: so many KPIs and posts of a group, and whether there is room for how figures are made."""

    density: Density
    kpis: int
    posts: int
    groups: int
    with_growth: bool
    has_methods: bool


def paper_of(
    objectives: Sequence[ObjectiveView],
    kpis: KpiSection,
    tried: Sequence[InitiativeView],
    ideas: Sequence[InitiativeView],
    *,
    methods: Sequence[tuple[str, str]],
    groups: int | None,
    changes: Sequence[int] = (),
    channels: int = 0,
) -> Paper:
    """The setting for what a report holds; ``groups`` of posts, None where the page shows no posts at all.

    ``changes``: the characters of each line of what changed. ``channels``: rows of the longest table of growth. What is
    too much even for the tightest setting goes on to a further page.
    """
    density, room = _density(objectives, groups=groups)
    posts, shown = _posts(room, min(groups or 0, GROUPS_PRINTED))
    front = _front(objectives, tried, ideas) + _changes(changes)
    # without a page of the team's, the footer is on the board's
    front += 0 if any(objective.results for objective in objectives) else _footer()
    # growth by channel goes before the cards of KPIs, and is left out whole where it does not fit
    with_growth = front + 13 + KPI_HEIGHT + _growth(channels) <= USABLE
    front += _growth(channels) if with_growth else 0
    rows = max(1, min(_rows_of(kpis), int((USABLE - front - 13) / KPI_HEIGHT)))
    front += 13 + KPI_HEIGHT * rows if kpis.cards else 0
    return Paper(
        density=density,
        kpis=KPI_COLUMNS * rows,
        posts=posts,
        groups=shown,
        with_growth=with_growth,
        has_methods=front + _methods(methods) <= USABLE,
    )


def _density(objectives: Sequence[ObjectiveView], *, groups: int | None) -> tuple[Density, float]:
    """The roomiest setting that leaves room for some posts, and the room that it leaves."""
    least = 0.0 if groups is None else _evidence(FEWEST_POSTS, min(groups, 1))
    rooms = {density: USABLE - _footer() - _results(objectives, density) for density in COLUMNS}
    return next(((density, room) for density, room in rooms.items() if room >= least), ("lines", rooms["lines"]))


def _results(objectives: Sequence[ObjectiveView], density: Density) -> float:
    """The team's key results; in columns each line of cards is as tall as its tallest."""
    heading, columns = 24.0, COLUMNS[density]
    if density in {"rows", "lines"}:
        row = ROW + (LINE if density == "rows" else 0)
        return heading + sum(7 + row * math.ceil(len(objective.results) / columns) for objective in objectives)
    heights = [_card(result, density) for objective in objectives for result in objective.results]
    return heading + sum(max(heights[at : at + columns]) for at in range(0, len(heights), columns))


def _card(result: ResultView, density: Density) -> float:
    width = LETTERS // COLUMNS[density] - 2
    texts = [result.outlook or result.explanation, result.checkin]
    texts += [result.basis, result.explanation if result.outlook else ""] if density != "dense" else []
    texts += [result.notes] if density == "roomy" else []
    lines = sum(_lines(text, width) for text in texts) + min(2, _lines(result.title, width - 14))
    flags = LINE * (1.4 if density == "roomy" else 1.2 if result.flags else 0)
    drawn = CHARTS[density] if result.chart else LINE * 3 * len(result.milestones) if density == "roomy" else 0
    return 19 + LINE * lines + flags + drawn


def _front(
    objectives: Sequence[ObjectiveView], tried: Sequence[InitiativeView], ideas: Sequence[InitiativeView]
) -> float:
    """The board's page without KPIs and how figures are made."""
    board = 15 + sum(_objective(objective) for objective in objectives)
    tries = 17 + max(_initiatives(tried), _initiatives(ideas)) if tried or ideas else 0
    return 30 + board + tries + 17


def _objective(view: ObjectiveView) -> float:
    said = _lines(f"{view.badge.word} {view.reason} {view.sentence}", 62) + _lines(view.meta, 62)
    return max(10 + LINE * said, 6 * min(3, _lines(view.title, 26)))


def _changes(lengths: Sequence[int]) -> float:
    shown = lengths[:CHANGES_PRINTED]
    return 11 + sum(LINE * min(2, math.ceil(length / LETTERS)) + 0.6 for length in shown) if shown else 0


def _growth(channels: int) -> float:
    return 36 + 5.4 * channels if channels else 0


def _rows_of(kpis: KpiSection) -> int:
    return math.ceil(len(kpis.cards) / KPI_COLUMNS)


def _methods(methods: Iterable[tuple[str, str]]) -> float:
    letters = sum(len(name) + len(text) + 4 for name, text in methods)
    return 9 + LINE * math.ceil(1.08 * letters / LETTERS)


def _footer() -> float:
    """Sources and the night."""
    return 20.0


def _evidence(posts: int, groups: int) -> float:
    """Posts beside social posts."""
    each = 20 + ROW * (posts + 1)
    return 12 + max(each * groups, 9 + ROW * posts * max(1, groups))


def _posts(room: float, groups: int) -> tuple[int, int]:
    """How many posts of how many groups fit in the room, and of social posts as many as all of them."""
    settings = [
        (count, shown) for shown in sorted({groups, min(groups, 1)}) for count in range(FEWEST_POSTS, MOST_POSTS + 1)
    ]
    return max((one for one in settings if _evidence(*one) <= room), key=lambda one: one[::-1], default=settings[0])


def _initiatives(views: Sequence[InitiativeView]) -> float:
    return sum(10 + 4.2 * _lines(view.hypothesis, 54) + LINE * (_lines(view.reason, 56) + 1) for view in views)


def _lines(text: str, width: int) -> int:
    return math.ceil(len(text) / width)
