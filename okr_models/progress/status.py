"""Status, a pure function of the figures (MEASURES.md, "Expected progress, forecast, status").

What belongs here: the seven words and when each is said. What does not: the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from okr_models.progress.due import TOLERANCE, whole_items
from okr_models.progress.measures import Rule

Status = Literal["achieved", "on_track", "at_risk", "off_track", "out_of_reach", "too_early", "cannot_be_judged"]
JUDGED: tuple[Status, ...] = ("out_of_reach", "off_track", "at_risk", "on_track", "achieved")
"""From worst to best."""

LIKELY, UNLIKELY = 0.70, 0.30
NEARLY = 0.70


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything a status depends on. ``settled``: the outcome where arithmetic has decided it, else None.

    ``items``: of a count how many are asked for; what is expected of it comes whole.
    """

    rule: Rule
    k: int
    raw: float | None
    expected: float | None
    success: float
    items: float | None = None
    ramp: float = 1.0
    probability: float | None = None
    settled: bool | None = None
    is_refused: bool = False


def status_of(standing: Standing) -> Status:
    """The status of one key result."""
    if standing.settled is not None and (not standing.is_refused or standing.settled):
        return "achieved" if standing.settled else "out_of_reach"
    if standing.is_refused:
        return "cannot_be_judged"
    if standing.k == 0:
        return "too_early"
    if standing.raw is None or standing.expected is None:
        return "cannot_be_judged"
    if standing.probability is not None:
        return _by_probability(standing.probability)
    return _on_growth(standing) if standing.rule == "growth" else _on_course(standing)


def _by_probability(probability: float) -> Status:
    if probability >= LIKELY - TOLERANCE:
        return "on_track"
    return "at_risk" if probability >= UNLIKELY - TOLERANCE else "off_track"


def _on_growth(standing: Standing) -> Status:
    """Like for like: at the line, or at least on the even ramp that just arrives there."""
    raw = standing.raw or 0.0
    if raw >= standing.success - TOLERANCE:
        return "on_track"
    return "at_risk" if raw >= standing.success * standing.ramp - TOLERANCE else "off_track"


def _on_course(standing: Standing) -> Status:
    """Everything else: progress towards the success line against what it should be by now."""
    due = standing.success * (standing.expected or 0.0)
    raw = standing.raw or 0.0
    if standing.items:
        due = whole_items(due, standing.items)
    if due <= TOLERANCE:
        # something may be done before anything is expected
        return "on_track" if raw > TOLERANCE else "too_early"
    if raw >= due - TOLERANCE:
        return "on_track"
    return "at_risk" if raw >= NEARLY * due - TOLERANCE else "off_track"
