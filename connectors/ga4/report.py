"""A GA4 report as values: what to ask and what came, without Google's client.

What belongs here: the two values and how quality of several replies combines. What does not: sending
(``client.py``), meaning (``source.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from connectors.core.doubt import Doubt
from connectors.core.protocol import Quality
from connectors.core.shape import BadShape, Json
from okr_models.periods import Window

OTHER = "(other)"
"""Where Google folds what is beyond its row limit."""
NOT_A_VALUE = frozenset({"(not set)", OTHER, "(data not available)", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Dimensions and metrics over one range of days; ordered by its dimensions, so that pages don't overlap."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    window: Window
    events: tuple[str, ...] = ()
    """Only these events, by their exact names; none: all."""


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


def without_a_day(rows: int) -> list[Doubt]:
    """A doubt where rows had no day."""
    return [Doubt(code="undated_rows", quantity=rows)] if rows else []


@lru_cache(maxsize=4_096)
def report_day(text: str) -> date | None:
    """``20261101`` as a day; None for what Google writes where it has none, such as ``(other)`` or ``(not set)``.

    Anything else raises ``BadShape``.
    """
    if text in NOT_A_VALUE or text.startswith("("):
        return None
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    raise BadShape(path="date", wanted="a day as YYYYMMDD", found=text)
