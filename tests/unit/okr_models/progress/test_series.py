"""What is expected of each month of a running total: where the forecast leads, in last year's shape."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from okr_models.client.model import KeyResult, Number, Period
from okr_models.periods import add_months
from okr_models.progress.series import Series, series_of

YEAR = Period(start=date(2026, 1, 1), end=date(2026, 12, 31))
SHAPE = [5.0, 5.0, 5.0, 5.0, 10.0, 20.0, 20.0, 10.0, 5.0, 5.0, 5.0, 5.0]


@dataclass(frozen=True)
class Row:
    """The newest row of a sum against 240, forecast at 230."""

    objective_id: str = "o"
    key_result_id: str = "k"
    kpi: str | None = "sessions"
    kind: str | None = "flow"
    baseline: float | None = 0.0
    target: float | None = 240.0
    forecast_target: float | None = 240.0
    forecast: float | None = 230.0
    forecast_low: float | None = 220.0
    forecast_high: float | None = 250.0


@dataclass(frozen=True)
class Month:
    """A month of ``sessions``."""

    value: float | None
    is_closed: bool = True
    denominator: float | None = None


def drawn(this_year: list[float], *, running: float | None = None, last_year: list[float] | None = None) -> Series:
    """``this_year``: its closed months; ``running``: what the month after them has so far."""
    had = {add_months(date(2025, 1, 1), n): Month(value) for n, value in enumerate(last_year or [])}
    has = {add_months(date(2026, 1, 1), n): Month(value) for n, value in enumerate(this_year)}
    if running is not None:
        has[add_months(date(2026, 1, 1), len(this_year))] = Month(running, is_closed=False)
    series = series_of(
        Row(),
        definition=KeyResult(id="k", title="x", kpi="sessions", target=Number(value=240)),
        period=YEAR,
        months={("sessions", "all"): had | has},
        items=(),
        as_of=add_months(date(2026, 1, 20), len(this_year)),
    )
    assert series is not None
    return series


def expected(series: Series) -> list[float | None]:
    return [point.mid for point in series.points]


def test_the_running_month_is_expected_to_end_where_the_year_leads_and_not_where_it_stands() -> None:
    series = drawn([10.0] * 4, running=3.0, last_year=SHAPE)
    # 40 have come, of 190 to come an eighth in May and twice that in June, as last year
    assert expected(series)[:3] == [None, None, None]
    assert expected(series)[3:6] == pytest.approx([40.0, 40.0 + 190 * 10 / 80, 40.0 + 190 * 30 / 80])
    last = series.points[-1]
    assert (last.low, last.mid, last.high) == (220.0, 230.0, 250.0)


def test_without_last_year_what_is_to_come_comes_evenly() -> None:
    assert expected(drawn([10.0] * 4, running=3.0))[3:5] == pytest.approx([40.0, 40.0 + 190 / 8])
    assert expected(drawn([], running=3.0))[0] == pytest.approx(230 / 12), "the first month of the period"


def test_what_has_come_is_not_expected_to_go_again() -> None:
    point = drawn([10.0] * 4, running=60.0, last_year=SHAPE).points[4]
    assert (point.low, point.mid, point.actual) == (100.0, 100.0, 100.0)
    assert point.high is not None
    assert point.high >= 100.0


def test_the_last_month_is_expected_to_end_at_the_forecast() -> None:
    series = drawn([15.0] * 11, running=20.0, last_year=SHAPE)
    assert series.points[-1].mid == pytest.approx(230.0)
    assert all(point.mid is None for point in drawn([15.0] * 12, last_year=SHAPE).points)


def test_where_some_may_be_taken_off_no_floor_is_set() -> None:
    """Followers can be lost: a total that fell may fall again."""
    series = drawn([10.0, -30.0], running=300.0, last_year=SHAPE)
    low = series.points[2].low
    assert low is not None
    assert low < 280.0
