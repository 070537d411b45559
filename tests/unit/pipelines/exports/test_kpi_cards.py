"""A KPI's card: a rate and its change are said so that nobody takes one for the other."""

from __future__ import annotations

from datetime import date

from okr_models.words.numbers import ENGLISH, SWEDISH, Speech
from pipelines.exports.reader import Reader
from pipelines.exports.report.kpi_cards import KpiView, kpi_section
from pipelines.exports.report.queries import Month


def card(kpi: str, before: float, now: float, *, unit: str, kind: str, speech: Speech = SWEDISH) -> KpiView:
    months = {
        day: Month(month=day, value=value, unit=unit, kind=kind, is_closed=True, is_estimated=False)
        for day, value in ((date(2025, 10, 1), before), (date(2026, 10, 1), now))
    }
    return kpi_section({(kpi, "all"): months}, Reader(client="x", name="x", speech=speech)).cards[0]


def test_a_small_rate_keeps_a_decimal_and_changes_by_points() -> None:
    """ "4 % ↗ +0,1 % på ett år" was read as growth by a thousandth."""
    shown = card("conversion_rate", 0.0424, 0.0436, unit="share", kind="ratio")
    assert (shown.value, shown.change, shown.tone) == ("4,4\xa0%", "↗ +0,1 procentenheter på ett år", "good")
    english = card("conversion_rate", 0.31, 0.28, unit="share", kind="ratio", speech=ENGLISH)
    assert (english.value, english.change, english.tone) == ("28%", "↘ −3.0 percentage points in a year", "bad")


def test_what_reads_as_no_change_points_nowhere() -> None:
    rate = card("conversion_rate", 0.0446, 0.0450, unit="share", kind="ratio")
    assert (rate.change, rate.tone) == ("→ 0,0 procentenheter på ett år", "flat")
    sum_ = card("sessions", 1_000_000.0, 1_000_010.0, unit="sessions", kind="flow")
    assert (sum_.change, sum_.tone) == ("→ 0\xa0% på ett år", "flat")
