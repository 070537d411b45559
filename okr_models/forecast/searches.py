"""The searches for a model's variances: Nelder and Mead's, L-BFGS, and the first by a quicker likelihood.

What belongs here: where a search ends and whether it converged, as statsmodels' own ``fit`` has it. What does not: the
quick likelihood (``level_likelihood.py``), the model and which search it gets (``structural.py``).

Nelder and Mead only ever ask which of two values is lower, so a likelihood that puts the points they visit in the same
order leads to the same variances, bit for bit. The quick one is right to some 1e-11 a step; where two values lie too
near each other for that, the Kalman filter says both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import fmin, fmin_l_bfgs_b

from okr_models.forecast.path_values import Floats

MOST_ITERATIONS = 600
STEP = 1e-5
"""For the gradient of L-BFGS, as statsmodels has it."""

CLOSE = 1e-9
"""Values nearer to each other are left to the filter; wider, where the quick ones turn out to be further from its."""
CLOSE_TO_ERROR = 8
ROUNDS = 10

Lowered = Callable[[Floats], float]
"""What is to be made small: the negative logarithm of the likelihood a step, by the filter or quicker."""
Search = Callable[[Lowered, Floats], tuple[Floats, bool]]
"""From a start to the lowest point, and whether the search converged."""


def nelder_mead(lowered: Lowered, start: Floats) -> tuple[Floats, bool]:
    found, _, _, _, warning = fmin(lowered, start, maxiter=MOST_ITERATIONS, full_output=True, disp=False)
    return found, warning == 0


def l_bfgs(lowered: Lowered, start: Floats) -> tuple[Floats, bool]:
    found, _, told = fmin_l_bfgs_b(lowered, start, approx_grad=True, epsilon=STEP, maxiter=MOST_ITERATIONS)
    return found, told["warnflag"] == 0


def quick_nelder_mead(lowered: Lowered, start: Floats, *, quick: Lowered) -> tuple[Floats, bool]:
    """Where ``nelder_mead`` ends, mostly by ``quick``: nearly the same as ``lowered``, NaN where it can't say."""
    close, said = CLOSE, _Said(quick, lowered)
    for _ in range(ROUNDS):
        said.visited.clear()
        found, has_converged = nelder_mead(said.value, start)
        error = said.ask_where_close(close, also=found)
        if CLOSE_TO_ERROR * error > close:
            close = 2 * CLOSE_TO_ERROR * error
        elif said.is_in_order():
            return found, has_converged
    return nelder_mead(lowered, start)


class _Said:
    """What was said of each point: by the quick likelihood and, where it was asked, by the filter."""

    def __init__(self, quick: Lowered, lowered: Lowered) -> None:
        self._quick, self._lowered = quick, lowered
        self._by_quick: dict[bytes, float] = {}
        self._by_filter: dict[bytes, float] = {}
        self.visited: dict[bytes, float] = {}
        """The points of this round, each with the value it went by."""

    def value(self, at: Floats) -> float:
        key = at.tobytes()
        if key not in self._by_quick:
            self._by_quick[key] = self._quick(at)
            if not np.isfinite(self._by_quick[key]):
                self._ask(key)
        self.visited[key] = self._now(key)
        return self.visited[key]

    def ask_where_close(self, close: float, *, also: Floats) -> float:
        """Ask the filter for every point that has another so close, and for ``also``; gives the largest error."""
        keys, values = list(self.visited), np.array(list(self.visited.values()))
        order = np.argsort(values)
        near = np.diff(values[order]) < close
        asked = {keys[at] for at in order[np.append(near, False) | np.append(False, near)]} | {also.tobytes()}
        errors = [abs(self._ask(key) - self._by_quick[key]) for key in asked]
        return max((error for error in errors if not np.isnan(error)), default=0.0)

    def is_in_order(self) -> bool:
        """Whether the filter puts the points of this round in the order that they went by."""
        values = np.array(list(self.visited.values()))
        now = np.array([self._now(key) for key in self.visited])
        if np.array_equal(values, now):
            return True
        order = np.argsort(values)
        return bool((np.diff(values[order]) > 0).all() and (np.diff(now[order]) > 0).all())

    def _now(self, key: bytes) -> float:
        return self._by_filter.get(key, self._by_quick[key])

    def _ask(self, key: bytes) -> float:
        if key not in self._by_filter:
            self._by_filter[key] = self._lowered(np.frombuffer(key))
        return self._by_filter[key]
