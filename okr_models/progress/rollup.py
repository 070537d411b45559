"""From key results to their objective: weighted progress, its interval, and the status of the worst weighty one.

What belongs here: MEASURES.md, "Roll-up". What does not: any key result's own figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from okr_models.progress.status import JUDGED, TOLERANCE, Status

WEIGHTY = 0.25
ENOUGH_COVERAGE = 0.5
RED_BELOW, AMBER_BELOW = 0.4, 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One key result as the roll-up sees it; ``progress`` (0..1) is None where it has no value."""

    id: str
    weight: float
    progress: float | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """An objective's figures; the interval takes key results without a value as 0 and as 1."""

    progress: float | None
    progress_low: float
    progress_high: float
    coverage: float
    status: Status
    weakest_key_result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """An objective at its close."""

    value: float
    colour: Literal["red", "amber", "green"]


def roll_up(key_results: Sequence[Weighed]) -> RollUp:
    """Raises ``ValueError`` without key results: the client file refuses that."""
    if not key_results:
        raise ValueError("an objective without key results has no progress")
    everything = sum(each.weight for each in key_results)
    valued = [(each.weight, each.progress) for each in key_results if each.progress is not None]
    weight = sum(size for size, _ in valued)
    done = sum(size * progress for size, progress in valued)
    coverage = weight / everything
    status, weakest = _status(key_results, coverage=coverage)
    # in this order, and never past the progress itself: nothing missing must give three equal figures to the last bit
    low, high = done / everything, (done + (everything - weight)) / everything
    if weight:
        low, high = min(low, done / weight), max(high, done / weight)
    return RollUp(
        progress=_unit(done / weight) if weight else None,
        progress_low=_unit(low),
        progress_high=_unit(high),
        coverage=_unit(coverage),
        status=status,
        weakest_key_result=weakest,
    )


def score(progress: float) -> Score:
    """0.0 to 1.0: below .4 red, below .7 amber, else green."""
    if progress < RED_BELOW - TOLERANCE:
        return Score(value=progress, colour="red")
    return Score(value=progress, colour="amber" if progress < AMBER_BELOW - TOLERANCE else "green")


def _status(key_results: Sequence[Weighed], *, coverage: float) -> tuple[Status, str | None]:
    if all(each.status == "too_early" for each in key_results):
        return "too_early", None
    judged = [each for each in key_results if each.status in JUDGED]
    if not judged or coverage < ENOUGH_COVERAGE - TOLERANCE:
        return "cannot_be_judged", None
    judged.sort(key=lambda each: (JUDGED.index(each.status), each.progress or 0.0, each.id))
    line = WEIGHTY * sum(each.weight for each in judged)
    reached = 0.0
    for each in judged:
        reached += each.weight
        if reached >= line - TOLERANCE:
            return each.status, each.id
    return judged[-1].status, judged[-1].id


def _unit(share: float) -> float:
    """Rounding must not push a share out of 0..1."""
    return min(1.0, max(0.0, share))
