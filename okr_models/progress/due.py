"""How far something should be by now, as it is said: in whole items, and of a stretch goal towards its own success.

What belongs here: arithmetic that pages need too, so nothing heavy is loaded. What does not: what is expected
(``expected.py``) and what follows from it (``status.py``).
"""

from __future__ import annotations

import math

TOLERANCE = 1e-9


def whole_items(share: float, items: float) -> float:
    """The share that whole items make: 8.03 expected of 10 are 8.

    >>> whole_items(0.8027, 10), whole_items(0.15, 5)
    (0.8, 0.0)
    """
    return math.floor(share * items + TOLERANCE) / items


def due_now(expected: float, *, success: float, items: float | None = None) -> float:
    """How far it should be by now, as a share of the whole target: on course for success, of a count in whole items.

    >>> due_now(0.83, success=1.0), round(due_now(0.83, success=0.7), 3), due_now(0.9, success=0.7, items=10)
    (0.83, 0.581, 0.6)
    """
    return whole_items(expected * success, items) if items else expected * success
