"""What sources say against their figures, on the key results that rest on them; and months nobody compares with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.hubspot.settings import HubSpot
from connectors.search_console.settings import SearchConsole
from okr_models.client.sources import EnvRef
from okr_models.progress.figures import SourceDoubt
from tests.unit.okr_figures import codes, evaluated, figures_of, key_result, month, monthly

SPRING = (date(2025, 2, 1), date(2025, 2, 28))


def judged(*doubts: SourceDoubt, first: tuple[str, ...] = (), **settings: Any) -> Any:
    rows = monthly("unique_visitors", month("2025-01"), [100.0] * 22)
    rows = [row | {"is_first": f"{row['month']:%Y-%m}" in first} for row in rows]
    return evaluated(key_result(**({"target": "+30%"} | settings)), replace(figures_of(months=rows), doubts=doubts))


def test_a_doubt_in_the_months_that_are_compared_with_is_said_too() -> None:
    sampled = SourceDoubt(source="web", stream="web_monthly", code="sampled", since=SPRING[0], until=SPRING[1])
    assert "doubt_sampled" in codes(judged(sampled))
    assert "doubt_sampled" not in codes(judged(sampled, baseline={"value": 90})), "no month of last year counts"
    assert "doubt_sampled" not in codes(judged(replace(sampled, stream="search_daily")))


def test_csv_rows_that_differ_are_said_where_they_are_history_of_the_kpi() -> None:
    differ = SourceDoubt(source="web", stream="own_metrics", code="rows_differ", since=SPRING[0], until=SPRING[0])
    assert "doubt_rows_differ" in codes(judged(replace(differ, kpis=frozenset({"unique_visitors"}))))
    assert "doubt_rows_differ" not in codes(judged(replace(differ, kpis=frozenset({"sessions"}))))


def test_a_doubt_about_amounts_is_none_about_how_many_deals_were_won() -> None:
    crm = HubSpot(id="crm", token=EnvRef(env="T"))
    amounts = SourceDoubt(
        source="crm", stream="deals_daily", code="amounts_missing", kpis=frozenset({"deals_won_amount"})
    )

    def is_said(kpi: str, doubt: SourceDoubt) -> bool:
        figures = replace(figures_of(months=monthly(kpi, month("2026-01"), [100.0] * 6)), doubts=(doubt,))
        return "doubt_amounts_missing" in codes(evaluated(key_result(kpi=kpi, target=10), figures, sources=(crm,)))

    assert is_said("deals_won_amount", amounts)
    assert not is_said("deals_won", amounts)
    assert is_said("deals_won", replace(amounts, kpis=frozenset()))


def test_the_month_in_which_an_account_was_first_seen_is_no_month_to_compare_with() -> None:
    progress = judged(first=("2025-03",))
    assert len(progress.prepared.measurement.pairs) == 9
    assert "months_left_out" in codes(progress)


@pytest.mark.parametrize(
    ("kpi", "settings", "said"),
    [
        ("search_impressions", {"target": "+30%"}, {"impressions_miscounted", "fewer_results_shown"}),
        ("search_position", {"target": "-10%"}, {"impressions_miscounted", "fewer_results_shown"}),
        ("search_impressions", {"target": "+30%", "baseline": {"value": 900}}, {"impressions_miscounted"}),
        ("search_clicks", {"target": "+30%"}, set()),
        ("search_position", {"target": {"at_most": 10}}, set()),
    ],
)
def test_growth_of_what_google_counted_wrongly_says_so(kpi: str, settings: dict[str, Any], said: set[str]) -> None:
    site = SearchConsole(id="gsc", site_url="sc-domain:example.se", credentials=EnvRef(env="K"))
    figures = figures_of(months=monthly(kpi, month("2025-01"), [100.0] * 22, closing_days=10))
    found = evaluated(key_result(kpi=kpi, **settings), figures, sources=(site,))
    assert set(codes(found)) & {"impressions_miscounted", "fewer_results_shown"} == said
    assert not set(codes(evaluated(key_result(kpi=kpi, **settings), figures))) & said, "history of another source"
