"""The quick likelihood of a level with a season beside the Kalman filter's own, of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from okr_models.forecast.level_likelihood import LevelLikelihood
from okr_models.forecast.path_values import Floats
from okr_models.forecast.structural import WEEKLY, YEARLY, Season

VARIANCES = [(0.5, 0.02), (0.05, 0.3), (0.4, 1e-8), (1e-8, 0.3), (0.9, 0.0)]


def days(count: int, *, missing: tuple[int, ...] = (), period: int = 7) -> Floats:
    rng = np.random.default_rng(count)
    steps = np.arange(count)
    values = np.cumsum(0.1 * rng.standard_normal(count)) + np.cos(2 * np.pi * steps / period)
    values += 0.3 * rng.standard_normal(count)
    values[list(missing)] = np.nan
    return np.asarray((values - np.nanmean(values)) / np.nanstd(values))


def filtered(values: Floats, season: Season, *, noise: float, level: float) -> float:
    model = UnobservedComponents(
        values,
        level="local level",
        freq_seasonal=[{"period": season.period, "harmonics": season.harmonics}],
        stochastic_freq_seasonal=[False],
    )
    return float(model.loglike(np.array([noise, level]))) / len(values)


@pytest.mark.parametrize(("noise", "level"), VARIANCES)
@pytest.mark.parametrize(
    ("values", "season"),
    [
        (days(365), WEEKLY),
        (days(40), WEEKLY),
        (days(200, missing=(0, 1, 5, 30, 31, 32, 100, 199)), WEEKLY),
        (days(60, missing=tuple(range(9))), WEEKLY),
        (days(36, period=12), YEARLY),
        (days(48, missing=(3, 20), period=12), YEARLY),
    ],
)
def test_it_is_the_filters_own(values: Floats, season: Season, noise: float, level: float) -> None:
    quick = LevelLikelihood(values, period=season.period, harmonics=season.harmonics)
    assert quick.mean(noise=noise, level=level) == pytest.approx(
        filtered(values, season, noise=noise, level=level), abs=1e-9, rel=1e-9
    )


def test_without_any_variance_there_is_none() -> None:
    quick = LevelLikelihood(days(50), period=7, harmonics=3)
    assert np.isnan(quick.mean(noise=0.0, level=0.0))
