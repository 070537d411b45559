"""What a key result makes of a path of months: bounds that a sum of doubles ends beside, and tiny figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from okr_models.forecast.path_values import Line, MeanOfMonths, ShareInside

MARCH = math.fsum([0.1] * 31) + 1e-15
"""What thirty-one days of 0.1 add up to, one by one: a little more than 3.1."""


def test_a_month_beside_its_bound_by_rounding_is_inside() -> None:
    assert MARCH > 3.1
    months = np.array([[MARCH, 3.2, math.nan], [2.8 - 1e-15, 2.7, 3.0]])
    assert ShareInside(low=2.8, high=3.1)(months) == pytest.approx([1 / 2, 2 / 3])
    assert ShareInside(low=2.8)(months) == pytest.approx([1, 2 / 3])
    assert ShareInside(high=3.1)(months) == pytest.approx([1 / 2, 1])


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_a_line_is_missed_by_the_same_share_whatever_the_figures_size(scale: float) -> None:
    reached = np.array([99.0, 100.0 - 1e-12, 100.0, 101.0]) * scale
    assert Line(value=100.0 * scale)(reached).tolist() == [False, True, True, True]
    assert Line(value=100.0 * scale, direction="down")(reached).tolist() == [True, True, True, False]


def test_a_ratio_over_several_months_weighs_each_by_what_it_is_divided_by() -> None:
    rates = np.array([[0.5, 0.1, 0.1], [0.5, math.nan, 0.1]])
    assert MeanOfMonths(weights=(100.0, 10.0, 10.0))(rates) == pytest.approx([52 / 120, 51 / 110])
    assert MeanOfMonths(included=(False, True, True), weights=(100.0, 10.0, 30.0))(rates) == pytest.approx([0.1, 0.1])
    assert np.isnan(MeanOfMonths(weights=(0.0, 0.0, 0.0))(rates)).all()
