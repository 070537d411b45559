"""The replay of the past: on public series the forecast must beat the straight line; the real models run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.calibration_fit import coefficients
from benchmarks.monthly_views import months_from_days
from benchmarks.public_series import family_of, public_months, published_months
from benchmarks.synthetic_series import even_ramp, seasonal_on_course
from okr_models.forecast.backtest import Comparison, MonthlySeries, Origin, compare, misses_of, replay, replay_simple
from tests.unit.public_data import public_data

QUARTERS = (3, 6, 9)


@pytest.fixture(scope="module")
def on_public_series() -> list[Origin]:
    """Of the two daily series and of one series of each family of the monthly ones."""
    by_family = {family_of(series.name): series for series in published_months(public_data())}
    return [
        origin
        for series in (*public_months(public_data()), *by_family.values())
        for origin in replay(series, months_in=QUARTERS, every=8)
    ]


def test_the_forecast_beats_the_straight_line_on_public_series(on_public_series: list[Origin]) -> None:
    found: Comparison = compare(on_public_series)
    assert found.forecast_error < found.straight_line_error
    assert found.forecast_brier < found.straight_line_brier / 2
    assert found.forecast_wrong < found.straight_line_wrong


def test_the_intervals_hold_about_what_they_promise_on_public_series(on_public_series: list[Origin]) -> None:
    assert 0.70 <= compare(on_public_series).interval_coverage <= 0.90


def test_neither_end_of_the_probabilities_is_far_from_what_came(on_public_series: list[Origin]) -> None:
    said = np.array([origin.probabilities for origin in on_public_series]).ravel()
    came = np.array([origin.outcomes for origin in on_public_series]).ravel()
    assert came[said <= 0.1].mean() < 0.06
    assert came[said >= 0.9].mean() > 0.94
    assert 0.3 < came[(said > 0.35) & (said < 0.65)].mean() < 0.7


def test_without_a_model_a_seasonal_client_is_judged_better_than_by_the_straight_line() -> None:
    found = compare(replay_simple(seasonal_on_course(seed=1), every=3))
    assert found.forecast_error < found.straight_line_error
    assert found.forecast_brier < found.straight_line_brier


def test_a_made_up_error_gives_its_own_scale_back() -> None:
    rng = np.random.default_rng(1)
    known = rng.uniform(-3, 0, 4000)
    errors = np.exp(-1 + 0.5 * known) * rng.standard_t(5, 4000)
    assert coefficients(np.column_stack([np.ones(4000), known]), errors) == pytest.approx([-1, 0.5], abs=0.05)


def test_no_origin_sees_a_month_of_its_future() -> None:
    series = seasonal_on_course(seed=2)
    changed = series.values.copy()
    changed[40:] *= 3
    other = MonthlySeries(name=series.name, values=changed, is_public=False)
    seen, unseen = (
        [origin.forecast for origin in replay(one, months_in=(6,), every=4) if origin.known_months <= 40]
        for one in (series, other)
    )
    assert seen == unseen
    assert len(seen) == 5


def test_a_series_has_an_own_miss_for_every_origin_with_two_years_before_it() -> None:
    series = even_ramp(seed=1)
    short = MonthlySeries(name="short", values=series.values[:36], is_public=False)
    misses = list(misses_of(short, kind="flow", horizon=6))
    assert len(misses) == 36 - 24 - 6 + 1
    assert np.isfinite(misses).all()


def test_nothing_to_replay_is_refused() -> None:
    with pytest.raises(ValueError, match="24 months"):
        compare([])


def test_days_become_months_only_where_enough_of_them_are_there() -> None:
    days = pd.date_range("2024-01-15", "2024-06-30", freq="D")
    daily = pd.Series(10.0, index=days).drop(pd.date_range("2024-04-01", "2024-04-20"))
    months = months_from_days(daily.drop(pd.date_range("2024-02-05", "2024-02-08")), name="views")
    assert months.values.tolist() == [290.0, 310.0]
