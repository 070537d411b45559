"""What was known when, of clients whose date is another than Stockholm's as the night runs.

Really under test: ``okr status --as-of``, exports and what changed since a week before, over nights of a csv home.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr
from pipelines.exports.published import next_night
from tests.csv_home import CsvHome


@pytest.mark.parametrize(
    ("zone", "last"),
    [
        ("Europe/Stockholm", datetime(2026, 8, 11, 3, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 8, 11, 3, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 8, 12, 3, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2026, 8, 12, 3, tzinfo=UTC)),
    ],
)
def test_the_next_night_is_the_first_on_a_later_date_of_the_clients(zone: str, last: datetime) -> None:
    assert next_night(date(2026, 8, 10), ZoneInfo(zone)) == last


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "America/New_York", "Europe/Stockholm", "Pacific/Auckland"])
def test_a_night_is_shown_by_its_own_day_and_what_changed_is_since_the_week_before(tmp_path: Path, zone: str) -> None:
    """A client in America was shown the night before the one asked for, and of the first none; and each week every item
    ever decided was news."""
    home = CsvHome(tmp_path, client={"timezone": zone})
    home.own("visits", "flow", source="daily").result("visits", kpi="visits", target=1000)
    for day in range(1, 20):
        home.days("visits", {f"2026-08-{day:02}": 10.0})
    nights = ["2026-08-12", "2026-08-13", "2026-08-20"]
    for today in nights:
        home.night(today)
    rows = {
        str(row["as_of"]): row["current"] for row in home.query("select as_of, current from marts.key_result_progress")
    }
    assert len(rows) == 3
    for as_of, current in rows.items():
        done = CliRunner().invoke(
            okr,
            ["--home", str(home.root), "status", "--as-of", as_of],
            env={"OKR_TODAY": "2026-08-20", "COLUMNS": "100"},
        )
        assert done.exit_code == 0, done.output
        assert f"{current:.0f} / 1,000" in done.output
    out = tmp_path / "out"
    second = sorted(rows)[1]
    CliRunner().invoke(
        okr,
        ["--home", str(home.root), "export", "--as-of", second, "--out", str(out)],
        env={"OKR_TODAY": "2026-08-20"},
    )
    for folder in ("acme", "_agency"):
        (line,) = [
            each
            for each in (out / folder / "key_results.csv").read_text("utf-8").splitlines()
            if each.startswith("acme")
        ]
        assert f",{second}," in line
    home.exports()
    changes = (home.home.exports / "acme" / "changes.csv").read_text("utf-8")
    assert second in changes
