"""What the rest of the period would have to give, in figures and in the sentence that says so."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from okr_models.forecast.forecast import forecast
from okr_models.forecast.types import Forecast
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.explanations import explain
from okr_models.progress.required import Required, required
from okr_models.words.numbers import ENGLISH, SWEDISH
from tests.unit.okr_figures import LINKEDIN, daily, evaluated, figures_of, key_result, month, monthly

FLAT = [1000.0] * 12


def unlikely(kpi: str, values: list[float], *, first: str = "2025-01", as_of: date, **kr: Any) -> KeyResultProgress:
    """Judged with a forecast that gives it one chance in twenty."""
    rows = monthly(kpi, month(first), values, as_of=as_of)
    found = key_result(kpi=kpi, **kr)
    return evaluated(found, figures_of(months=rows), as_of=as_of, forecaster=lambda _: Forecast(probability=0.05))


def needed(result: KeyResultProgress, *, success: float = 1.0) -> Required | None:
    return required(result.prepared.task, result.prepared.measurement, success=success)


def test_an_even_ramp_in_january_reads_off_track_and_says_what_it_would_take() -> None:
    """Nothing raises its probability: the model has seen one month of a rise that has eleven to go."""
    luck = np.random.default_rng(3).standard_normal(36) * 40
    before = [*(1000 + luck[:24]), *FLAT]
    rows = monthly("unique_visitors", month("2023-01"), [*before, 1090.0], as_of=date(2026, 2, 20))
    found = evaluated(key_result(target="+30%"), figures_of(months=rows), as_of=date(2026, 2, 20), forecaster=forecast)
    assert found.status == "off_track"
    assert explain(found, SWEDISH).startswith("+9\xa0% hittills; för +30\xa0% krävs +32\xa0% i snitt resten av året; ")
    assert explain(found, ENGLISH).startswith("+9% so far; +30% takes +32% on average for the rest of the year; ")


def test_what_comes_as_required_just_arrives() -> None:
    season = [100.0, 120, 80, 60, 90, 110, 50, 70, 100, 130, 140, 150]
    result = unlikely("unique_visitors", [*season, 110, 126, 85], as_of=date(2026, 4, 20), target="+20%")
    said = needed(result)
    assert said is not None
    rest = [value * (1 + said.needed) for value in season[3:]]
    assert sum([110, 126, 85, *rest]) == pytest.approx(1.2 * sum(season))


def test_a_month_that_closed_without_a_value_is_not_still_to_come() -> None:
    rows = monthly("unique_visitors", month("2025-01"), [*FLAT, *[1100.0] * 9, None])  # type: ignore[list-item]
    found = evaluated(
        key_result(target="+20%"), figures_of(months=rows), forecaster=lambda _: Forecast(probability=0.05)
    )
    said = needed(found)
    assert said is not None
    assert (9 * 1100 + 2 * 1000 * (1 + said.needed)) / 11 == pytest.approx(1200), "November and December, not October"


def test_a_fall_that_is_asked_for_says_how_far_the_rest_would_have_to_fall() -> None:
    result = unlikely("unique_visitors", [*FLAT, *[950.0] * 6], as_of=date(2026, 7, 20), target="-20%")
    assert "−5\xa0% hittills; för −20\xa0% krävs −35\xa0% i snitt resten av året" in explain(result, SWEDISH)


def test_a_stretch_goal_says_what_its_own_success_line_takes() -> None:
    result = unlikely(
        "unique_visitors", [*FLAT, *[1100.0] * 6], as_of=date(2026, 7, 20), target="+40%", ambition="stretch"
    )
    assert "för +28\xa0% (70\xa0% av vägen) krävs +46\xa0% i snitt" in explain(result, SWEDISH)


def test_a_stated_baseline_stands_for_every_month() -> None:
    result = unlikely(
        "unique_visitors",
        [1100.0] * 3,
        first="2026-01",
        as_of=date(2026, 4, 20),
        target="+20%",
        baseline={"value": 1000},
    )
    said = needed(result)
    assert said is not None
    assert (said.way, said.needed) == ("growth", pytest.approx((12 * 1.2 - 3 * 1.1) / 9 - 1))


def test_a_mean_of_months_with_a_number_as_target_says_the_level_of_the_rest() -> None:
    result = unlikely("unique_visitors", [*FLAT, *[1100.0] * 6], as_of=date(2026, 7, 20), target=1300)
    assert needed(result) == Required(
        way="level", goal=1300.0, needed=pytest.approx(1500.0), so_far=pytest.approx(1100.0)
    )
    assert "för 1\xa0300 krävs 1\xa0500 i snitt resten av året" in explain(result, SWEDISH)


def test_a_stock_says_the_pace_a_month() -> None:
    values = [1000.0] * 12 + [1010.0 + 10 * step for step in range(6)]
    result = unlikely("followers", values, as_of=date(2026, 7, 6), target="+24%")
    said = needed(result)
    assert said is not None
    assert said.way == "pace"
    assert said.so_far == pytest.approx(10.0, rel=0.05)
    assert said.needed == pytest.approx(30.0, rel=0.05)
    assert " i månaden resten av året, hittills " in explain(result, SWEDISH)


def test_nothing_is_required_of_a_period_that_is_over_or_of_months_that_have_no_base() -> None:
    over = unlikely("unique_visitors", [*FLAT, *[900.0] * 12], as_of=date(2027, 1, 20), target="+30%")
    assert needed(over) is None
    gap = unlikely(
        "unique_visitors", [*FLAT[:6], *[900.0] * 4], first="2025-01", as_of=date(2026, 5, 20), target="+30%"
    )
    assert needed(gap) is None


def test_what_is_on_track_is_asked_for_nothing() -> None:
    rows = monthly("unique_visitors", month("2025-01"), [*FLAT, *[1400.0] * 6], as_of=date(2026, 7, 20))
    found = evaluated(key_result(target="+30%"), figures_of(months=rows), as_of=date(2026, 7, 20))
    assert found.status == "on_track"
    assert "krävs" not in explain(found, SWEDISH)


def test_a_fall_that_no_month_can_make_good_asks_for_values_below_zero_not_for_per_cent_of_them() -> None:
    result = unlikely("unique_visitors", [*FLAT, *[9000.0] * 6], as_of=date(2026, 7, 20), target="-30%")
    said = needed(result)
    assert said is not None
    assert said.needed < -1
    assert "+800% so far; −30% takes values below zero for the rest of the year" in explain(result, ENGLISH)
    assert "för −30\xa0% krävs värden under noll resten av året" in explain(result, SWEDISH)


def test_what_is_past_its_target_is_said_what_it_may_lose_not_what_it_takes() -> None:
    days = {date(2025, 12, 31): 100.0, date(2026, 7, 9): 150.0}
    rows = daily("followers", days, scope="platform=linkedin")
    result = evaluated(
        key_result(kpi="followers", target=120),
        figures_of(days=rows),
        as_of=date(2026, 7, 10),
        sources=(LINKEDIN,),
        forecaster=lambda _: Forecast(probability=0.05),
    )
    assert "150 of 120; 120 allows −5.21 a month for the rest of the year" in explain(result, ENGLISH)
    assert "120 tål −5,21 i månaden resten av året" in explain(result, SWEDISH)


def test_one_target_reads_alike_in_the_whole_sentence() -> None:
    rows = daily("followers", {date(2025, 12, 31): 10.6, date(2026, 7, 9): 10.98}, scope="platform=linkedin")
    result = evaluated(
        key_result(kpi="followers", target=11.04),
        figures_of(days=rows),
        as_of=date(2026, 7, 10),
        sources=(LINKEDIN,),
        forecaster=lambda _: Forecast(probability=0.05),
    )
    assert explain(result, ENGLISH).startswith("10.98 of 11.04; 11.04 takes ")


def test_a_week_before_the_end_it_is_said_what_is_left_and_no_pace_a_month() -> None:
    rows = daily("followers", {date(2025, 12, 31): 100.0, date(2026, 12, 24): 150.0}, scope="platform=linkedin")
    result = evaluated(
        key_result(kpi="followers", target=500),
        figures_of(days=rows),
        as_of=date(2026, 12, 25),
        sources=(LINKEDIN,),
        forecaster=lambda _: Forecast(probability=0.05),
    )
    assert explain(result, ENGLISH).startswith("150 of 500; 500 takes 350 by the end of the year, 4 a month so far")
    assert "för 500 krävs 350 till årets slut, hittills 4 i månaden" in explain(result, SWEDISH)
