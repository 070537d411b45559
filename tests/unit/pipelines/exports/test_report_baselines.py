"""What a chart draws as the target's path where growth is asked from a base that the client file names by its days."""

from __future__ import annotations

from datetime import date

import pytest

from okr_models.client.model import BaselinePeriod, Change, KeyResult
from okr_models.progress.series import Series
from tests.unit.pipelines.exports.test_report import drawn, row, two_years


def test_a_baseline_of_the_year_before_by_its_days_is_drawn_like_last_year_and_another_as_what_the_period_asks() -> (
    None
):
    def drawn_from(first: date, last: date) -> Series:
        base = BaselinePeriod.model_validate({"from": first, "to": last})
        definition = KeyResult(id="v", title="x", kpi="unique_visitors", target=Change(share=0.3), baseline=base)
        result = row(baseline=100.0, target=130.0, forecast_target=125.0, forecast=None)
        return drawn(result, definition, two_years(100.0, 110.0))

    same = drawn_from(date(2025, 1, 1), date(2025, 12, 31))
    assert ([point.path for point in same.points], same.bounds) == ([pytest.approx(130.0)] * 12, ())
    other = drawn_from(date(2024, 7, 1), date(2025, 6, 30))
    assert ({point.path for point in other.points}, other.bounds) == ({None}, (125.0,))
