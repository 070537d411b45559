"""The seeds that are tried at each ``make test``, chosen for what they cover (``tests/unit/test_torture_seeds.py``).

A seed that once failed is added here. What a seed's world has in it is decided in ``years.py``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

ONE_CLIENT = (2, 9, 19)
TWO_CLIENTS = (3, 57)
WHOLE = (20,)
NIGHTS, NIGHTS_OF_THE_WHOLE, NIGHTS_OF_THE_CALM = 12, 6, 3
"""Of each seed, and then one or two by which all has settled."""
WANTED = "OKR_TEST_NIGHTS"
"""How many nights all seeds have together where somebody says it: ``.ci/run`` does. Never fewer than those above."""


def nights_of_a_small_world(environ: Mapping[str, str] = os.environ) -> int:
    """Of each seed of one client and of two, so that all seeds come to ``WANTED`` with the nights of settling.

    Raises ``ValueError`` for a ``WANTED`` that is no number.
    """
    others = len(WHOLE) * (NIGHTS_OF_THE_WHOLE + 1) + NIGHTS_OF_THE_CALM + 1
    each = (int(environ.get(WANTED) or 0) - others) / len((*ONE_CLIENT, *TWO_CLIENTS))
    return max(NIGHTS, math.ceil(each) - 1)
