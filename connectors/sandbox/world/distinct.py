"""Distinct whole numbers of a log's columns, several times as fast as ``numpy.unique`` finds them.

What belongs here: telling numbers apart and counting them. What does not: what they number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from connectors.sandbox.world.days import Ints

LARGEST_TABLE = 1 << 24
"""Numbers within so wide a span are ticked off in a table; others are sorted."""


def renumbered(values: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """The distinct values, ascending, and for each value its place among them."""
    span = _span(values)
    if span is None:
        distinct, places = np.unique(values, return_inverse=True)
        return distinct.astype(np.int64), places.astype(np.int64)
    lowest, width = span
    is_there = np.zeros(width, dtype=bool)
    shifted = values - lowest
    is_there[shifted] = True
    place: Ints = np.cumsum(is_there, dtype=np.int64) - 1
    return np.flatnonzero(is_there) + lowest, place[shifted]


def distinct(values: npt.NDArray[Any]) -> Ints:
    """The distinct values, ascending."""
    span = _span(values)
    if span is not None:
        lowest, width = span
        is_there = np.zeros(width, dtype=bool)
        is_there[values - lowest] = True
        return np.flatnonzero(is_there) + lowest
    ordered = np.sort(values).astype(np.int64)
    if not ordered.size:
        return ordered
    is_new = np.empty(ordered.size, dtype=bool)
    is_new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def distinct_by_group(group: Ints, values: npt.NDArray[Any], *, groups: int) -> Ints:
    """How many different values each of so many groups holds."""
    if not values.size:
        return np.zeros(groups, dtype=np.int64)
    lowest = int(values.min())
    width = int(values.max()) - lowest + 1
    counts: Ints = np.bincount(distinct(group * width + (values - lowest)) // width, minlength=groups)
    return counts


def _span(values: npt.NDArray[Any]) -> tuple[int, int] | None:
    """The lowest value and how many lie between it and the highest, where a table of them costs less than sorting."""
    if not values.size:
        return None
    lowest = int(values.min())
    width = int(values.max()) - lowest + 1
    return (lowest, width) if width <= min(LARGEST_TABLE, 32 * values.size + 1024) else None
