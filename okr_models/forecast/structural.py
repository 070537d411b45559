"""The structural time series model: a level (or damped trend) plus a fixed trigonometric season.

What belongs here: fitting one series of evenly spaced values and drawing paths of its future. What does not: which
series may be modelled at all (``forecast.py``), how wide the spread must be (``calibration.py``).

The filter is imported when the first model is fitted: ``okr status`` does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from okr_models.forecast.path_values import Floats

if TYPE_CHECKING:
    from okr_models.forecast.searches import Search
    from okr_models.forecast.state_space import StateSpace

Trend = Literal["local_level", "damped_trend"]
Scale = Literal["log", "identity"]

DAMPING = 0.9
"""Share of the slope that is left a step later. Fixed: two years of months cannot tell .8 from .95."""

FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class FitFailed:
    """The optimiser did not arrive; a value, because the caller answers with a simpler method and says so."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """Length in steps and number of harmonics."""

    period: int
    harmonics: int


YEARLY = Season(period=12, harmonics=4)
WEEKLY = Season(period=7, harmonics=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted model, ready to run on from the step after the last value it saw."""

    scale: Scale
    centre: float
    spread: float
    floor: float
    state: Floats
    state_covariance: Floats
    transition: Floats
    design: Floats
    disturbance: Floats
    noise: float

    def paths(self, *, steps: int, count: int, seed: int) -> Floats:
        """``count`` x ``steps`` futures in the series' own unit."""
        return self.plain(self.means(steps) + self.deviations(steps=steps, count=count, seed=seed))

    def means(self, steps: int) -> Floats:
        """The path without chance, on the model's scale: logs of a positive series, else its own unit."""
        state, mean = self.state, np.empty(steps)
        for step in range(steps):
            mean[step] = float(self.design @ state)
            state = self.transition @ state
        return np.asarray(mean * self.spread + self.centre, dtype=np.float64)

    def deviations(self, *, steps: int, count: int, seed: int) -> Floats:
        """Each path's deviation from ``means``, on the same scale. Draws come in mirrored pairs, and month by month, so
        that the first of many steps are what fewer steps would have given."""
        half = (count + 1) // 2
        first, noises, moves = _draws(seed, half=half, size=self.state.shape[0], steps=steps)
        strayed = first @ _root(self.state_covariance).T
        root, noise = _root(self.disturbance), np.sqrt(max(self.noise, 0.0))
        deviation = np.empty((half, steps))
        for step in range(steps):
            deviation[:, step] = strayed @ self.design + noise * noises[step]
            strayed = strayed @ self.transition.T + moves[step] @ root.T
        return np.concatenate([deviation, -deviation])[:count] * self.spread

    def plain(self, values: Floats) -> Floats:
        """From the model's scale to the series' own unit."""
        if self.scale == "log":
            return np.asarray(np.exp(np.clip(values, -700.0, 700.0)), dtype=np.float64)
        return np.asarray(np.maximum(values, self.floor), dtype=np.float64)


@lru_cache(maxsize=1)
def _draws(seed: int, *, half: int, size: int, steps: int) -> tuple[Floats, Floats, Floats]:
    """Standard normal draws in the order that paths take them. Forty placebo starts of one initiative ask for the same;
    nobody may write to them."""
    rng = np.random.default_rng(seed)
    first = rng.standard_normal((half, size))
    noises, moves = np.empty((steps, half)), np.empty((steps, half, size))
    for step in range(steps):
        rng.standard_normal(out=noises[step])
        rng.standard_normal(out=moves[step])
    for each in (first, noises, moves):
        each.flags.writeable = False
    return first, noises, moves


def fit(values: Floats, *, season: Season, trend: Trend) -> Fitted | FitFailed:
    """Fit on ``values`` (NaN where missing: the filter steps over them)."""
    known = values[~np.isnan(values)]
    scale: Scale = "log" if bool(np.all(known > 0)) else "identity"
    floor = 0.0 if bool(np.all(known >= 0)) else -np.inf
    scaled = np.log(values) if scale == "log" else values.astype(np.float64)
    centre = float(np.nanmean(scaled))
    spread = float(np.nanstd(scaled))
    if spread < FLAT:
        return _flat(scale=scale, centre=centre, floor=floor)
    ended = _optimise((scaled - centre) / spread, season=season, trend=trend)
    if isinstance(ended, FitFailed):
        return ended
    space, variances = ended
    state, covariance = space.end(variances)
    fitted = Fitted(
        scale=scale,
        centre=centre,
        spread=spread,
        floor=floor,
        state=state,
        state_covariance=covariance,
        transition=space.transition,
        design=space.design,
        disturbance=space.disturbance(variances),
        noise=float(variances[0]),
    )
    if not (np.isfinite(fitted.state).all() and np.isfinite(fitted.state_covariance).all()):
        return FitFailed("the fitted model is not finite")
    return fitted


def _optimise(values: Floats, *, season: Season, trend: Trend) -> tuple[StateSpace, Floats] | FitFailed:
    """The model and the variances that fit it best."""
    from okr_models.forecast.state_space import StateSpace

    damping = None if trend == "local_level" else DAMPING
    space = StateSpace(values, period=season.period, harmonics=season.harmonics, damping=damping)
    start = np.sqrt(space.start())

    def lowered(at: Floats) -> float:
        return -space.likelihood(at**2) / len(values)

    for search in _searches(values, season=season, trend=trend):
        try:
            found, has_converged = search(lowered, start)
            if has_converged and np.isfinite(found).all():
                return space, found**2
        except (np.linalg.LinAlgError, ValueError) as error:
            return FitFailed(f"the model could not be fitted: {error}")
    return FitFailed("the model's fit did not converge")


def _searches(values: Floats, *, season: Season, trend: Trend) -> list[Search]:
    """Tried in turn. On a level's two parameters Nelder-Mead finds what L-BFGS finds in a third of the time. On a
    trend's three it stopped short at 4 of 46 public origins."""
    from okr_models.forecast import searches
    from okr_models.forecast.level_likelihood import LevelLikelihood

    if trend == "damped_trend":
        return [searches.l_bfgs, searches.nelder_mead]
    likelihood = LevelLikelihood(values, period=season.period, harmonics=season.harmonics)

    def quick(at: Floats) -> float:
        return -likelihood.mean(noise=float(at[0]) ** 2, level=float(at[1]) ** 2)

    return [partial(searches.quick_nelder_mead, quick=quick), searches.l_bfgs]


def _flat(*, scale: Scale, centre: float, floor: float) -> Fitted:
    """A series that never moved goes on as it is."""
    one, none = np.ones(1), np.zeros((1, 1))
    return Fitted(
        scale=scale,
        centre=centre,
        spread=1.0,
        floor=floor,
        state=np.zeros(1),
        state_covariance=none,
        transition=np.ones((1, 1)),
        design=one,
        disturbance=none,
        noise=0.0,
    )


def _root(covariance: Floats) -> Floats:
    """A square root of a covariance that may be singular."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)), dtype=np.float64)
