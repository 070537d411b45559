"""What a key result is compared with, over nights on which that changes: a correction, a break, an emptied file.

Really under test: the whole way from csv to the published table. Figures now and last year's have tests of their own
(``test_csv_home_nights.py``), and so have corrections of the months so far (``test_csv_home_history.py``).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_models.periods import Window
from tests.csv_home import CsvHome


def corrected(home: CsvHome, kpi: str, month: str, value: float) -> CsvHome:
    """The file with another figure in one month's row."""
    home.rows = [
        (when, own, value if (own, when) == (kpi, month) else known, scope) for when, own, known, scope in home.rows
    ]
    return home


def test_a_baseline_corrected_afterwards_is_said_with_how_much(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.own("members", "stock").months("members", "2025-01", [1000] * 12).months("members", "2026-01", [1100] * 6)
    home.own("wait", "ratio", better="lower").months("wait", "2025-01", [20] * 12).months("wait", "2026-01", [18] * 6)
    home.own("share", "ratio").months("share", "2025-01", [40] * 12).months("share", "2026-01", [50] * 6)
    home.result("stock", kpi="members", target="+25%")
    home.result("level", kpi="wait", target={"at_most": 10})
    home.result("start", kpi="share", target="+30%", baseline="start_of_period")
    before = home.night("2026-07-10")
    assert not any("restated" in (row["notes"] or "") for row in before.values())
    assert (before["stock"]["status"], before["stock"]["baseline"]) == ("off_track", 1000)
    corrected(home, "members", "2025-12", 800)
    corrected(home, "wait", "2025-06", 26)
    corrected(home, "share", "2025-12", 44)
    after = home.night("2026-07-11")
    assert (after["stock"]["status"], after["stock"]["baseline"]) == ("on_track", 800)
    assert "restated since: December 2025 (at most −20%)" in after["stock"]["notes"]
    assert "restated since: June 2025 (at most 30%)" in after["level"]["notes"]
    assert "restated since: December 2025 (at most 10%)" in after["start"]["notes"]


@pytest.mark.parametrize(("bridged", "status"), [(None, "cannot_be_judged"), (0.5, "off_track")])
def test_a_start_from_before_a_break_is_no_baseline_unless_it_is_bridged(
    tmp_path: Path, bridged: float | None, status: str
) -> None:
    ratio = {} if bridged is None else {"overlap_ratio": bridged}
    home = CsvHome(tmp_path, source={"breaks": [{"date": "2026-01-01", "reason": "New till"} | ratio]})
    home.own("share", "ratio").months("share", "2025-01", [60] * 12).months("share", "2026-01", [33] * 6)
    found = home.result("start", kpi="share", target="+30%", baseline="start_of_period").night("2026-07-10")["start"]
    assert found["status"] == status
    assert found["baseline"] == (None if bridged is None else 30)
    assert ("baseline restarts on 1 Jan 2026 (New till)" in found["notes"]) == (bridged is None)


def test_a_bound_that_a_months_days_add_up_to_is_inside(tmp_path: Path) -> None:
    """0.1 a day: 3.1000000000000014 in a month of 31 days, 3.0000000000000013 in one of 30."""
    home = CsvHome(tmp_path).own("spill", "flow", source="daily")
    days = Window(date(2026, 1, 1), date(2026, 6, 30))
    home.days("spill", {str(day): 0.1 for day in days})
    home.result("most", kpi="spill", target={"at_most": 3.1, "hold": True})
    home.result("range", kpi="spill", target={"between": [2.8, 3.1]})
    home.result("last", kpi="spill", target={"at_most": 3})
    found = home.night("2026-07-10")
    assert {name: row["raw_progress"] for name, row in found.items()} == {"most": 1, "range": 1, "last": 1}


def test_a_file_of_which_most_has_gone_is_named_until_a_week_has_seen_it(tmp_path: Path) -> None:
    home = CsvHome(tmp_path).own("visits", "flow").months("visits", "2025-01", [100] * 18)
    home.result("visits", kpi="visits", target="+30%")
    assert "less than half" not in (home.night("2026-07-10")["visits"]["notes"] or "")
    home.rows = []
    for night in ("2026-07-11", "2026-07-12"):
        found = home.night(night)["visits"]
        assert found["status"] == "cannot_be_judged"
        assert "own reports: less than half of last week's rows are left" in found["notes"]
    home.months("visits", "2025-01", [100] * 18)
    assert "less than half" not in (home.night("2026-07-13")["visits"]["notes"] or "")


def test_the_next_years_forecasts_are_scored_under_the_same_id_too(tmp_path: Path) -> None:
    """The file's period is moved on: what was achieved the year before settles nothing of this one."""
    home = CsvHome(tmp_path).own("visits", "flow").months("visits", "2024-01", [100.0] * 24)
    home.result("visits", kpi="visits", target="+10%").months("visits", "2026-01", [112.0] * 8).night("2026-09-20")
    home.months("visits", "2026-09", [112.0] * 4)
    assert home.night("2027-01-06")["visits"]["status"] == "achieved"
    home.period = {"start": "2027-01-01", "end": "2027-12-31"}
    said = home.months("visits", "2027-01", [125.0] * 8).night("2027-09-20")["visits"]
    assert home.months("visits", "2027-09", [125.0] * 4).night("2028-01-06")["visits"]["status"] == "achieved"
    scored = home.query("select as_of, probability, outcome from marts.forecast_scores order by as_of")
    assert [row["as_of"] for row in scored] == [date(2026, 9, 20), date(2027, 9, 20)]
    assert (scored[1]["probability"], scored[1]["outcome"]) == (said["probability"], True)
