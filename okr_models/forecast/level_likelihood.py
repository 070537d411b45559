"""The likelihood of a level with a fixed season, for any two variances, by one factorisation of a tridiagonal matrix.

What belongs here: the same number that the Kalman filter gives for the same model, without a step a day. What does not:
the search for the variances (``searches.py``), the model itself (``structural.py``).

The steps from one observed value to the next have a tridiagonal covariance, since each shares the noise of one value
with its neighbour; the season adds a few regressors with a prior as wide as the filter's start. The first values, which
the filter leaves out of its likelihood, are the leading block of the same factorisation.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpotrf, dpttrf, dtbtrs

from okr_models.forecast.path_values import Floats

DIFFUSE = 1e6
"""The variance that statsmodels starts every state with."""


class LevelLikelihood:
    """Of ``values`` (NaN where missing), with a season of so many steps and harmonics."""

    def __init__(self, values: Floats, *, period: int, harmonics: int) -> None:
        steps = np.flatnonzero(~np.isnan(values))
        turns = np.outer(steps, 2 * np.pi * np.arange(1, harmonics + 1) / period)
        waves = np.hstack([np.cos(turns), np.sin(turns)])
        table = np.column_stack([waves, values[steps]])
        self._count = len(values)
        self._waves = waves.shape[1]
        self._moves = np.asfortranarray(np.vstack([table[:1], np.diff(table, axis=0)]))
        self._gaps = np.concatenate([steps[:1], np.diff(steps)]).astype(np.float64)
        self._noises = np.full(len(steps), 2.0)
        self._noises[:1] = 1.0
        self._start = np.zeros(len(steps))
        self._start[:1] = DIFFUSE
        self._band = np.zeros((2, len(steps)), order="F")
        # the filter leaves out as many steps as it has states: the level and the waves
        self._left_out = int(np.searchsorted(steps, 1 + self._waves))
        self._nothing = -self._waves * float(np.log(DIFFUSE))
        self._prior = np.diag([1 / DIFFUSE] * self._waves + [0.0])

    def mean(self, *, noise: float, level: float) -> float:
        """The logarithm of the likelihood a step; NaN where the factorisation does not exist."""
        diagonal, below, failed = dpttrf(
            level * self._gaps + noise * self._noises + self._start, np.full(len(self._gaps) - 1, -noise)
        )
        if failed:
            return float("nan")
        self._band[1, :-1] = below
        solved, _ = dtbtrs(self._band, self._moves, uplo="L", diag="U")
        scaled = solved.T / diagonal
        first = self._left_out
        all_of_it = self._rest(scaled @ solved)
        left_out = self._rest(scaled[:, :first] @ solved[:first]) if first else self._nothing
        entropy = (len(diagonal) - first) * np.log(2 * np.pi) + float(np.log(diagonal[first:]).sum())
        return float(-0.5 * (entropy + all_of_it - left_out) / self._count)

    def _rest(self, products: Floats) -> float:
        """Log determinant and sum of squares once the season has taken its part; products of [waves, values]."""
        factor, failed = dpotrf(products + self._prior, lower=1, clean=0)
        if failed:
            return float("nan")
        edges = factor.diagonal()
        return float(2 * np.log(edges[:-1]).sum() + edges[-1] ** 2)
