"""The rules of history length, the probability's limits, and parallel fitting; the real model runs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_models.forecast import jobs as several
from okr_models.forecast import structural
from okr_models.forecast.forecast import ForecastJob, forecast, forecast_series, futures_of, months_of
from okr_models.forecast.jobs import forecast_many, from_json, in_parallel, job_hash, to_json
from okr_models.forecast.path_values import LastMonth, Line, MeanOfMonths, ShareInside, SumOfMonths, success_line
from okr_models.forecast.structural import FitFailed
from okr_models.forecast.types import Forecast


def seasonal(months: int, *, growth: float = 0.0, seed: int = 1, level: float = 1000.0) -> tuple[float, ...]:
    steps = np.arange(months)
    noise = 0.03 * np.random.default_rng(seed).standard_normal(months)
    return tuple(level * np.exp(0.3 * np.cos(2 * np.pi * steps / 12) + growth * steps / 12 + noise))


def job(months: int = 42, **changes: object) -> ForecastJob:
    """A year of twelve, six months in, whose mean must reach a line that it is likely to reach."""
    plain = ForecastJob(
        history=seasonal(months), horizon=6, months_in=6, reducer=MeanOfMonths(), success=Line(value=1000.0)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_three_years_give_the_structural_models_probability() -> None:
    found = forecast(job())
    assert (found.method, found.tenths, found.note) == ("structural", False, None)
    assert found.mid is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.mid < found.high
    assert found.mid == pytest.approx(1020, rel=0.03)


@pytest.mark.parametrize("months", [24, 35])
def test_two_years_give_tenths(months: int) -> None:
    found = forecast(job(months))
    assert found.method == "structural"
    assert found.tenths
    assert found.probability is not None
    assert round(found.probability, 1) == found.probability


@pytest.mark.parametrize("months", [12, 23])
def test_one_year_gives_a_range_without_a_model(months: int) -> None:
    found = forecast(job(months))
    assert (found.method, found.tenths) == ("simple", True)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"history": seasonal(11)}, "11 closed months"),
        ({"has_break": True}, "a break"),
        ({"estimated_share": 0.11}, "11% of the history is estimated"),
        ({"history": (*(np.nan,) * 31, *seasonal(11))}, "11 closed months"),
    ],
)
def test_too_little_to_go_by_gives_no_probability_and_says_why(changes: dict[str, object], words: str) -> None:
    found = forecast(job(**changes))
    assert (found.mid, found.probability, found.method) == (None, None, "none")
    assert found.note is not None
    assert words in found.note


def test_a_tenth_estimated_is_still_allowed() -> None:
    assert forecast(job(estimated_share=0.10)).probability is not None


@pytest.mark.parametrize(("line", "said"), [(1.0, 0.95), (1e9, 0.05)])
def test_a_probability_stays_within_5_and_95_percent(line: float, said: float) -> None:
    assert forecast(job(success=Line(value=line))).probability == said
    assert forecast(job(24, success=Line(value=line))).probability == (0.9 if line == 1.0 else 0.1)


@pytest.mark.parametrize("settled", [True, False])
def test_arithmetic_that_has_settled_it_goes_beyond_these_limits(settled: bool) -> None:
    assert forecast(job(settled=settled)).probability == float(settled)
    assert forecast(job(settled=settled, has_break=True)).probability == float(settled)


@pytest.mark.parametrize(("line", "said"), [(900.0, 1.0), (1100.0, 0.0)])
def test_a_period_that_is_over_is_settled_by_its_months(line: float, said: float) -> None:
    over = job(history=(1000.0,) * 12, horizon=0, months_in=12, success=Line(value=line))
    assert forecast(over) == Forecast(
        mid=1000.0, low=1000.0, high=1000.0, probability=said, probability_full=said, method="settled"
    )


def test_a_stretch_goals_own_line_is_likelier_than_its_full_target() -> None:
    lines = {share: success_line(baseline=900.0, target=1040.0, share=share) for share in (0.7, 1.0)}
    found = forecast(job(success=lines[0.7], success_full=lines[1.0]))
    assert found.probability is not None
    assert found.probability_full is not None
    assert found.probability > found.probability_full


def test_the_sum_is_taken_on_paths_and_never_on_quantiles() -> None:
    """Months that stray independently cancel out; summing their quantiles would give a far wider range."""
    noisy = tuple(1000 * np.exp(0.2 * np.random.default_rng(5).standard_normal(48)))
    asked = job(history=noisy, horizon=12, months_in=0, reducer=SumOfMonths(), widening=1.0)
    total = forecast(asked)
    paths = futures_of(asked).futures.paths
    by_quantiles = np.quantile(paths, 0.9, axis=0).sum() - np.quantile(paths, 0.1, axis=0).sum()
    assert total.high is not None
    assert total.low is not None
    assert total.high - total.low < 0.7 * by_quantiles


def test_closed_months_count_as_they_came() -> None:
    low, high = (forecast(job(history=(*seasonal(36), *(value,) * 6))) for value in (500.0, 2000.0))
    assert low.mid is not None
    assert high.mid is not None
    assert high.mid > low.mid + 500


def test_what_has_already_come_in_is_a_floor_under_the_sum() -> None:
    found = forecast(job(reducer=SumOfMonths(already=1e6), success=Line(value=1e6)))
    assert found.low == 1e6


def test_a_wider_spread_moves_no_middle() -> None:
    narrow, wide = forecast(job(widening=1.0)), forecast(job(widening=3.0))
    assert narrow.mid == wide.mid
    assert narrow.high is not None
    assert wide.high is not None
    assert wide.high > narrow.high


def test_negative_values_are_modelled_as_they_are() -> None:
    losing = tuple(value - 1100 for value in seasonal(42))
    found = forecast(job(history=losing, success=Line(value=0.0)))
    assert found.method == "structural"
    assert found.low is not None
    assert found.low < 0


def test_a_flow_that_touches_zero_never_goes_below_it() -> None:
    sparse = tuple(float(value) for value in np.random.default_rng(3).poisson(0.5, size=42))
    found = forecast(job(history=sparse))
    assert found.low is not None
    assert found.low >= 0


def test_a_series_that_never_moved_stays_where_it_is() -> None:
    found = forecast(job(history=(7.0,) * 42, success=Line(value=7.0)))
    assert (found.low, found.mid, found.high) == pytest.approx((7.0, 7.0, 7.0))
    assert found.probability == 0.95


def test_a_missing_month_is_not_a_zero() -> None:
    holes = list(seasonal(42))
    holes[10] = holes[20] = float("nan")
    whole, holed = forecast(job()), forecast(job(history=tuple(holes)))
    assert holed.mid == pytest.approx(whole.mid, rel=0.03)


def test_a_fit_that_fails_is_answered_by_the_simple_rule_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = FitFailed("the model's fit did not converge")
    monkeypatch.setattr(structural, "_optimise", lambda *_, **__: failed)
    found = forecast(job())
    assert (found.method, found.tenths) == ("simple", True)
    assert found.note is not None
    assert "did not converge" in found.note


def test_a_stock_without_a_model_goes_on_rising() -> None:
    rising = tuple(1000.0 + 10 * month for month in range(18))
    asked = job(history=rising, kind="stock", reducer=LastMonth(), success=Line(value=1200.0))
    assert forecast(asked).mid == pytest.approx(1000 + 10 * 23, rel=1e-6)


def test_without_a_model_the_total_is_the_geometric_mean_of_straight_line_and_last_years_share() -> None:
    last_year, this_year = (100.0,) * 6 + (300.0,) * 6, (200.0,) * 6
    asked = job(history=(*last_year, *this_year), reducer=SumOfMonths(), success=Line(value=1.0))
    straight, share = 1200 + 1200.0, 1200 + 6 * 600.0
    assert forecast(asked).mid == pytest.approx(np.sqrt(straight * share))


def test_the_share_of_months_inside_counts_its_bounds() -> None:
    found = ShareInside(low=60, high=90)(np.array([[80.0, 80.0, 55.0, 80.0], [60.0, 90.0, np.nan, 91.0]]))
    assert found.tolist() == pytest.approx([0.75, 2 / 3])


@pytest.mark.parametrize(("baseline", "target", "direction"), [(100.0, 130.0, "up"), (20.0, 10.0, "down")])
def test_the_success_line_lies_on_the_way_to_the_target(
    baseline: float, target: float, direction: Literal["up", "down"]
) -> None:
    line = success_line(baseline=baseline, target=target, share=0.7)
    assert line == Line(value=baseline + 0.7 * (target - baseline), direction=direction)
    assert line(np.array([target])).all()
    assert not line(np.array([baseline])).any()


def test_a_month_left_out_of_the_index_is_missing() -> None:
    series = pd.Series([1.0, 3.0], index=[date(2026, 1, 1), date(2026, 3, 1)])
    assert months_of(series) == pytest.approx((1.0, float("nan"), 3.0), nan_ok=True)
    with pytest.raises(ValueError, match="twice"):
        months_of(pd.Series([1.0, 2.0], index=[date(2026, 1, 1), date(2026, 1, 31)]))
    assert months_of(pd.Series(dtype=float)) == ()


def test_a_series_and_its_job_give_the_same() -> None:
    months = pd.period_range("2023-01", periods=42, freq="M")
    series = pd.Series(seasonal(42), index=months)
    assert forecast_series(series, 6, months_in=6, reducer=MeanOfMonths(), success=Line(value=1000.0)) == forecast(
        job()
    )


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(0.0), st.just(float("nan"))), min_size=12, max_size=40),
    st.integers(1, 12),
    st.sampled_from(["flow", "stock", "ratio"]),
)
def test_nothing_that_is_not_finite_ever_comes_out(
    history: list[float], horizon: int, kind: Literal["flow", "stock", "ratio"]
) -> None:
    asked = ForecastJob(
        history=tuple(history), horizon=horizon, months_in=0, reducer=LastMonth(), success=Line(value=0.0), kind=kind
    )
    found = forecast(asked)
    figures = (found.mid, found.low, found.high, found.probability, found.probability_full)
    assert all(figure is None or np.isfinite(figure) for figure in figures)


def test_the_answer_depends_on_the_job_alone_and_not_on_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [job(history=seasonal(30 + number, seed=number)) for number in range(12)]
    here = forecast_many(jobs, workers=1)
    monkeypatch.setattr(several, "FITS_A_PROCESS", 6)
    assert forecast_many(jobs, workers=2) == here


def test_no_process_is_started_that_its_fits_do_not_pay_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def none_of_them(work: object, jobs: list[ForecastJob], *, workers: int) -> list[None]:
        asked.append(workers)
        return [None] * len(jobs)

    monkeypatch.setattr(several, "in_parallel", none_of_them)
    for count in (1, 20, 95, 96, 400):
        forecast_many([job(widening=1.0 + number) for number in range(count)], workers=8)
    assert asked == [0, 0, 1, 2, 8]


def test_jobs_that_are_the_same_are_fitted_once() -> None:
    assert len({job_hash(job()), job_hash(job()), job_hash(job(widening=2.0))}) == 2


def test_a_callable_that_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="reducer"):
        job_hash(job(reducer=lambda paths: paths[:, -1]))


def test_an_answer_comes_back_from_text_to_the_last_bit() -> None:
    answer = forecast(job())
    assert from_json(to_json(answer)) == answer


def test_an_error_in_another_process_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel(_invert, [0] * 12, workers=2)


def _invert(number: int) -> float:
    return 1 / number


def test_statsmodels_is_not_loaded_before_a_model_is_fitted() -> None:
    code = (
        "import sys, okr_models.forecast.jobs, okr_models.initiatives.evaluation; print('statsmodels' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_fit_and_a_regression_load_no_statistics_or_signal_processing_of_scipy() -> None:
    """A second of each night's processor, of which neither uses anything."""
    code = """
import sys
import numpy as np
from okr_models.forecast.structural import WEEKLY, YEARLY, Fitted, fit
from okr_models.initiatives.regression import time_based_regression

days = np.exp(np.sin(np.arange(120.0)) + np.arange(120.0) % 5 / 10)
assert isinstance(fit(days, season=WEEKLY, trend="local_level"), Fitted)
assert isinstance(fit(days[:48], season=YEARLY, trend="damped_trend"), Fitted)
time_based_regression(
    treated_before=days[:60], controls_before=days[1:61], treated_after=days[60:90], controls_after=days[61:91]
).quantile(0.1)
print([name for name in ("scipy.stats", "scipy.signal", "statsmodels.base.model") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_model_a_level_goes_on_from_its_last_month_and_not_from_the_periods_mean() -> None:
    """A search position that has come down from 18 to 9 was forecast to end at 13."""
    positions = (*(20.0,) * 12, 18.0, 16.0, 14.0, 12.0, 11.0, 9.0)
    asked = job(history=positions, kind="ratio", reducer=LastMonth(), success=Line(value=10.0, direction="down"))
    found = forecast(asked)
    assert found.mid == pytest.approx(9.0)
    assert found.probability is not None
    assert found.probability >= 0.6
