"""What speaks against a reading of posts' running totals, the same for every platform.

What belongs here: hidden counters, and counters below zero. What does not: a platform's names for its counters.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.core.arrow import Row
from connectors.core.doubt import Doubt

COUNTERS = ("likes", "comments", "shares")


def counter_doubts(rows: Sequence[Row], *, counters: Sequence[str] = COUNTERS) -> tuple[Doubt, ...]:
    """Doubts for posts that hide a counter, and for counters below zero, which are kept as they are given."""
    hidden = sum(any(row[name] is None for name in counters) for row in rows)
    below = sum(isinstance(value := row[name], int) and value < 0 for row in rows for name in counters)
    found = (Doubt(code="counters_hidden", quantity=hidden, of=len(rows)),) if hidden else ()
    return (*found, *((Doubt(code="counter_below_zero", quantity=below),) if below else ()))
