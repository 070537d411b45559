"""A jump from csv history to an account's own first reading, and a stock that moves far in the running month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from okr_models.client.sources import SourceSettings
from okr_models.forecast.forecast import forecast
from okr_models.periods import month_end
from okr_models.progress.evaluation import KeyResultProgress
from okr_models.words.notes import sentences
from okr_models.words.numbers import Speech
from tests.unit.okr_figures import daily, evaluated, figures_of, key_result, month, monthly, source

COUNTED = [1000.0 + 10 * step for step in range(24)]
"""Followers counted by hand at the ends of 2024's and 2025's months."""


def judged(
    first_reading: float, *, linkedin: SourceSettings | None = None, zeros: Sequence[date] = (), **kr: Any
) -> KeyResultProgress:
    """History to the end of 2025; the account itself is read from 10 January 2026 on, rising by two a day."""
    read = [date.fromordinal(date(2026, 1, 10).toordinal() + step) for step in range(40)]
    days = {day: first_reading + 2.0 * step for step, day in enumerate(read)}
    ends = {month_end(month(f"{2024 + step // 12}-{step % 12 + 1:02}")): value for step, value in enumerate(COUNTED)}
    figures = figures_of(
        months=monthly("followers", month("2024-01"), COUNTED, scope="platform=linkedin", origin="history"),
        days=[
            *daily("followers", ends, scope="platform=linkedin", origin="history"),
            *daily("followers", days, scope="platform=linkedin"),
            *daily("followers", dict.fromkeys(zeros, 0.0), scope="platform=linkedin"),
        ],
    )
    return evaluated(
        key_result(kpi="followers", target="+25%", **kr),
        figures,
        sources=(linkedin or source("linkedin"),),
        as_of=date(2026, 2, 20),
        forecaster=forecast,
    )


def notes(result: KeyResultProgress) -> str:
    return "; ".join(sentences(result.notes, Speech("en")))


def test_a_reading_far_from_the_history_is_a_break_until_the_file_says_otherwise() -> None:
    found = judged(800.0)
    assert found.status == "cannot_be_judged"
    assert "its own first reading on 10 Jan 2026 lies −35% from the figures of own reports" in notes(found)
    assert "baseline restarts on 10 Jan 2026 (LinkedIn)" in notes(found)


def test_the_zeros_before_the_account_opened_are_no_first_reading() -> None:
    opened = source("linkedin", opened=date(2024, 1, 10))
    found = judged(800.0, linkedin=opened, zeros=[date(2024, 1, day) for day in range(1, 10)])
    assert "its own first reading on 10 Jan 2026 lies −35% from the figures of own reports" in notes(found)


@pytest.mark.parametrize("ratio", [1, 0.65])
def test_a_ratio_in_the_file_bridges_it(ratio: float) -> None:
    breaks = [{"date": date(2026, 1, 10), "reason": "Own readings", "overlap_ratio": ratio}]
    found = judged(800.0, linkedin=source("linkedin", breaks=breaks))
    assert found.prepared.measurement.baseline == pytest.approx(1230 * ratio)
    assert "csv" not in notes(found).replace("history from csv", "")


def test_a_break_in_the_file_without_a_ratio_speaks_for_itself() -> None:
    breaks = [{"date": date(2026, 1, 3), "reason": "Pages merged"}]
    found = judged(800.0, linkedin=source("linkedin", breaks=breaks))
    assert "baseline restarts on 3 Jan 2026 (Pages merged)" in notes(found)
    assert "counts as a changed measurement" not in notes(found)


def test_a_reading_near_the_history_is_no_break() -> None:
    found = judged(1100.0)
    assert found.prepared.measurement.baseline == 1230
    assert "counts as a changed measurement" not in notes(found)


def test_a_first_reading_long_after_the_history_may_well_differ() -> None:
    figures = figures_of(
        months=monthly("followers", month("2024-01"), COUNTED, scope="platform=linkedin", origin="history"),
        days=daily("followers", {date(2026, 6, 10): 2000.0}, scope="platform=linkedin"),
    )
    found = evaluated(
        key_result(kpi="followers", target="+25%"), figures, sources=(source("linkedin"),), as_of=date(2026, 6, 20)
    )
    assert found.prepared.measurement.baseline == 1230


def test_a_stock_that_fell_in_the_running_month_is_off_track_and_says_how_far() -> None:
    values = [1000 * 1.02**step for step in range(46)]
    rows = monthly("followers", month("2023-01"), values, as_of=date(2026, 11, 20), scope="platform=linkedin")
    days = daily("followers", {date(2026, 11, 14): 240.0}, scope="platform=linkedin")
    found = evaluated(
        key_result(kpi="followers", target="+20%"),
        figures_of(months=rows, days=days),
        sources=(source("linkedin"),),
        as_of=date(2026, 11, 20),
        forecaster=forecast,
    )
    assert (found.status, found.forecast.probability) == ("off_track", 0.05)
    assert found.forecast.mid == pytest.approx(245, rel=0.05)
    assert "−90% so far in November 2026" in notes(found)


def test_a_stock_that_goes_on_as_before_says_nothing_of_the_running_month() -> None:
    values = [1000 * 1.02**step for step in range(46)]
    rows = monthly("followers", month("2023-01"), values, as_of=date(2026, 11, 20), scope="platform=linkedin")
    days = daily("followers", {date(2026, 11, 14): values[-1] * 1.01}, scope="platform=linkedin")
    found = evaluated(
        key_result(kpi="followers", target="+20%"),
        figures_of(months=rows, days=days),
        sources=(source("linkedin"),),
        as_of=date(2026, 11, 20),
        forecaster=forecast,
    )
    assert "so far in November" not in notes(found)
    assert found.status == "on_track"
