"""The replay of the past: on the public series the forecast must beat the straight line; the real model runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.monthly_views import months_from_days
from benchmarks.public_series import public_months
from benchmarks.synthetic_series import even_ramp, seasonal_on_course
from okr_models.forecast.backtest import Comparison, MonthlySeries, compare, misses_of, replay, replay_simple
from okr_models.forecast.calibration import POOLED_WIDENING, SIMPLE_LOG_SPREAD
from okr_models.forecast.forecast import TREND
from tests.unit.public_data import public_data

QUARTERS = (3, 6, 9)


@pytest.fixture(scope="module")
def on_public_series() -> Comparison:
    return compare(
        origin
        for series in public_months(public_data())
        for origin in replay(series, trend=TREND, widening=POOLED_WIDENING, months_in=QUARTERS, every=4)
    )


def test_the_forecast_beats_the_straight_line_on_the_public_series(on_public_series: Comparison) -> None:
    assert on_public_series.forecast_error < on_public_series.straight_line_error
    assert on_public_series.forecast_brier < on_public_series.straight_line_brier
    assert on_public_series.forecast_wrong < on_public_series.straight_line_wrong


def test_the_intervals_hold_about_what_they_promise_on_the_public_series(on_public_series: Comparison) -> None:
    assert 0.70 <= on_public_series.interval_coverage <= 0.90


def test_damped_trend_has_the_lower_brier_over_ramp_and_season() -> None:
    """The decision of docs/adr/0003-forecast-trend.md, on one seed of each client."""
    clients = [even_ramp(seed=1), seasonal_on_course(seed=1)]
    briers = {
        trend: compare(
            origin
            for series in clients
            for origin in replay(series, trend=trend, widening=1.3, months_in=QUARTERS, every=5)
        ).forecast_brier
        for trend in ("damped_trend", "local_level")
    }
    assert briers["damped_trend"] < briers["local_level"]


def test_without_a_model_a_seasonal_client_is_judged_better_than_by_the_straight_line() -> None:
    found = compare(replay_simple(seasonal_on_course(seed=1), log_spread=SIMPLE_LOG_SPREAD))
    assert found.forecast_error < found.straight_line_error
    assert found.forecast_brier < found.straight_line_brier


def test_no_origin_sees_a_month_of_its_future() -> None:
    series = seasonal_on_course(seed=2)
    changed = series.values.copy()
    changed[40:] *= 3
    other = MonthlySeries(name=series.name, values=changed, is_public=False)
    seen, unseen = (
        [origin.forecast for origin in replay(one, trend=TREND, months_in=(6,), every=4) if origin.known_months <= 40]
        for one in (series, other)
    )
    assert seen == unseen
    assert len(seen) == 5


def test_a_series_has_an_own_miss_for_every_origin_with_two_years_before_it() -> None:
    series = even_ramp(seed=1)
    misses = list(
        misses_of(MonthlySeries(name="short", values=series.values[:36], is_public=False), horizon=6, trend=TREND)
    )
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
