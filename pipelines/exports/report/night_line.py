"""A key result's progress night by night, as a small line: which way it has been going.

What belongs here: drawing it. What does not: reading the nights (``pipelines/exports/since.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from okr_models.words.numbers import Speech
from pipelines.exports.report.messages import message

WIDTH, HEIGHT, EDGE = 120, 24, 2
FEWEST = 3
"""Two nights are no line."""


def night_line(nights: Sequence[tuple[date, float]], speech: Speech) -> Markup | None:
    """The line as an image with its words; None where there are too few nights.

    Nights that are missing leave no hole: the line goes by the calendar from one that there was to the next.
    """
    if len(nights) < FEWEST:
        return None
    first, last = nights[0], nights[-1]
    days = max(1, (last[0] - first[0]).days)
    low, high = min(value for _, value in nights), max(value for _, value in nights)
    span = (high - low) or 1.0
    points = " ".join(
        f"{EDGE + (WIDTH - 2 * EDGE) * (day - first[0]).days / days:.1f},"
        f"{HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / span:.1f}"
        for day, value in nights
    )
    words = message(
        "by_night",
        speech,
        first=speech.short_day(first[0]),
        then=speech.percent(first[1]),
        last=speech.short_day(last[0]),
        now=speech.percent(last[1]),
    )
    return Markup(
        '<svg class="nights" viewBox="0 0 {w} {h}" role="img" aria-label="{words}"><title>{words}</title>'
        '<polyline points="{points}" fill="none" stroke="var(--now)" stroke-width="1.5"/></svg>'
    ).format(w=WIDTH, h=HEIGHT, words=words, points=points)
