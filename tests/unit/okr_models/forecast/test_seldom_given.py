"""Figures that come every other month or once a quarter: too few calendar months for a season, and a pace all the same.

Really under test: ``forecast`` on histories with regular holes; the real model runs where it may.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from okr_models.forecast.forecast import ForecastJob, forecast
from okr_models.forecast.path_values import LastMonth, Line
from okr_models.forecast.simple import simple_paths


def seldom(months: int, *, every: int, step: float) -> tuple[float, ...]:
    """Around 60 and up by ``step`` a month, known in the last of every ``every`` months."""
    noise = np.random.default_rng(1).standard_normal(months)
    return tuple(
        60 + step * month + 0.5 * noise[month] if (months - 1 - month) % every == 0 else math.nan
        for month in range(months)
    )


def asked(history: tuple[float, ...], **changes: object) -> ForecastJob:
    plain = {"reducer": LastMonth(), "success": Line(value=40.0), "kind": "ratio", "horizon": 3, "months_in": 9}
    return ForecastJob(history=history, **(plain | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("months", "every"), [(108, 3), (60, 2)])
def test_a_figure_of_few_calendar_months_is_forecast_without_a_season(months: int, every: int) -> None:
    history = seldom(months, every=every, step=0.0)
    found = forecast(asked(history))
    assert (found.method, found.fallback, found.tenths) == ("simple", "unfitted", True)
    assert found.low is not None
    assert found.low > 50, "nothing that was ever near 60 falls to 0 in a quarter"
    assert found.probability == 0.9


def test_one_calendar_month_that_is_never_known_leaves_a_season() -> None:
    history = tuple(1000 + 20 * math.sin(month) if month % 12 != 6 else math.nan for month in range(47))
    assert forecast(asked(history, success=Line(value=900.0), horizon=1)).method == "structural"


def test_a_stock_that_is_read_once_a_quarter_goes_on_at_its_pace() -> None:
    history = seldom(46, every=3, step=2.0)
    middle, paths = simple_paths(np.array(history), horizon=3, months_in=9, is_stock=True, count=200, seed=1)
    assert middle[-1] == pytest.approx(history[-1] + 6, abs=1.5), "not where it was last read"
    assert paths[:, -1].std() > 0
