"""Forecasts from a csv to the table and to the reader's words, where the newest figure is unlike all before it.

Really under test: the whole way; how a forecast is made and bounded is ``tests/unit/okr_models/forecast``'s.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.csv_home import CsvHome
from tests.unit.pipelines.warehouse.test_csv_home_history import command

MONTH_ENDS = ("31", "28", "31", "30", "31", "30", "31", "31", "30", "31", "30", "31")


def test_a_spike_in_the_last_month_makes_no_forecast_that_the_series_has_never_been_near(tmp_path: Path) -> None:
    home = CsvHome(tmp_path).own("tickets", "flow", unit="tickets")
    months = np.arange(49)
    luck = np.exp(0.12 * np.random.default_rng(4).standard_normal(49))
    values = [round(value) for value in 1240 * np.exp(0.2 * np.cos(2 * np.pi * months / 12)) * luck]
    values[-2:] = [round(1.5 * values[-2]), round(5.5 * values[-1])]
    home.months("tickets", "2022-01", values).result("more", kpi="tickets", target="+30%")
    row = home.night("2026-02-10")["more"]
    year_before = sum(values[36:48]) / 12
    assert row["forecast_low"] < row["forecast"] < row["forecast_high"]
    assert row["forecast_high"] < 4 * year_before, "it never grew to anything near that"
    assert row["probability"] is not None


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> CsvHome:
    """Subscribers that grow 2 % a month until the list is cleaned on 14 November."""
    home = CsvHome(tmp_path_factory.mktemp("home")).own("subscribers", "stock", unit="people", source="daily")
    ends = [f"{2022 + n // 12}-{n % 12 + 1:02}-{MONTH_ENDS[n % 12]}" for n in range(58)]
    home.days("subscribers", {day: round(1000 * 1.02**n) for n, day in enumerate(ends)} | {"2026-11-14": 300})
    home.result("more", kpi="subscribers", target="+20%").night("2026-11-20")
    return home


def test_a_stock_that_collapsed_in_the_running_month_is_judged_by_what_is_left(cleaned: CsvHome) -> None:
    row = cleaned.latest()["more"]
    assert (row["current"], row["status"], row["probability"]) == (300.0, "off_track", 0.05)
    assert row["raw_progress"] < -4
    assert row["forecast_high"] < 1000
    assert "90%" in row["notes"]
    assert "November" in row["notes"]


def test_its_reader_is_told_of_the_fall_and_of_no_success(cleaned: CsvHome) -> None:
    said = " ".join(command(cleaned, "2026-11-20", "status").split())
    assert "off track" in said
    assert "on track" not in said
    assert "probability 5%" in said
