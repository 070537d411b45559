"""From key results to their objective: weighted progress, its interval, and the status of the worst weighty one.

What belongs here: MEASURES.md, "Roll-up". What does not: any key result's own figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from okr_models.progress.due import TOLERANCE
from okr_models.progress.status import JUDGED, Status

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
    raw: float | None = None
    """Progress as it is: below 0 or above 1 it tells apart what ``progress`` does not."""
    expected: float | None = None

    @property
    def badness(self) -> tuple[int, float, float, str]:
        """Sorts the worst first: by status, then by progress against what it should be by now."""
        progress = self.progress or 0.0
        raw = progress if self.raw is None else self.raw
        return JUDGED.index(self.status), _against(progress, self.expected), _against(raw, self.expected), self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """An objective's figures; the interval takes key results without a value as 0 and as 1."""

    progress: float | None
    progress_low: float
    progress_high: float
    expected_progress: float | None
    """Over the key results behind ``progress``."""
    coverage: float
    status: Status
    weakest_key_result: str | None
    """The worst of the judged ones."""
    deciding_key_result: str | None
    """The one at which, from the worst on, a quarter of the judged weight is reached: its status is the objective's."""


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
    judged = _worst_first(key_results, coverage=coverage)
    deciding = _deciding(judged) if judged else None
    # in this order, and never past the progress itself: nothing missing must give three equal figures to the last bit
    low, high = done / everything, (done + (everything - weight)) / everything
    if weight:
        low, high = min(low, done / weight), max(high, done / weight)
    return RollUp(
        progress=_unit(done / weight) if weight else None,
        progress_low=_unit(low),
        progress_high=_unit(high),
        expected_progress=_expected(key_results),
        coverage=_unit(coverage),
        status=deciding.status if deciding else _unjudged(key_results),
        weakest_key_result=judged[0].id if judged else None,
        deciding_key_result=deciding.id if deciding else None,
    )


def score(progress: float) -> Score:
    """0.0 to 1.0: below .4 red, below .7 amber, else green."""
    if progress < RED_BELOW - TOLERANCE:
        return Score(value=progress, colour="red")
    return Score(value=progress, colour="amber" if progress < AMBER_BELOW - TOLERANCE else "green")


def _worst_first(key_results: Sequence[Weighed], *, coverage: float) -> list[Weighed]:
    """The judged ones; none where too little of the weight has a value."""
    judged = [each for each in key_results if each.status in JUDGED]
    return [] if coverage < ENOUGH_COVERAGE - TOLERANCE else sorted(judged, key=lambda each: each.badness)


def _deciding(worst_first: Sequence[Weighed]) -> Weighed:
    line = WEIGHTY * sum(each.weight for each in worst_first)
    reached = 0.0
    for each in worst_first:
        reached += each.weight
        if reached >= line - TOLERANCE:
            return each
    return worst_first[-1]


def _unjudged(key_results: Sequence[Weighed]) -> Status:
    return "too_early" if all(each.status == "too_early" for each in key_results) else "cannot_be_judged"


def _expected(key_results: Sequence[Weighed]) -> float | None:
    known = [
        (each.weight, each.expected) for each in key_results if each.progress is not None and each.expected is not None
    ]
    weight = sum(size for size, _ in known)
    return _unit(sum(size * expected for size, expected in known) / weight) if weight else None


def _against(progress: float, expected: float | None) -> float:
    """Progress as a share of what it should be; what need not have begun is behind nothing."""
    if expected is None:
        return progress
    return progress / expected if expected > TOLERANCE else math.inf


def _unit(share: float) -> float:
    """Rounding must not push a share out of 0..1."""
    return min(1.0, max(0.0, share))
