"""What sources say against their figures, on the key results that rest on them; and months nobody compares with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

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


def test_the_month_in_which_an_account_was_first_seen_is_no_month_to_compare_with() -> None:
    progress = judged(first=("2025-03",))
    assert len(progress.prepared.measurement.pairs) == 9
    assert "months_left_out" in codes(progress)
