"""How a client's report is set on two pages of A4: the board's page, then the team's.

What belongs here: the estimate of how tall each page becomes, and from it how tightly print sets it. What does not: the
setting itself (``templates/page.css``). Heights are millimetres, measured on printed demo reports; print can't measure
itself, since the page holds no script.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.exports.report.evidence import InitiativeView
from pipelines.exports.report.kpi_cards import KpiSection
from pipelines.exports.report.results import ObjectiveView

USABLE = 264.0
"""A4's 297 less the margins and a reserve for fonts that run wider than the ones measured with."""
SMALLEST = 0.66
"""Below this a page could not be read; what doesn't fit then goes on to a further page."""
LEAST_WITH_GROWTH = 0.75
"""Growth by channel stays on the screen rather than shrink the front below this."""
COMPACT_FROM, DENSE_FROM, ROWS_FROM = 5, 10, 13
"""With so many key results they are set in three columns, in four, and at last a line each without its chart."""
Density = Literal["roomy", "compact", "dense", "rows"]
COLUMNS: dict[Density, int] = {"roomy": 2, "compact": 3, "dense": 4, "rows": 1}
ROW_HEIGHTS: dict[Density, float] = {"roomy": 108.0, "compact": 106.0, "dense": 88.0, "rows": 5.6}
POSTS_PRINTED: dict[Density, int] = {"roomy": 8, "compact": 6, "dense": 5, "rows": 5}
POSTS_PRINTED_EACH: dict[Density, int] = {"roomy": 3, "compact": 3, "dense": 2, "rows": 2}
"""The posts of each of the first two counts, where there are several."""
GROUPS_PRINTED = 2
CHANGES_PRINTED = 5
SAID_LINE = 3.2
"""A line of a check-in, of which three columns hold 60 characters, four 45 and two 95."""
SAID_WIDTH: dict[Density, int] = {"roomy": 95, "compact": 60, "dense": 45, "rows": 1000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """``front`` and ``back`` shrink the two pages; ``methods_on`` is where the footer has more room.

    ``with_growth``: the front has room for growth by channel, which the page on screen has anyway.
    """

    density: Density
    front: float
    back: float
    methods_on: Literal["front", "back"]
    with_growth: bool = True


def paper_of(
    objectives: Sequence[ObjectiveView],
    kpis: KpiSection,
    tried: Sequence[InitiativeView],
    ideas: Sequence[InitiativeView],
    *,
    methods: int,
    groups: int | None,
    changes: Sequence[int] = (),
    channels: int = 0,
) -> Paper:
    """The setting for what a report holds; ``groups`` of posts, None where the page shows no posts at all.

    ``changes``: the characters of each line of what changed. ``channels``: rows of the longest table of growth.
    """
    density = density_of(sum(len(objective.results) for objective in objectives))
    front = _front(objectives, kpis, tried, ideas)
    front += 10 + sum(3.8 * math.ceil(length / 130) for length in changes[:CHANGES_PRINTED]) if changes else 0
    growth = 34 + 5.2 * channels if channels else 0
    with_growth = USABLE / (front + growth) >= LEAST_WITH_GROWTH
    front += growth if with_growth else 0
    back = _back(objectives, density, groups=groups)
    footer = 16 + 1.7 * methods
    on_front = not any(objective.results for objective in objectives) or front + footer <= max(USABLE, back + footer)
    front, back = (front + footer, back) if on_front else (front, back + footer)
    return Paper(
        density=density,
        front=_shrunk(front),
        back=_shrunk(back),
        methods_on="front" if on_front else "back",
        with_growth=with_growth,
    )


def density_of(results: int) -> Density:
    """How tightly so many key results are set."""
    if results >= ROWS_FROM:
        return "rows"
    if results >= DENSE_FROM:
        return "dense"
    return "compact" if results >= COMPACT_FROM else "roomy"


def posts_printed(density: Density, groups: int) -> int:
    """How many posts of a group print has room for."""
    return POSTS_PRINTED[density] if groups <= 1 else POSTS_PRINTED_EACH[density]


def _front(
    objectives: Sequence[ObjectiveView],
    kpis: KpiSection,
    tried: Sequence[InitiativeView],
    ideas: Sequence[InitiativeView],
) -> float:
    board = 14 + sum(36 + 3.6 * _lines(objective.sentence, 62) for objective in objectives)
    columns = 5 if len(kpis.cards) <= 15 else 6
    cards = 13 + 27 * math.ceil(len(kpis.cards) / columns) if kpis.cards else 0
    tries = 16 + max(_initiatives(tried), _initiatives(ideas)) if tried or ideas else 0
    return 26 + board + cards + tries + 16


def _back(objectives: Sequence[ObjectiveView], density: Density, *, groups: int | None) -> float:
    count = sum(len(objective.results) for objective in objectives)
    headings = 6 * len(objectives) if density == "rows" else 0
    longest = max((len(result.checkin) for objective in objectives for result in objective.results), default=0)
    said = SAID_LINE * math.ceil(longest / SAID_WIDTH[density]) if density != "rows" else 0
    results = 22 + headings + (ROW_HEIGHTS[density] + said) * math.ceil(count / COLUMNS[density])
    if groups is None:
        return results
    shown = min(groups, GROUPS_PRINTED)
    posts = 5 * posts_printed(density, groups) * max(1, shown) + (
        17 * shown + 8 * (groups - shown) if groups > 1 else 0
    )
    return results + 20 + max(posts, 5 * POSTS_PRINTED[density])


def _initiatives(views: Sequence[InitiativeView]) -> float:
    return sum(11 + 3.8 * _lines(view.hypothesis, 58) + 3.3 * _lines(view.reason, 72) for view in views)


def _lines(text: str, width: int) -> int:
    return math.ceil(len(text) / width)


def _shrunk(height: float) -> float:
    return round(max(SMALLEST, min(1.0, USABLE / height)), 3)
