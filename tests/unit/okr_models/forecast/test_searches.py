"""The quick search ends where the plain one does, bit for bit; a fit is statsmodels' own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from benchmarks.public_series import pedestrians, wikipedia_views
from okr_models.forecast import searches
from okr_models.forecast.path_values import Floats
from okr_models.forecast.searches import nelder_mead, quick_nelder_mead
from okr_models.forecast.structural import DAMPING, WEEKLY, YEARLY, FitFailed, Season, Trend, fit
from okr_models.initiatives.effects import by_day
from tests.unit.public_data import public_data


def valley(at: Floats) -> float:
    """Curved, and lowest where nothing is round."""
    return float((at[0] - 0.37) ** 2 + 0.3 * (at[1] - at[0] ** 2) ** 2 + 0.1 * np.cos(3 * at[1]))


def counted(lowered: Callable[[Floats], float]) -> tuple[Callable[[Floats], float], list[Floats]]:
    asked: list[Floats] = []

    def asking(at: Floats) -> float:
        asked.append(np.array(at))
        return lowered(at)

    return asking, asked


def off_by(error: float) -> Callable[[Floats], float]:
    """``valley`` with an error that changes sign from point to point."""
    return lambda at: valley(at) + error * float(np.sin(1e7 * at.sum()))


@pytest.mark.parametrize("error", [0.0, 1e-12, 1e-10, 1e-8, 1e-4, 1.0])
def test_the_quick_search_ends_where_the_plain_one_does(error: float) -> None:
    start = np.array([1.0, 0.5])
    plain, has_converged = nelder_mead(valley, start)
    found, has_too = quick_nelder_mead(valley, start, quick=off_by(error))
    assert found.tobytes() == plain.tobytes()
    assert has_too == has_converged


def test_the_filter_is_asked_only_where_values_lie_close() -> None:
    asking, asked = counted(valley)
    plain, visited = counted(valley)
    nelder_mead(plain, np.array([1.0, 0.5]))
    quick_nelder_mead(asking, np.array([1.0, 0.5]), quick=off_by(1e-12))
    assert 0 < len(asked) < len(visited) / 3


def test_where_the_quick_one_can_not_say_the_filter_does() -> None:
    found, _ = quick_nelder_mead(valley, np.array([1.0, 0.5]), quick=lambda _: float("nan"))
    assert found.tobytes() == nelder_mead(valley, np.array([1.0, 0.5]))[0].tobytes()


def test_a_search_that_does_not_converge_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, "MOST_ITERATIONS", 3)
    assert not quick_nelder_mead(valley, np.array([1.0, 0.5]), quick=valley)[1]
    assert not searches.l_bfgs(valley, np.array([1.0, 0.5]))[1]


def statsmodels_own(values: Floats, *, season: Season, trend: Trend) -> tuple[Floats, Floats, Floats]:
    """Variances, last state and its covariance, of positive values."""
    logs = np.log(values)
    model = UnobservedComponents(
        (logs - float(np.nanmean(logs))) / float(np.nanstd(logs)),
        level="local level" if trend == "local_level" else "local linear trend",
        freq_seasonal=[{"period": season.period, "harmonics": season.harmonics}],
        stochastic_freq_seasonal=[False],
    )
    if trend == "damped_trend":
        model.ssm["transition", 1, 1] = DAMPING
    method = "nm" if trend == "local_level" else "lbfgs"
    result = model.fit(disp=False, method=method, maxiter=searches.MOST_ITERATIONS, cov_type="none")
    assert result.mle_retvals["converged"]
    return result.params, result.predicted_state[:, -1], result.predicted_state_cov[:, :, -1]


def assert_own(values: Floats, *, season: Season, trend: Trend) -> None:
    found = fit(values, season=season, trend=trend)
    assert not isinstance(found, FitFailed)
    variances, state, covariance = statsmodels_own(values, season=season, trend=trend)
    assert [found.noise, *np.diag(found.disturbance)[: len(variances) - 1]] == list(variances)
    assert found.state.tobytes() == state.tobytes()
    assert found.state_covariance.tobytes() == np.ascontiguousarray(covariance).tobytes()


def series(count: int, *, period: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    steps = np.arange(count)
    moved = np.cumsum(rng.choice([0.0, 0.01, 0.1]) * rng.standard_normal(count))
    values = np.exp(3 + moved + 0.3 * np.cos(2 * np.pi * steps / period) + 0.2 * rng.standard_normal(count))
    if seed % 3 == 0:
        values = np.maximum(np.round(values), 1.0)
    if seed % 2 == 0:
        values[rng.random(count) < 0.08] = np.nan
    return np.asarray(values)


@pytest.mark.parametrize("trend", ["local_level", "damped_trend"])
@pytest.mark.parametrize("seed", range(5))
def test_a_fit_of_months_is_statsmodels_own_to_the_last_bit(seed: int, trend: Trend) -> None:
    assert_own(series(36 + 3 * seed, period=12, seed=seed), season=YEARLY, trend=trend)


@pytest.mark.parametrize("seed", range(5))
def test_a_fit_of_days_is_statsmodels_own_to_the_last_bit(seed: int) -> None:
    assert_own(series(100 + 60 * seed, period=7, seed=seed), season=WEEKLY, trend="local_level")


@pytest.mark.parametrize("read", [wikipedia_views, pedestrians])
def test_a_fit_of_public_days_is_too(read: Callable[..., object]) -> None:
    known = by_day(read(public_data()))  # type: ignore[arg-type]
    for first in (0, 500, 900):
        assert_own(known.to_numpy()[first : first + 365], season=WEEKLY, trend="local_level")
