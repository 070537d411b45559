"""From an estimate and its placebos to a verdict (MEASURES.md, "Did an initiative work?", point 4).

What belongs here: the rule. What does not: whether there may be an estimate at all (``evaluation.py``), words
(``reasons.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from okr_models.initiatives.effects import Effect
    from okr_models.initiatives.placebo import Placebos

Verdict = Literal["keep", "kill", "undecided", "cannot_be_judged", "not_started", "running", "not_aligned"]

LIKELY, UNLIKELY = 0.8, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdict rests on. Effects are shares; ``worthwhile`` is negative where downward is good."""

    effect: float
    low: float
    high: float | None
    worthwhile: float
    probability_worthwhile: float
    share_of_placebos_beyond: float
    detectable: float | None
    controls: int = 0

    @property
    def upward(self) -> bool:
        return self.worthwhile >= 0

    @property
    def is_clear_of_zero(self) -> bool:
        """The 95 % interval lies on the good side of 0."""
        return self.low > 0 if self.upward else self.high is not None and self.high < 0

    @property
    def is_harm(self) -> bool:
        """The 95 % interval lies on the wrong side of 0."""
        return self.high is not None and self.high < 0 if self.upward else self.low > 0

    @property
    def stands_out(self) -> bool:
        """The real start ranks in the top 10 % of placebos."""
        from okr_models.initiatives.placebo import TOP_SHARE

        return self.share_of_placebos_beyond <= TOP_SHARE

    @property
    def could_show_it(self) -> bool:
        """The data could have shown an effect as small as the worthwhile one."""
        return self.detectable is not None and abs(self.detectable) <= abs(self.worthwhile)


def evidence_of(effect: Effect, placebos: Placebos, *, worthwhile: float, controls: int = 0) -> Evidence:
    """The figures of the rule, from the estimate at the real start and at the placebo ones."""
    upward = worthwhile >= 0
    return Evidence(
        effect=effect.effect,
        low=effect.low,
        high=effect.high,
        worthwhile=worthwhile,
        probability_worthwhile=effect.probability_beyond(worthwhile),
        share_of_placebos_beyond=placebos.share_beyond(effect.effect, upward=upward),
        detectable=placebos.detectable(upward=upward),
        controls=controls,
    )


def verdict_of(evidence: Evidence) -> Literal["keep", "kill", "undecided"]:
    """Keep what is shown to be worth it; kill what is shown not to be, and what did harm, however little the data can
    show; everything else is undecided."""
    if evidence.is_harm:
        return "kill"
    likely = evidence.probability_worthwhile >= LIKELY
    if evidence.is_clear_of_zero and likely and evidence.stands_out:
        return "keep"
    if evidence.probability_worthwhile <= UNLIKELY and evidence.could_show_it:
        return "kill"
    return "undecided"
