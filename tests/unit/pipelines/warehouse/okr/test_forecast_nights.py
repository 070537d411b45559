"""Nights over csv figures that a forecast once went wrong on: a spike in the last month, a fall in the running one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from okr_models.periods import month_end
from tests.csv_home import CsvHome


def test_what_once_exploded_or_was_not_seen_is_forecast_soberly_and_with_a_note(tmp_path: Path) -> None:
    luck = np.exp(0.1 * np.random.default_rng(4).standard_normal(58))
    tickets = [round(1250 * value) for value in luck]
    tickets[-1] *= 3
    home = CsvHome(tmp_path)
    home.own("tickets", "flow").months("tickets", "2022-01", tickets)
    home.own("subscribers", "stock", source="daily")
    ends = [month_end(date(2022 + step // 12, step % 12 + 1, 1)) for step in range(58)]
    home.days("subscribers", {str(day): round(1000 * 1.02**step) for step, day in enumerate(ends)})
    home.days("subscribers", {"2026-11-14": 310})
    home.result("tickets", kpi="tickets", target="+30%").result("subscribers", kpi="subscribers", target="+20%")
    rows = home.night("2026-11-20")
    assert rows["tickets"]["forecast_high"] < 2 * max(tickets)
    assert rows["tickets"]["forecast_low"] <= rows["tickets"]["forecast"] <= rows["tickets"]["forecast_high"]
    fallen = rows["subscribers"]
    assert (fallen["status"], fallen["probability"]) == ("off_track", 0.05)
    assert fallen["forecast"] == pytest.approx(315, rel=0.05)
    assert "so far in November 2026" in fallen["notes"]
