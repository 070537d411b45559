"""Where a sum is likely to end, with months that are in the sum and not in the series a forecast goes on from.

Really under test: the forecast of a whole evaluation against what its own sum has so far.
"""

from __future__ import annotations

from datetime import date

import pytest

from okr_models.client.sources import Pause
from okr_models.forecast.forecast import forecast
from okr_models.progress.evaluation import KeyResultProgress
from tests.unit.okr_figures import FACEBOOK, LINKEDIN, WEB, evaluated, figures_of, key_result, month, monthly, source

SUMMER = Pause.model_validate({"from": date(2026, 6, 1), "to": date(2026, 8, 31), "reason": "Rebuild"})
PAUSED = source("ga4", "web", paused=[SUMMER])


def sessions(*, paused: bool) -> KeyResultProgress:
    rows = monthly("sessions", month("2025-01"), [1000.0] * 22)
    result = key_result(kpi="sessions", target=11_900)
    return evaluated(result, figures_of(months=rows), sources=(PAUSED if paused else WEB,), forecaster=forecast)


def test_the_months_of_a_pause_that_are_in_a_sum_are_in_its_forecast() -> None:
    plain, paused = sessions(paused=False), sessions(paused=True)
    assert paused.prepared.measurement.current == plain.prepared.measurement.current == 10_000.0
    assert plain.forecast.mid == pytest.approx(12_000.0, rel=0.01)
    assert paused.forecast.mid == pytest.approx(12_000.0, rel=0.01), "not the 10,000 that are there already"
    assert paused.status == plain.status


def test_a_month_that_one_platform_lacks_is_forecast_with_what_the_others_gave() -> None:
    rows = [
        *monthly("interactions", month("2025-01"), [100.0] * 12),
        *monthly("interactions", month("2026-01"), [100.0] * 7),
        *monthly("interactions", month("2026-09"), [100.0] * 2),
        *monthly("interactions", month("2025-01"), [90.0] * 22, scope="platform=linkedin"),
        *monthly("interactions", month("2025-01"), [10.0] * 19, scope="platform=facebook"),
        *monthly("interactions", month("2026-09"), [10.0] * 2, scope="platform=facebook"),
    ]
    found = evaluated(
        key_result(kpi="interactions", target=1200),
        figures_of(months=rows),
        sources=(LINKEDIN, FACEBOOK),
        forecaster=forecast,
    )
    assert found.prepared.measurement.current == 9 * 100 + 90
    assert found.forecast.mid == pytest.approx(1190.0, rel=0.01)


OWN = [{"id": "net_orders", "title": "Net orders", "kind": "flow", "unit": "orders", "source": "crm"}]
CRM = source("csv", "crm")


@pytest.mark.parametrize(("worst", "status"), [(-90.0, "on_track"), (10.0, "achieved")])
def test_a_figure_that_has_been_below_zero_before_may_take_back_what_a_sum_has(worst: float, status: str) -> None:
    rows = monthly("net_orders", month("2025-01"), [*[100.0] * 11, worst, *[100.0] * 10])
    found = evaluated(
        key_result(kpi="net_orders", target=950), figures_of(months=rows), sources=(CRM,), kpis=OWN, forecaster=forecast
    )
    assert found.status == status


def test_a_month_that_no_row_has_been_given_for_yet_is_not_missing_in_a_sum() -> None:
    """Figures handed in on the tenth: judged on the fourth, on the sixth and on the eleventh."""
    for as_of, given in ((date(2026, 3, 4), 1), (date(2026, 3, 6), 1), (date(2026, 3, 11), 2), (date(2026, 4, 6), 2)):
        rows = monthly("net_orders", month("2026-01"), [100.0] * given, as_of=as_of)
        target = key_result(kpi="net_orders", target=1100)
        found = evaluated(target, figures_of(months=rows), sources=(CRM,), kpis=OWN, as_of=as_of)
        assert (found.status, found.prepared.measurement.current) == ("on_track", 100.0 * given), as_of
