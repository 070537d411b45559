"""Where a ratio that keeps its parts is likely to end: not at its months' mean, but at Σ/Σ.

Really under test: the forecast of a whole evaluation against its own figure so far, and the path it is drawn by.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from okr_models.forecast.forecast import forecast
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.progress.forecast_job import month_weights
from okr_models.progress.series import Series, series_of
from tests.unit.okr_figures import WEB, YEAR_2026, evaluated, figures_of, key_result, month, monthly
from tests.unit.pipelines.exports.test_report import row

KPI = "first_response_hours"
JANUARY, OTHER = (50.0, 1000.0), (10.0, 100.0)
"""Hours and tickets: a launch each January that everybody waits through."""


def hours(years: dict[int, list[tuple[float, float]]]) -> list[dict[str, Any]]:
    return [
        each
        for year, months in years.items()
        for at, (value, tickets) in enumerate(months)
        for each in monthly(KPI, month(f"{year}-{at + 1:02d}"), [value], numerator=value * tickets, denominator=tickets)
    ]


def judged(years: dict[int, list[tuple[float, float]]], **settings: Any) -> KeyResultProgress:
    result = key_result(**({"kpi": KPI, "target": "-10%"} | settings))
    return evaluated(result, figures_of(months=hours(years)), sources=(WEB,), forecaster=forecast)


def test_a_ratio_ends_where_its_own_weights_take_it() -> None:
    """A mean of its months would have it at 13 hours, and ten months at last year's hours read as on track."""
    year = [JANUARY, *[OTHER] * 11]
    found = judged({2023: year, 2024: year, 2025: year, 2026: year[:10]})
    assert found.prepared.measurement.current == pytest.approx((50 * 1000 + 9 * 10 * 100) / 1900)
    assert found.forecast.mid == pytest.approx((50 * 1000 + 11 * 10 * 100) / 2100, rel=0.01)
    assert found.forecast_target == pytest.approx(0.9 * (50 * 1000 + 11 * 10 * 100) / 2100)
    assert found.status == "off_track"


def test_the_months_to_come_weigh_what_their_base_months_did_as_this_year_is_larger() -> None:
    year = [JANUARY, *[OTHER] * 10, (20.0, 400.0)]
    found = judged({2025: year, 2026: [(value, 2 * tickets) for value, tickets in year[:10]]})
    task, measurement = found.prepared.task, found.prepared.measurement
    assert month_weights(task, measurement) == pytest.approx([2000, *[200] * 10, 800])


def test_without_its_parts_a_ratio_is_its_months_mean() -> None:
    rows = monthly("search_position", month("2025-01"), [20.0] * 22, closing_days=10)
    found = evaluated(key_result(kpi="search_position", target="-10%"), figures_of(months=rows), sources=(WEB,))
    assert month_weights(found.prepared.task, found.prepared.measurement) is None


def test_the_months_that_are_drawn_lead_to_the_forecast() -> None:
    from pipelines.exports.report.queries import Month

    years = {2025: [JANUARY, *[OTHER] * 11], 2026: [JANUARY, *[OTHER] * 9]}
    months = {
        each["month"]: Month(
            month=each["month"],
            value=each["value"],
            unit="hours",
            kind="ratio",
            is_closed=True,
            is_estimated=False,
            denominator=each["denominator"],
        )
        for each in hours(years)
    }
    end = (50 * 1000 + 9 * 10 * 100 + 2 * 16 * 100) / 2100
    drawn = series_of(
        row(kpi=KPI, kind="ratio", baseline=30.0, target=27.0, forecast=end, forecast_low=end, forecast_high=end),
        definition=key_result(kpi=KPI, target="-10%"),
        period=YEAR_2026,
        months={(KPI, "all"): months},
        items=(),
        as_of=date(2026, 11, 20),
    )
    assert isinstance(drawn, Series)
    assert [point.mid for point in drawn.points if point.mid is not None] == pytest.approx([16.0, 16.0])
