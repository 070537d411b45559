"""A GA4 report as values: what to ask and what came, without Google's client.

What belongs here: the two values and how quality of several replies combines. What does not: sending
(``client.py``), meaning (``source.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.core.doubt import Doubt
from connectors.core.protocol import Quality
from connectors.core.shape import Json
from okr_models.periods import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Dimensions and metrics over one range of days; ordered by its dimensions, so that pages don't overlap."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All rows as (dimension values, metric values), both texts as Google sends them, and the property's zone."""

    rows: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
    zone: str
    quality: Quality = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    """What Google says against its figures, each about the report's days."""


def merge_quality(parts: Sequence[Quality]) -> Quality:
    """One record of several replies: a flag set once stays set, a share or what is left keeps its lowest."""
    merged: dict[str, Json] = {}
    for part in parts:
        for name, value in part.items():
            before = merged.get(name)
            if before is None or before == "":
                merged[name] = value
            elif isinstance(before, bool) and isinstance(value, bool):
                merged[name] = before or value
            elif isinstance(before, int | float) and isinstance(value, int | float):
                merged[name] = min(before, value)
            elif isinstance(before, str) and isinstance(value, str) and value and value not in before.split("; "):
                merged[name] = f"{before}; {value}"
    return merged
