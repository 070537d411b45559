"""Guardrails: figures that must not get worse while an initiative moves its own.

What belongs here: a guardrail's effect over the initiative's days, and whether it got worse. What does not: the verdict
(``verdicts.py``), the initiative's own figure (``trial.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from okr_models.initiatives.effects import Effect, NoEffect, by_day, effect_of, first_day
from okr_models.initiatives.placebo import windows_of
from okr_models.periods import Window


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A figure by day; ``name`` in the client's words, ``falls_is_worse`` unless a lower value is better."""

    name: str
    daily: pd.Series
    falls_is_worse: bool = True


@dataclass(frozen=True, slots=True)
class GuardrailSeen:
    """What was seen of it; ``effect`` None where its days allow no estimate."""

    name: str
    effect: Effect | None
    got_worse: bool


def seen(guardrail: Guardrail, *, window: Window) -> GuardrailSeen:
    """By the structural model on the days before: the initiative's controls say nothing of another figure."""
    series = by_day(guardrail.daily).dropna()
    first = first_day(series)
    if first is None or first >= window.start:
        return GuardrailSeen(guardrail.name, None, False)
    before, after = windows_of(window.start, first=first, after_days=window.days)
    found = effect_of(series, [], before=before, after=after)
    if isinstance(found, NoEffect):
        return GuardrailSeen(guardrail.name, None, False)
    fell, rose = found.high is not None and found.high < 0, found.low > 0
    return GuardrailSeen(guardrail.name, found, fell if guardrail.falls_is_worse else rose)
