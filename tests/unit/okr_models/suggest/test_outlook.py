"""Which target is how likely: quantiles of the forecast's paths over a period to come, and when nothing is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from okr_models.periods import add_months
from okr_models.suggest.outlook import History, Outlook, Refused, months_lacking, outlook

FIRST = date(2023, 1, 1)


def history(months: int = 46, *, growth: float = 0.01, noise: float = 0.03, **values: object) -> History:
    rng = np.random.default_rng(7)
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(months) / 12)
    made = 1000 * season * (1 + growth) ** np.arange(months) * np.exp(noise * rng.standard_normal(months))
    plain = History(first=FIRST, values=tuple(map(float, made)), kind="flow", better="higher")
    return replace(plain, **values)  # type: ignore[arg-type]


def year(number: int) -> tuple[date, ...]:
    return tuple(add_months(date(number, 1, 1), n) for n in range(12))


@pytest.fixture(scope="module")
def found() -> Outlook:
    answer = outlook(history(), year(2027))
    assert isinstance(answer, Outlook)
    return answer


def test_a_commitment_asks_less_than_even_odds_and_a_stretch_more(found: Outlook) -> None:
    values = [found.levels[name].value for name in ("committed", "even", "stretch")]
    assert values == sorted(values)
    assert [found.levels[name].probability for name in ("committed", "even", "stretch")] == pytest.approx(
        [0.9, 0.5, 0.3]
    )


def test_the_curve_falls_as_targets_rise_and_growth_goes_with_value(found: Outlook) -> None:
    values = [point.value for point in found.curve]
    assert values == sorted(values)
    assert [point.probability for point in found.curve] == sorted((p.probability for p in found.curve), reverse=True)
    assert found.base is not None
    for point in found.curve:
        assert point.growth == pytest.approx(point.value / found.base - 1)


def test_months_of_the_base_that_are_to_come_are_said_to_be_expected(found: Outlook) -> None:
    assert not found.is_base_known
    known = outlook(history(48), year(2027))
    assert isinstance(known, Outlook)
    assert known.is_base_known
    assert known.base == pytest.approx(float(np.mean(history(48).values[-12:])))


def test_the_path_has_the_seasons_shape(found: Outlook) -> None:
    assert len(found.path) == len(found.months) == 12
    assert max(found.path[:6]) > max(found.path[6:9])
    assert all(low <= mid <= high for low, mid, high in zip(found.low, found.path, found.high, strict=True))


def test_where_lower_is_better_a_commitment_is_the_higher_figure() -> None:
    answer = outlook(history(better="lower"), year(2027))
    assert isinstance(answer, Outlook)
    assert answer.levels["committed"].value > answer.levels["even"].value > answer.levels["stretch"].value


def test_a_stock_is_judged_by_its_last_month_against_the_one_before_the_period() -> None:
    values = tuple(5000.0 + 40 * n for n in range(48))
    answer = outlook(history(48, values=values, kind="stock"), year(2027))
    assert isinstance(answer, Outlook)
    assert answer.base == pytest.approx(values[-1])
    assert answer.levels["even"].value == pytest.approx(values[-1] + 480, rel=0.05)


def weighed(months: int, last: float = 1.0) -> tuple[float, ...]:
    """Twice a year there are a hundred times as many; the last twelve months ``last`` times as many as before."""
    return tuple((1000.0 if n % 6 == 0 else 10.0) * (last if n >= months - 12 else 1.0) for n in range(months))


@pytest.mark.parametrize("last", [1.0, 3.0])
def test_a_ratio_that_keeps_both_parts_is_one_sum_over_the_other(last: float) -> None:
    """Half of the few, a tenth of the many: the mean of the months says .43, the period's own figure is .12."""
    values, below = tuple(0.1 if n % 6 == 0 else 0.5 for n in range(48)), weighed(48, last)
    answer = outlook(history(48, values=values, kind="ratio", below=below), year(2027))
    assert isinstance(answer, Outlook)
    own = (2 * 0.1 * 1000 + 10 * 0.5 * 10) / (2 * 1000 + 10 * 10)
    assert answer.base == pytest.approx(own)
    assert 0.8 * own < answer.levels["even"].value < 0.2


def test_a_ratio_that_keeps_not_every_months_parts_is_the_mean_of_its_months() -> None:
    values = tuple(0.1 if n % 6 == 0 else 0.5 for n in range(48))
    below = (*weighed(47), float("nan"))
    answer = outlook(history(48, values=values, kind="ratio", below=below), year(2027))
    assert isinstance(answer, Outlook)
    assert answer.base == pytest.approx(sum(values[-12:]) / 12)


def test_the_months_of_a_base_that_are_to_come_weigh_as_a_year_before() -> None:
    values, below = tuple(0.1 if n % 6 == 0 else 0.5 for n in range(45)), weighed(45)
    answer = outlook(history(45, values=values, kind="ratio", below=below), year(2027))
    assert isinstance(answer, Outlook)
    assert answer.base < 0.2


def test_with_one_to_two_years_it_speaks_in_tenths() -> None:
    answer = outlook(history(18), tuple(add_months(date(2024, 7, 1), n) for n in range(12)))
    assert isinstance(answer, Outlook)
    assert answer.tenths
    assert all(round(10 * point.probability, 6) == round(10 * point.probability) for point in answer.curve)


@pytest.mark.parametrize(
    ("given", "period", "reason"),
    [
        (history(11), year(2024), "11 closed months, 12 are needed"),
        (history(46, has_break=True), year(2027), "break"),
        (history(46, estimated_share=0.5), year(2027), "estimated"),
        (history(46), year(2025), "is over"),
        (history(46), year(2031), "as far as one can see"),
    ],
    ids=["few", "break", "estimated", "over", "far"],
)
def test_where_nothing_honest_can_be_said_it_says_why(given: History, period: tuple[date, ...], reason: str) -> None:
    answer = outlook(given, period)
    assert isinstance(answer, Refused)
    assert reason in answer.reason


def test_a_base_that_is_not_there_leaves_values_without_growth() -> None:
    values = tuple([0.0] * 12 + [10.0 + n for n in range(24)])
    answer = outlook(History(first=FIRST, values=values, kind="flow", better="higher"), year(2026)[:12])
    assert isinstance(answer, Outlook)
    assert answer.base is not None
    short = outlook(history(14), tuple(add_months(date(2024, 3, 1), n) for n in range(18)))
    assert isinstance(short, Outlook)
    assert {point.growth for point in short.curve} == {None}


def test_what_a_longer_history_would_give_is_known() -> None:
    assert [months_lacking(n) for n in (5, 12, 30, 36)] == [(7, 12), (12, 24), (6, 36), None]
