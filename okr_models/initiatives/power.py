"""The power curve: how likely an initiative is to be kept, were its true effect half, once or twice the worthwhile one.

What belongs here: the rule of ``verdicts.py`` asked of placebo starts at which an effect is made to have been. What
does not: the placebo starts (``placebo.py``), words (``reasons.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from okr_models.initiatives.placebo import Placebos
from okr_models.initiatives.verdicts import Evidence, verdict_of

TIMES = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Power:
    """The probability of ``keep`` where the true effect is ``effect``."""

    effect: float
    keep: float


def power_curve(placebos: Placebos, *, worthwhile: float) -> tuple[Power, ...]:
    """For half, once and twice ``worthwhile`` (negative where a fall is hoped for); empty without enough placebos.

    An effect of -100 % and beyond cannot be and is left out.
    """
    if not placebos.enough:
        return ()
    return tuple(
        Power(effect=true, keep=_share_kept(placebos, true=true, worthwhile=worthwhile))
        for times in TIMES
        if (true := times * worthwhile) > -1
    )


def _share_kept(placebos: Placebos, *, true: float, worthwhile: float) -> float:
    kept = []
    for placebo in placebos.effects:
        seen = placebo.times(1 + true)
        evidence = Evidence(
            effect=seen.effect,
            low=seen.low,
            high=seen.high,
            worthwhile=worthwhile,
            probability_worthwhile=seen.probability_beyond(worthwhile),
            share_of_placebos_beyond=placebos.share_beyond(seen.effect, upward=worthwhile >= 0),
            detectable=None,
        )
        kept.append(verdict_of(evidence) == "keep")
    return float(np.mean(kept))
