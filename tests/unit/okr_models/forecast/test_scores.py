"""Scores of past forecasts: arithmetic, and which forecasts are scored at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_models.forecast.calibration import OWN_LIMIT, OWN_ORIGINS, T_QUANTILE, own_factor
from okr_models.forecast.scores import SCORE_COLUMNS, brier, coverage, mean_brier, score_outcomes, summarise


def past(**columns: list[object]) -> pd.DataFrame:
    rows = {
        "client": ["a", "a", "b"],
        "objective_id": ["o"] * 3,
        "key_result_id": ["k"] * 3,
        "as_of": [date(2026, 3, 1), date(2026, 12, 31), date(2026, 6, 1)],
        "known_at": [datetime(2026, 3, 1, tzinfo=UTC)] * 3,
        "probability": [0.8, 1.0, None],
        "forecast_low": [90.0, 100.0, None],
        "forecast_high": [110.0, 100.0, None],
    }
    return pd.DataFrame(rows | columns)


def outcomes(*, outcome: bool = True) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "client": ["a"],
            "objective_id": ["o"],
            "key_result_id": ["k"],
            "outcome": [outcome],
            "settled_on": [date(2026, 12, 31)],
            "final_value": [111.0],
        }
    )


def test_a_forecast_is_scored_against_its_outcome_and_one_made_when_it_was_settled_is_not() -> None:
    scored = score_outcomes(past(), outcomes())
    assert list(scored["as_of"]) == [date(2026, 3, 1)]
    assert scored["brier"].tolist() == pytest.approx([0.04])
    assert scored["is_inside"].tolist() == [False]
    assert list(scored.columns)[: len(SCORE_COLUMNS)] == list(SCORE_COLUMNS)


def test_a_missed_outcome_scores_the_other_way() -> None:
    assert score_outcomes(past(), outcomes(outcome=False))["brier"].tolist() == pytest.approx([0.64])


def test_nothing_settled_gives_no_scores_and_no_summary() -> None:
    scored = score_outcomes(past(), outcomes().iloc[:0])
    assert scored.empty
    assert summarise(scored) == {}


def test_the_summary_has_a_line_a_client_and_one_over_all() -> None:
    scored = score_outcomes(past(), outcomes())
    found = summarise(scored)
    assert list(found) == ["a", "all"]
    assert (found["all"].forecasts, found["all"].interval_coverage) == (1, 0.0)


def test_outcomes_that_name_a_key_result_twice_are_refused() -> None:
    with pytest.raises(pd.errors.MergeError):
        score_outcomes(past(), pd.concat([outcomes(), outcomes()]))


@pytest.mark.parametrize("said", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(said: float) -> None:
    with pytest.raises(ValueError, match="probability"):
        brier(said, True)


def test_means_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no forecast"):
        mean_brier([], [])
    with pytest.raises(ValueError, match="no forecast"):
        coverage([], [], [])


def test_bounds_are_inside() -> None:
    assert coverage([1, 1], [2, 2], [2, 2.1]) == 0.5


@given(st.floats(0, 1), st.booleans())
def test_brier_lies_between_0_and_1(said: float, came: bool) -> None:
    assert 0 <= brier(said, came) <= 1


@given(st.lists(st.floats(-50, 50), min_size=1))
def test_a_series_own_factor_never_runs_away(misses: list[float]) -> None:
    assert 1 / OWN_LIMIT <= own_factor(misses) <= OWN_LIMIT


def test_a_series_own_misses_count_from_twenty_origins_on() -> None:
    assert own_factor([5.0] * (OWN_ORIGINS - 1)) == 1.0
    assert own_factor([T_QUANTILE] * OWN_ORIGINS) == pytest.approx(1.0)
    assert own_factor([2 * T_QUANTILE] * OWN_ORIGINS) == pytest.approx(2**0.5)
    assert own_factor([T_QUANTILE / 2] * OWN_ORIGINS) == pytest.approx(0.5**0.5)
