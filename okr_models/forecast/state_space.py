"""A level (or damped trend) with a fixed season as a state space, run through statsmodels' compiled Kalman filter.

What belongs here: the model's matrices, where a search for its variances starts, its likelihood and the state it ends
in, each that of statsmodels' ``UnobservedComponents`` to the last bit, as a test of ``structural.fit`` holds.
What does not: the search (``searches.py``), and what is made of the state (``structural.py``).

The compiled filter is called by itself: the module with ``UnobservedComponents`` loads scipy's statistics and signal
processing, a second of each night's processor of which a fit uses nothing, and copies every matrix at each likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.linalg import block_diag
from scipy.sparse.linalg import spsolve
from statsmodels.tsa.statespace._kalman_filter import dKalmanFilter
from statsmodels.tsa.statespace._representation import dStatespace

from okr_models.forecast.level_likelihood import DIFFUSE
from okr_models.forecast.path_values import Floats

_CONVENTIONAL, _INVERT_UNIVARIATE, _SOLVE_CHOLESKY, _FORCE_SYMMETRY, _KEEP_ALL, _PREDICTED = 1, 1, 2**3, 1, 0, 0
_TOLERANCE = 1e-19
"""Statsmodels' defaults for ``KalmanFilter``."""
_SMOOTHING = 1600.0
"""Of Hodrick and Prescott's filter, which splits a series for the start of the search."""


@dataclass(slots=True)
class StateSpace:
    """Of ``values`` (NaN where missing). ``damping`` is the share of the slope that is left a step later; None: a level
    has no slope. ``variances`` are of the noise, of the level and, where there is one, of the slope.
    """

    values: Floats
    period: int
    harmonics: int
    damping: float | None
    transition: Floats = field(init=False)
    design: Floats = field(init=False)
    selection: Floats = field(init=False)
    _space: dStatespace = field(init=False)
    _filter: dKalmanFilter = field(init=False)

    def __post_init__(self) -> None:
        trend = np.ones((1, 1)) if self.damping is None else np.array([[1.0, 1.0], [0.0, self.damping]])
        moving = len(trend)
        waves = [_turn(2 * np.pi / float(self.period), block) for block in range(1, self.harmonics + 1)]
        self.transition = block_diag(trend, *waves)
        self.design = np.concatenate([np.eye(1, moving)[0], np.tile([1.0, 0.0], self.harmonics)])
        self.selection = np.eye(len(self.design), moving)
        states = len(self.design)
        self._space = dStatespace(
            np.asfortranarray(self.values[np.newaxis, :], dtype=np.float64),
            _steady(self.design[np.newaxis, :]),
            np.zeros((1, 1), order="F"),
            np.zeros((1, 1, 1), order="F"),
            _steady(self.transition),
            np.zeros((states, 1), order="F"),
            _steady(self.selection),
            np.zeros((moving, moving, 1), order="F"),
        )
        self._space.initialize_approximate_diffuse(DIFFUSE)
        self._filter = dKalmanFilter(
            self._space,
            _CONVENTIONAL,
            _INVERT_UNIVARIATE | _SOLVE_CHOLESKY,
            _FORCE_SYMMETRY,
            _KEEP_ALL,
            _PREDICTED,
            _TOLERANCE,
            states,
        )

    def start(self) -> Floats:
        """Variances in the right order of magnitude, from what two passes of Hodrick and Prescott's filter leave."""
        known = self.values[~np.isnan(self.values)]
        smooth = _smoothed(known)
        noise = np.var(known - smooth)
        if self.damping is None:
            return np.array([noise, np.std(smooth) ** 2])
        smoother = _smoothed(smooth)
        return np.array([noise, np.std(smooth - smoother) ** 2, np.std(smoother) ** 2])

    def likelihood(self, variances: Floats) -> float:
        """The logarithm of the likelihood of all steps; the first, as many as there are states, are left out."""
        self._run(variances)
        return float(np.sum(np.asarray(self._filter.loglikelihood)[len(self.design) :]))

    def end(self, variances: Floats) -> tuple[Floats, Floats]:
        """The state expected a step after the last value, and its covariance."""
        self._run(variances)
        state, covariance = np.asarray(self._filter.predicted_state), np.asarray(self._filter.predicted_state_cov)
        return state[:, -1].copy(), covariance[:, :, -1].copy()

    def disturbance(self, variances: Floats) -> Floats:
        """The covariance of what is added to the state each step."""
        return np.asarray(self.selection @ np.diag(variances[1:]) @ self.selection.T, dtype=np.float64)

    def _run(self, variances: Floats) -> None:
        self._space.obs_cov[0, 0, 0] = variances[0]
        for at, variance in enumerate(variances[1:]):
            self._space.state_cov[at, at, 0] = variance
        self._filter()


def _turn(frequency: float, block: int) -> Floats:
    cosine, sine = np.cos(frequency * block), np.sin(frequency * block)
    return np.array([[cosine, sine], [-sine, cosine]])


def _steady(matrix: Floats) -> Floats:
    """The same at every step."""
    return np.asfortranarray(matrix[:, :, np.newaxis], dtype=np.float64)


def _smoothed(values: Floats) -> Floats:
    """The trend of Hodrick and Prescott's filter ("Postwar U.S. business cycles", 1980)."""
    count = len(values)
    moves = sparse.dia_array((np.repeat([[1.0], [-2.0], [1.0]], count, axis=1), [0, 1, 2]), shape=(count - 2, count))
    kept = sparse.eye_array(count, count) + _SMOOTHING * moves.T.dot(moves)
    return np.asarray(spsolve(kept.tocsc(), values, use_umfpack=True), dtype=np.float64)
