"""Targets, baselines and conditions in a line, close to how the file has them; for tables that people query.

What belongs here: that text. What does not: the words of a report (``words/``), what any of it means (``progress/``).
"""

from __future__ import annotations

from okr_models.client.targets import (
    AtLeast,
    AtMost,
    Baseline,
    BaselinePeriod,
    BaselineValue,
    Between,
    Change,
    Condition,
    Milestones,
    Target,
)


def target_text(target: Target) -> str:
    """A target as the file has it.

    >>> target_text(Change(share=0.3))
    '+30%'
    >>> target_text(AtMost(at_most=10, hold=True))
    'at_most 10, every month'
    """
    if isinstance(target, Change):
        return f"{target.share * 100:+.6g}%"
    if isinstance(target, AtLeast | AtMost):
        name, value = next(iter(target))
        return f"{name} {value:.12g}{', every month' if target.hold else ''}"
    if isinstance(target, Between):
        return f"between {target.between[0]:.12g} and {target.between[1]:.12g}"
    if isinstance(target, Milestones):
        return f"{len(target.milestones)} milestones"
    return f"{target.value:.12g}"


def baseline_text(baseline: Baseline | None) -> str | None:
    """A baseline as the file has it; None where it says nothing.

    >>> baseline_text(BaselineValue(value=12.5))
    '12.5'
    """
    if isinstance(baseline, BaselineValue):
        return f"{baseline.value:.12g}"
    if isinstance(baseline, BaselinePeriod):
        return f"{baseline.from_} to {baseline.to}"
    return baseline


def condition_text(condition: Condition) -> str:
    """What an item has to reach.

    >>> condition_text(Condition(metric="page_views", at_least=500, within_days=90))
    'page_views at_least 500 within 90 days'
    """
    limit = "at_least" if condition.at_least is not None else "at_most"
    value = condition.at_least if condition.at_least is not None else condition.at_most
    within = f" within {condition.within_days} days" if condition.within_days else ""
    return f"{condition.metric} {limit} {value:.12g}{within}"
