"""Why a figure has no value, or too few of them: the sentence that says what is lacking, and of whom.

What belongs here: figures that are compared with nothing, or lack what would be compared. What does not: what two sides
have in common (``like_for_like.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from okr_models.progress.components import Anatomy
from okr_models.words.codes import Note, Part, note

ENOUGH_MONTHS = 3
ONE_SIDE: Mapping[str, Part] = {"of": "one_side"}
"""Of months that stand against no others."""


def needed(k: int) -> int:
    """Fewest months that are compared: three, or k where k is smaller."""
    return min(ENOUGH_MONTHS, k)


def few_values(anatomy: Anatomy, months: Sequence[date], *, count: int) -> Note:
    """That only ``count`` of ``months`` have a value, which is fewer than are needed."""
    if count:
        return note("few_months", count=count, needed=needed(len(months)), **ONE_SIDE)
    return no_value(anatomy, months)


def no_value(anatomy: Anatomy, months: Sequence[date]) -> Note:
    """Why none of ``months`` has a value: a part that lacks them all, nothing to divide by, or simply no data."""
    parts = anatomy.parts or anatomy.beside
    there = [part.label for part in parts if any(part.value(month) for month in months)]
    silent = [*(part.label for part in parts if part.label not in there), *anatomy.absent]
    if there and silent:
        return note("no_data", label=", ".join(silent), of="parts")
    found = [each for month in months if (each := anatomy.whole.months.get(month))]
    if any(each.is_undivided for each in found):
        return note("no_data", of="ratio")
    if any(each.value is not None for each in found) and not any(each.is_closed for each in found):
        return note("no_data", of="unclosed")
    return note("no_data")
