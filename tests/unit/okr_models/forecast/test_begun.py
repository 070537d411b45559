"""What a sum's newest months have given counts in its forecast before they close."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import numpy as np
import pytest

from okr_models.forecast.forecast import ForecastJob, forecast
from okr_models.forecast.path_values import Line, SumOfMonths
from okr_models.forecast.running import Begun
from okr_models.forecast.types import Forecast
from okr_models.periods import add_months
from okr_models.progress.evaluation import KeyResultProgress
from tests.unit.okr_figures import daily, evaluated, figures_of, key_result, month, monthly

LEVEL = 1000.0
HISTORY = tuple(LEVEL + 30 * np.random.default_rng(5).standard_normal(47))
"""Four years to November."""


def job(begun: Begun | None = None) -> ForecastJob:
    return ForecastJob(
        history=HISTORY, horizon=1, months_in=11, begun=begun, reducer=SumOfMonths(), success=Line(value=12 * LEVEL)
    )


def test_a_year_whose_every_day_is_in_is_forecast_as_it_came() -> None:
    found = forecast(job(Begun(values=(1500.0,), left=(0.0,))))
    assert [found.low, found.mid, found.high] == pytest.approx([sum(HISTORY[-11:]) + 1500] * 3)
    assert found.probability == 0.95, "the month may still be restated before it closes"


def test_half_a_month_leaves_half_of_what_is_not_known() -> None:
    plain, half = forecast(job()), forecast(job(Begun(values=(900.0,), left=(0.5,))))
    assert (plain.mid, plain.low, plain.high, half.mid, half.low, half.high) > (0.0,) * 6  # type: ignore[operator]
    assert half.mid - sum(HISTORY[-11:]) == pytest.approx(900 + 0.5 * (plain.mid - sum(HISTORY[-11:])))  # type: ignore[operator]
    assert half.high - half.low == pytest.approx(0.5 * (plain.high - plain.low))  # type: ignore[operator]


def test_months_not_yet_begun_are_left_as_they_were_simulated() -> None:
    paths = np.array([[10.0, 20.0, 30.0]])
    assert Begun(values=(4.0, 6.0), left=(0.0, 0.5)).with_what_came(paths).tolist() == [[4.0, 16.0, 30.0]]


@pytest.mark.parametrize(
    ("values", "left"), [((1.0,), ()), ((float("nan"),), (0.0,)), ((1.0,), (1.1,)), ((1.0,), (-0.1,))]
)
def test_what_is_no_month_begun_is_refused(values: tuple[float, ...], left: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"no (months begun|shares of a month)"):
        Begun(values=values, left=left)


@pytest.mark.parametrize("months", [0, 2])
def test_as_many_months_begun_as_are_to_come(months: int) -> None:
    with pytest.raises(ValueError, match="begun"):
        job(Begun(values=(1.0,) * months, left=(0.5,) * months))


def judged(
    as_of: date, *, given: float, without: frozenset[date] = frozenset()
) -> tuple[KeyResultProgress, list[ForecastJob]]:
    """A sum in 2026 on a day when its newest month has given so much a day."""
    newest = as_of.replace(day=1) if as_of.day > 1 else add_months(as_of, -1)
    if as_of.day <= 5:
        newest = add_months(as_of.replace(day=1), -1)
    days = {
        day: given
        for n in range(monthrange(newest.year, newest.month)[1])
        if (day := newest + timedelta(days=n)) < as_of and day not in without
    }
    count = (newest.year - 2023) * 12 + newest.month - 1
    rows = monthly("sessions", month("2023-01"), [LEVEL] * count, scope="source=web", as_of=as_of)
    rows += monthly("sessions", newest, [sum(days.values()) if days else None], scope="source=web", as_of=as_of)
    figures = figures_of(months=rows, days=daily("sessions", days, scope="source=web"))
    asked: list[ForecastJob] = []

    def forecaster(job: ForecastJob) -> Forecast:
        asked.append(job)
        return forecast(job)

    result = key_result(kpi="sessions", target=12 * LEVEL, scope={"source": "web"})
    return evaluated(result, figures, as_of=as_of, forecaster=forecaster), asked


def test_on_3_january_the_year_is_what_it_was_although_december_is_not_closed() -> None:
    found, (asked,) = judged(date(2027, 1, 3), given=20.0)
    assert asked.begun == Begun(values=(31 * 20.0,), left=(0.0,))
    assert found.forecast is not None
    assert found.forecast.mid == pytest.approx(11 * LEVEL + 31 * 20)
    assert found.forecast.probability == 0.05


def test_days_that_were_never_read_are_still_to_come() -> None:
    holed = frozenset(date(2026, 11, day) for day in range(5, 11))
    _, (asked,) = judged(date(2026, 11, 21), given=60.0, without=holed)
    assert asked.begun == Begun(values=(14 * 60.0,), left=(1 - 14 / 30,))
    _, (whole,) = judged(date(2026, 11, 21), given=60.0)
    assert whole.begun == Begun(values=(20 * 60.0,), left=(1 - 20 / 30,))


def test_a_month_that_has_given_nothing_yet_is_simulated_whole() -> None:
    _, (asked,) = judged(date(2026, 11, 6), given=60.0, without=frozenset(date(2026, 11, day) for day in range(1, 6)))
    assert asked.begun is None
