"""A client on course and one on an even ramp, judged by the real forecast and not by the rule that needs none."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from okr_models.forecast.on_course import ON_COURSE, RISING, Climb, Plan, own_course
from okr_models.forecast.own_widening import answer
from okr_models.progress.evaluation import KeyResultProgress
from tests.unit.okr_figures import evaluated, figures_of, key_result, month, monthly

FLAT = [1000.0] * 12
SEASON = [1000.0, 1100, 1200, 1000, 900, 800, 500, 700, 1000, 1100, 1200, 1300]
"""July at half of what January is."""
MONTHS = (1, 3, 6, 11)


def judged(
    base: list[float], now: list[float], *, years: int, kpi: str = "unique_visitors", **kr: Any
) -> KeyResultProgress:
    """As the night of the 20th after the last month of ``now`` would, with ``years`` of the same base before."""
    k = len(now)
    as_of = date(2026 + (k + 1) // 13, k % 12 + 1, 20)
    values = [*base * years, *(float(round(value)) for value in now)]
    rows = monthly(kpi, month(f"{2026 - years}-01"), values, as_of=date(2027, 2, 1))
    found = evaluated(key_result(kpi=kpi, **kr), figures_of(months=rows), as_of=as_of, forecaster=answer)
    assert found.prepared.measurement.k == k
    return found


def ramp(base: list[float], k: int, *, arrives: float = 0.3, noise: float = 0.0) -> list[float]:
    """Growth rises by the same step a month and is ``arrives`` over the whole year."""
    step = arrives * sum(base) / sum(value * index for index, value in enumerate(base, start=1))
    luck = np.random.default_rng(7).standard_normal(k) * noise
    return [value * (1 + step * index) * (1 + luck[index - 1]) for index, value in enumerate(base[:k], start=1)]


@pytest.mark.parametrize("years", [1, 2, 3])
@pytest.mark.parametrize("base", [FLAT, SEASON, SEASON[6:] + SEASON[:6]])
def test_a_client_on_an_even_ramp_never_reads_off_track_however_much_history_it_has(
    years: int, base: list[float]
) -> None:
    for k in MONTHS:
        found = judged(base, ramp(base, k), years=years, target="+30%")
        assert found.status in {"at_risk", "on_track"}, k
        assert found.forecast.probability is not None
        assert found.forecast.probability >= 0.3, k


@pytest.mark.parametrize("years", [1, 2, 3])
@pytest.mark.parametrize("target", ["+30%", "-20%"])
def test_a_seasonal_client_on_course_reads_on_course_however_much_history_it_has(years: int, target: str) -> None:
    growth = 1 + float(target.rstrip("%")) / 100
    for k in MONTHS:
        found = judged(SEASON, [value * growth for value in SEASON[:k]], years=years, target=target)
        assert found.forecast.probability is not None
        assert (found.status, found.prepared.expected) == ("on_track", 1.0), k


def test_a_seasonal_sum_on_course_reads_on_course_in_every_month() -> None:
    for k in MONTHS:
        found = judged(SEASON, [value * 1.2 for value in SEASON[:k]], years=3, kpi="sessions", target=1.2 * sum(SEASON))
        assert found.forecast.probability is not None
        assert found.status == "on_track", k


@pytest.mark.parametrize("years", [2, 3])
def test_a_client_that_stands_still_reads_off_track_from_its_first_month(years: int) -> None:
    for k in (1, 3, 6):
        assert judged(SEASON, SEASON[:k], years=years, target="+30%").status == "off_track", k


def test_a_good_january_that_falls_back_reads_off_track_by_march() -> None:
    now = [SEASON[0] * 1.25, *SEASON[1:3]]
    assert judged(SEASON, now, years=3, target="+30%").status == "off_track"


def test_half_a_ramp_reads_off_track() -> None:
    for k in (3, 6, 9):
        assert judged(FLAT, ramp(FLAT, k, arrives=0.15), years=3, target="+30%").status == "off_track", k


def test_the_interval_reaches_where_the_months_own_line_leads() -> None:
    found = judged(FLAT, ramp(FLAT, 3), years=3, target="+30%")
    assert found.forecast.high is not None
    assert found.forecast.high >= 1299
    assert found.forecast.probability == RISING


PLAN = Plan(base=tuple(FLAT), growth=0.3)


def said(now: list[float], *, before: list[float], plan: Plan = PLAN) -> float | None:
    found = own_course(np.array([*before, *now]), months_in=len(now), plan=plan)
    return None if found is None else found.at_least


def noisy(years: int, noise: float) -> list[float]:
    return list(1000 * (1 + noise * np.random.default_rng(3).standard_normal(12 * years)))


def test_growth_that_strays_by_more_than_half_of_what_is_asked_says_nothing() -> None:
    assert said([1310.0, 1300, 1320], before=noisy(2, 0.02)) == ON_COURSE
    assert said([1310.0, 1300, 1320], before=noisy(2, 0.20)) is None


def test_a_rise_within_the_noise_is_no_ramp() -> None:
    assert said([1046.0], before=noisy(2, 0.002)) == RISING
    assert said([1046.0], before=noisy(2, 0.06)) is None


def test_a_client_that_grew_as_much_the_year_before_is_on_no_ramp() -> None:
    grower = [1000.0 * 1.1 ** (index // 12) for index in range(36)]
    plan = Plan(base=tuple(grower[24:]), growth=0.3)
    assert said([grower[24] * 1.1] * 2, before=grower, plan=plan) is None


def test_a_fall_that_is_asked_for_is_on_course_when_it_falls() -> None:
    plan = Plan(base=tuple(FLAT), growth=-0.2, is_upward=False)
    assert said([800.0, 790, 800], before=FLAT * 2, plan=plan) == ON_COURSE
    assert said([970.0, 940, 910], before=FLAT * 2, plan=plan) == RISING
    assert said([1000.0, 1000, 1000], before=FLAT * 2, plan=plan) is None


def test_months_without_a_base_or_a_value_are_left_out() -> None:
    holes = Plan(base=(float("nan"), *FLAT[1:]), growth=0.3)
    assert said([5000.0, 1300, 1300], before=FLAT, plan=holes) == ON_COURSE
    assert said([float("nan"), 1300, 1300], before=FLAT) == ON_COURSE
    assert said([1300.0], before=FLAT, plan=Plan(base=(float("nan"),) * 12, growth=0.3)) is None
    assert said([1300.0], before=FLAT, plan=Plan(base=(0.0, *FLAT[1:]), growth=0.3)) is None


@pytest.mark.parametrize("years", [1, 3])
def test_a_stock_that_climbs_evenly_to_its_target_reads_on_course(years: int) -> None:
    """The damped slope forgets half of a steady climb: followers on their way got 5 to 20 %."""
    for k in MONTHS:
        as_of = date(2026 + (k + 1) // 13, k % 12 + 1, 6)
        values = [1000.0] * (12 * years) + [1000.0 + 20 * step for step in range(1, k + 1)]
        rows = monthly("followers", month(f"{2026 - years}-01"), values, as_of=as_of)
        result = key_result(kpi="followers", target="+24%")
        found = evaluated(result, figures_of(months=rows), as_of=as_of, forecaster=answer)
        assert found.forecast.probability is not None
        assert found.status == "on_track", k


def test_a_stock_behind_its_even_way_says_nothing() -> None:
    climb = Climb(start=1000.0, goal=1240.0, months=12)
    assert own_course(np.array([1000.0, 1020.0]), months_in=1, plan=climb) is not None
    assert own_course(np.array([1000.0, 1010.0]), months_in=1, plan=climb) is None
    assert own_course(np.array([1000.0, float("nan")]), months_in=1, plan=climb) is None
    down = Climb(start=1000.0, goal=880.0, months=12)
    assert own_course(np.array([990.0, 980.0]), months_in=2, plan=down) is not None
    assert own_course(np.array([1010.0, 1020.0]), months_in=2, plan=down) is None
