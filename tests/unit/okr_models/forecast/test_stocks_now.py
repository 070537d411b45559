"""A stock's newest observation counts, and a jump moves its level without becoming its pace."""

from __future__ import annotations

import numpy as np
import pytest

from okr_models.forecast.forecast import ForecastJob, forecast
from okr_models.forecast.path_values import LastMonth, Line
from okr_models.forecast.running import Running
from okr_models.forecast.shifts import at_todays_level

GROWING = tuple(1000 * 1.02**month for month in range(58))
"""Two per cent a month up to October of the fifth year."""


def year(*, running: Running | None = None, history: tuple[float, ...] = GROWING) -> ForecastJob:
    """Will the year end 20 % above where it began?"""
    return ForecastJob(
        history=history,
        horizon=2,
        months_in=10,
        running=running,
        reducer=LastMonth(),
        success=Line(value=history[47] * 1.2),
        kind="stock",
    )


def test_a_stock_that_collapsed_in_the_running_month_is_forecast_from_what_is_left() -> None:
    found = forecast(year(running=Running(values=(300.0,), left=16 / 30)))
    assert found.mid == pytest.approx(305, rel=0.03)
    assert found.probability == 0.05


def test_without_a_newer_observation_the_last_closed_month_stands() -> None:
    assert forecast(year()).probability == 0.95


def test_the_newest_observation_moves_the_forecast_by_as_much() -> None:
    plain, more = (
        forecast(year(running=Running(values=(GROWING[-1] * factor,), left=0.5))).mid for factor in (1.01, 1.05)
    )
    assert plain is not None
    assert more is not None
    assert 1.03 < more / plain < 1.08


@pytest.mark.parametrize(
    ("values", "left", "said"),
    [
        ((100.0,), 0.0, [100.0, 110.0, 120.0]),
        ((100.0,), 0.5, [105.0, 115.0, 125.0]),
        ((90.0, 100.0), 0.5, [90.0, 105.0, 115.0]),
        ((float("nan"), 100.0), 0.0, [float("nan"), 100.0, 110.0]),
    ],
)
def test_steps_from_the_newest_observation_are_put_at_the_months_ends(
    values: tuple[float, ...], left: float, said: list[float]
) -> None:
    ends = Running(values=values, left=left).at_month_ends(np.array([[110.0, 120.0, 130.0]]))
    assert ends.tolist() == [pytest.approx(said, nan_ok=True)]


@pytest.mark.parametrize(("values", "left"), [((), 0.0), ((float("nan"),), 0.0), ((1.0,), 1.0)])
def test_what_is_no_newest_observation_is_refused(values: tuple[float, ...], left: float) -> None:
    with pytest.raises(ValueError, match="no newest observation"):
        Running(values=values, left=left)


def test_more_running_months_than_are_to_come_are_refused() -> None:
    with pytest.raises(ValueError, match="running"):
        year(running=Running(values=(1.0, 2.0, 3.0), left=0.0))


def test_a_jump_moves_what_lies_before_it_and_nothing_else() -> None:
    values = np.array([*GROWING[:30], *(0.1 * value for value in GROWING[30:])])
    assert at_todays_level(values) == pytest.approx(0.1 * np.array(GROWING))
    holed = values.copy()
    holed[5] = np.nan
    assert np.isnan(at_todays_level(holed)[5])


def test_growth_that_is_always_wild_is_no_jump() -> None:
    wild = np.exp(np.cumsum(0.3 * np.random.default_rng(2).standard_normal(40)))
    assert at_todays_level(wild) is wild
    assert at_todays_level(np.array([1.0, 1.0, 50.0])).tolist() == [1.0, 1.0, 50.0]


def test_a_stock_goes_on_at_its_own_pace_after_a_gift_of_followers() -> None:
    given = (*GROWING[:57], GROWING[57] * 1.6)
    found = forecast(year(history=given))
    assert found.mid == pytest.approx(given[-1] * 1.02**2, rel=0.02)


@pytest.mark.parametrize(
    ("running", "said"),
    [(None, 1156.0), (Running(values=(1110.0,), left=0.0), 1144.0)],
    ids=["closed", "and a month begun"],
)
def test_a_stock_that_began_with_its_period_goes_on_at_its_own_pace_and_not_at_its_last_months(
    running: Running | None, said: float
) -> None:
    """Thirteen months of eighteen at ten a month, and nothing new in the last one."""
    history = tuple([1000.0 + 10 * month for month in range(12)] + [1110.0])
    reached = Line(value=1150.0)
    job = ForecastJob(
        history=history, horizon=5, months_in=13, running=running, reducer=LastMonth(), success=reached, kind="stock"
    )
    assert forecast(job).mid == pytest.approx(said, abs=5)
