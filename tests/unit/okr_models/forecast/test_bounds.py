"""How far a forecast may go, whatever the series does: spikes, zeros, steps, constant months, a missing month."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_models.forecast.bounds import bounds_of
from okr_models.forecast.forecast import ForecastJob, forecast, futures_of
from okr_models.forecast.path_values import Floats, LastMonth, Line, MeanOfMonths

YEAR = 12
WIDENED = 2.0


def quiet(months: int, *, seed: int = 1, level: float = 1000.0, noise: float = 0.05) -> Floats:
    season = np.exp(0.2 * np.cos(2 * np.pi * np.arange(months) / YEAR))
    luck = np.exp(noise * np.random.default_rng(seed).standard_normal(months))
    return np.asarray(level * season * luck, dtype=np.float64)


def year_of(history: Floats, *, kind: Literal["flow", "stock"] = "flow", months_in: int = 1) -> ForecastJob:
    return ForecastJob(
        history=tuple(history),
        horizon=YEAR - months_in,
        months_in=months_in,
        reducer=MeanOfMonths() if kind == "flow" else LastMonth(),
        success=Line(value=0.0),
        kind=kind,
    )


def test_one_spike_as_the_last_month_makes_no_slope() -> None:
    """Made like a real one, whose forecast was nine hundred times its base: it grows for a month, then springs up."""
    history = quiet(52, level=1240.0, noise=0.12)
    history[-2] *= 1.5
    history[-1] *= 5.5
    found = forecast(year_of(history))
    assert found.mid is not None
    assert found.high is not None
    spike = history[-1] / YEAR
    most = max(history[at : at + 11].sum() / history[at - YEAR : at - 1].sum() for at in range(YEAR, 42))
    assert found.mid - spike < WIDENED * most * 1400
    assert found.high - spike < WIDENED * most * 1400 * 1.2
    assert found.low is not None
    assert found.low < found.mid < found.high


def test_where_the_models_leave_the_bounds_the_simple_rule_answers_and_says_so() -> None:
    found = forecast(year_of(np.array([7.0] * 40 + [7.0, 9.0, 30.0, 200.0])))
    assert (found.method, found.fallback, found.tenths) == ("simple", "bounded", True)
    assert found.note is not None
    assert "ever grown" in found.note


def test_a_series_that_stays_inside_is_the_models_own() -> None:
    found = forecast(year_of(quiet(48)))
    assert (found.method, found.fallback) == ("structural", None)


def test_a_step_that_lasts_may_go_on() -> None:
    """Half as much again since the year began is no more than the widened bounds hold."""
    history = quiet(48)
    history[-6:] *= 1.5
    found = forecast(year_of(history, months_in=6))
    assert found.fallback is None
    assert found.mid is not None
    assert found.mid > 1.3 * 1000


odd_series = st.builds(
    lambda months, seed, noise, spikes, zeros, step, flat, hole: _bent(
        quiet(months, seed=seed, noise=noise), spikes=spikes, zeros=zeros, step=step, flat=flat, hole=hole
    ),
    st.integers(13, 60),
    st.integers(0, 50),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.lists(st.tuples(st.integers(0, 59), st.sampled_from([0.01, 5.0, 100.0, 1e4])), max_size=2),
    st.lists(st.integers(0, 59), max_size=3),
    st.tuples(st.integers(0, 59), st.sampled_from([0.2, 1.0, 8.0])),
    st.tuples(st.integers(0, 59), st.integers(0, 14)),
    st.one_of(st.none(), st.integers(1, 59)),
)


def _bent(
    values: Floats,
    *,
    spikes: list[tuple[int, float]],
    zeros: list[int],
    step: tuple[int, float],
    flat: tuple[int, int],
    hole: int | None,
) -> Floats:
    """A plain series with one or more things that real ones do."""
    count = len(values)
    values[step[0] % count :] *= step[1]
    for at, times in spikes:
        values[at % count] *= times
    for at in zeros:
        values[at % count] = 0.0
    start = flat[0] % count
    values[start : start + flat[1]] = values[start]
    if hole is not None and hole % count < count - 1:
        values[hole % count] = np.nan
    return values


@settings(max_examples=12, deadline=None)
@given(odd_series, st.integers(1, 11), st.sampled_from(["flow", "stock"]))
def test_every_figure_of_a_forecast_is_finite_and_in_order(
    history: Floats, months_in: int, kind: Literal["flow", "stock"]
) -> None:
    job = year_of(history, kind=kind, months_in=min(months_in, len(history) - 1))
    assert np.isfinite(futures_of(job).futures.paths).all()
    found = forecast(job)
    if found.mid is not None:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.mid <= found.high


@settings(max_examples=12, deadline=None)
@given(odd_series.filter(lambda values: bool(np.all(values > 0))), st.integers(1, 11))
def test_no_year_is_forecast_to_grow_more_than_twice_as_much_as_any_did(history: Floats, months_in: int) -> None:
    """Counted anew, month by month, over series without a zero or a hole."""
    horizon = YEAR - months_in
    starts = range(YEAR, len(history) - horizon + 1)
    grown = [history[at : at + horizon].sum() / history[at - YEAR : at - YEAR + horizon].sum() for at in starts]
    if not grown:
        return
    ahead = futures_of(year_of(history, months_in=months_in)).futures.paths.mean(axis=1)
    base = history[-YEAR:][:horizon].mean()
    assert ahead.max() <= 2 * max(1.0, *grown) * base * (1 + 1e-6)
    assert ahead.min() >= min(1.0, *grown) * base / 2 * (1 - 1e-6)


@settings(max_examples=50, deadline=None)
@given(odd_series, st.integers(1, 11), st.booleans())
def test_what_is_kept_lies_inside_and_what_lies_inside_is_left_alone(
    history: Floats, steps: int, is_stock: bool
) -> None:
    bounds = bounds_of(history, steps=steps, is_stock=is_stock)
    if bounds is None:
        return
    low, high = bounds.widened
    assert low <= bounds.shown[0] <= bounds.shown[1] <= high
    wild = np.abs(np.random.default_rng(1).standard_normal((50, steps))) * 10.0 ** np.arange(50)[:, np.newaxis]
    kept = bounds.kept(wild)
    means = kept if is_stock else kept.mean(axis=1)
    assert (means <= high * (1 + 1e-9) + 1e-9).all()
    assert np.allclose(bounds.kept(kept), kept)


@pytest.mark.parametrize("is_stock", [False, True])
def test_a_series_without_a_year_behind_it_has_no_bounds(is_stock: bool) -> None:
    assert bounds_of(np.array([5.0]), steps=3, is_stock=is_stock) is None
    assert bounds_of(np.array([np.nan]), steps=3, is_stock=is_stock) is None
