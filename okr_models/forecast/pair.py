"""Two models of one series and the futures made from both: what the months to come may be, and how sure that is.

What belongs here: fitting the pair, its middle, its calibrated paths. What does not: one model (``structural.py``), the
coefficients (``calibration.py``), how far a future may go at all (``bounds.py``), which series may be modelled
(``forecast.py``).

A level without a trend answers late to growth, a damped trend believes too soon in a jump; their mean is right more
often than either, and their distance says how doubtful the case is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from okr_models.forecast.calibration import DRIFT, LEAST_FACTOR, MOST_FACTOR, SPREADS, TAIL, Kind, Spread
from okr_models.forecast.past import YEAR, Past, past_of
from okr_models.forecast.path_values import Floats
from okr_models.forecast.structural import YEARLY, FitFailed, Fitted, Trend, fit

TRENDS: tuple[Trend, Trend] = ("local_level", "damped_trend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a total's spread depends on (``calibration.Spread.scale``), and the total's middle on the same scale."""

    middle: float
    own: float
    ahead: int
    known: int
    disagreement: float
    unrest: float

    def scale(self, spread: Spread) -> float:
        return spread.scale(
            own=self.own,
            ahead=self.ahead,
            known=self.known,
            disagreement=self.disagreement,
            unrest=self.unrest,
        )


@dataclass(frozen=True, slots=True)
class Futures:
    """The middle path (months) and the paths around it (count x months)."""

    middle: Floats
    paths: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both models of one series, ready to run on from the step after the last value they saw."""

    models: tuple[Fitted, Fitted]
    past: Past
    kind: Kind
    _drawn: dict[tuple[int, int], list[Floats]] = field(default_factory=dict, compare=False, repr=False)
    """Deviations by count and seed, as many steps as were ever asked for: several questions to one pair share them."""

    def middle(self, steps: int) -> Floats:
        """The mean of both middles, drifting on by the series' own growth; on the models' scale."""
        both = (self.models[0].means(steps) + self.models[1].means(steps)) / 2
        drift = DRIFT[self.kind] * self.past.growth * np.arange(1, steps + 1) / YEAR
        return np.asarray(both + drift * self._unit, dtype=np.float64)

    def features(self, *, steps: int, count: int, seed: int) -> Features:
        """Of the total of ``steps`` months ahead."""
        return self._features(self._deviations(steps=steps, count=count, seed=seed), steps=steps)

    def futures(
        self, *, steps: int, count: int, seed: int, spread: Spread | None = None, widening: float = 1.0
    ) -> Futures:
        """``spread`` in place of the pooled one of the series' kind; ``widening`` on top of it."""
        strayed = self._deviations(steps=steps, count=count, seed=seed)
        found = self._features(strayed, steps=steps)
        scale = found.scale(spread or SPREADS[self.kind])
        factor = float(np.clip(scale / found.own, LEAST_FACTOR, MOST_FACTOR)) if found.own > 0 else 1.0
        tails = _tails(len(strayed[0]), seed=seed)
        away = np.concatenate([each * tails for each in strayed]) * (factor * widening)
        middle = self.middle(steps)
        plain = self.models[0].plain
        return Futures(middle=plain(middle), paths=plain(middle + away))

    def total_on_scale(self, months: Floats) -> Floats:
        """Of paths (count x months) in the series' own unit: their sum, of a stock the last; logs, or units of size."""
        months = np.atleast_2d(months)
        total = months[:, -1] if self.kind == "stock" else months.sum(axis=1)
        if self.models[0].scale == "log":
            return np.asarray(np.log(total), dtype=np.float64)
        size = (self.past.size or 1.0) * (1 if self.kind == "stock" else months.shape[1])
        return np.asarray(total / size, dtype=np.float64)

    @property
    def _unit(self) -> float:
        return 1.0 if self.models[0].scale == "log" else self.past.size

    def _deviations(self, *, steps: int, count: int, seed: int) -> list[Floats]:
        half = (count + 1) // 2
        drawn = self._drawn.get((count, seed))
        if drawn is None or drawn[0].shape[1] < steps:
            drawn = [model.deviations(steps=steps, count=half, seed=seed + at) for at, model in enumerate(self.models)]
            self._drawn[count, seed] = drawn
        return [each[:, :steps] for each in drawn]

    def _features(self, strayed: list[Floats], *, steps: int) -> Features:
        totals = [
            self.total_on_scale(model.plain(model.means(steps) + away))
            for model, away in zip(self.models, strayed, strict=True)
        ]
        own = float(np.sqrt(np.mean([np.var(total) for total in totals])))
        first, second = (float(np.median(total)) for total in totals)
        middle = self.models[0].plain(self.middle(steps))
        return Features(
            middle=float(self.total_on_scale(middle)[0]),
            own=own,
            ahead=steps,
            known=self.past.months,
            disagreement=abs(first - second),
            unrest=own if self.past.unrest is None else self.past.unrest,
        )


def fit_pair(values: Floats, *, kind: Kind) -> Pair | FitFailed:
    """Both models of ``values`` (monthly, NaN where missing).

    A level and a season of four harmonics are nine unknowns: of a figure that only comes every other month, or once a
    quarter, fewer calendar months are known than that, and what the models say of the next one may be anything.
    """
    seen = len({month % YEARLY.period for month in np.flatnonzero(~np.isnan(values)).tolist()})
    if seen < 1 + 2 * YEARLY.harmonics:
        return FitFailed(f"the values are of {seen} calendar months, of which no season can be told")
    level, trend = (fit(values, season=YEARLY, trend=each) for each in TRENDS)
    if isinstance(level, FitFailed):
        return level
    if isinstance(trend, FitFailed):
        return trend
    return Pair(models=(level, trend), past=past_of(values, scale=level.scale), kind=kind)


def _tails(count: int, *, seed: int) -> Floats:
    """One factor a path that makes normal deviations Student's t; the same for both of a mirrored pair."""
    half = (count + 1) // 2
    drawn = np.sqrt(TAIL / np.random.default_rng(seed + 2).chisquare(TAIL, size=half))
    return np.asarray(np.concatenate([drawn, drawn])[:count, np.newaxis], dtype=np.float64)
