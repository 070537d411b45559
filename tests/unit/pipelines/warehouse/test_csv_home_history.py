"""What was known when: nights moved on over one home, a file corrected afterwards, and the past shown and judged again.

Really under test: append-only rows, ``okr status --as-of`` with and without ``--restated``, exports, and scores at the
close, by the commands themselves over figures from csv.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from pipelines.cli.main import okr
from tests.csv_home import CsvHome

BASE = [1000.0] * 24


def command(home: CsvHome, today: str, *arguments: str) -> str:
    done = CliRunner().invoke(
        okr, ["--home", str(home.root), *arguments], env={"OKR_TODAY": today, "COLUMNS": "100", "NO_COLOR": "1"}
    )
    assert done.exit_code == 0, done.output
    return done.output


def rewritten(home: CsvHome, now: list[float]) -> CsvHome:
    """The file as somebody writes it anew, with 2026's months so far."""
    home.rows = [row for row in home.rows if not row[0].startswith("2026")]
    return home.months("visits", "2026-01", now)


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> tuple[CsvHome, str]:
    """Seen on 10 August with growth of 30 %; in November the file says 15 %. With what the command said in August."""
    home = CsvHome(tmp_path_factory.mktemp("home"))
    home.own("visits", "flow").months("visits", "2024-01", BASE).result("visits", kpi="visits", target="+30%")
    rewritten(home, [1300.0] * 7).night("2026-08-10")
    then = command(home, "2026-08-10", "status", "--as-of", "2026-08-10")
    rewritten(home, [1150.0] * 10).night("2026-11-20")
    return home, then


def test_a_past_board_figure_comes_back_as_it_was_shown(corrected: tuple[CsvHome, str]) -> None:
    home, then = corrected
    assert "+30% / +30%" in then
    assert command(home, "2026-11-20", "status", "--as-of", "2026-08-10") == then
    assert "+15% / +30%" in command(home, "2026-11-20", "status")


def test_what_a_later_reading_changed_is_noted_with_how_much(corrected: tuple[CsvHome, str]) -> None:
    assert "restated since: January–July 2026 (at most −12%)" in corrected[0].latest()["visits"]["notes"]


def test_a_day_judged_again_is_forecast_too_and_says_what_changed(corrected: tuple[CsvHome, str]) -> None:
    home, then = corrected
    again = command(home, "2026-11-20", "status", "--as-of", "2026-08-10", "--restated")
    assert "Changed since 10 Aug 2026:" in again
    assert "- visits: now 1,300 → 1,150, progress 100% → 50%, status at risk → off track" in " ".join(again.split())
    rows = home.query(
        "select known_at, raw_progress, probability, status from marts.key_result_progress"
        " where as_of = date '2026-08-10' order by known_at"
    )
    assert [row["status"] for row in rows] == ["at_risk", "off_track"]
    assert all(row["probability"] is not None for row in rows)
    assert rows[1]["raw_progress"] == pytest.approx(0.5)
    assert command(home, "2026-11-20", "status", "--as-of", "2026-08-10") == then, "what was known stays what it was"
    command(home, "2026-11-20", "status", "--as-of", "2026-08-10", "--restated")
    assert len(home.query("select 1 from marts.key_result_progress where as_of = date '2026-08-10'")) == 2


def test_a_day_judged_again_is_checked_as_the_nights_are(corrected: tuple[CsvHome, str], tmp_path: Path) -> None:
    home = CsvHome(shutil.copytree(corrected[0].root, tmp_path / "home", symlinks=True))
    before = home.query("select * from marts.key_result_progress")
    with duckdb.connect(str(home.root / "warehouse" / "okr.duckdb")) as con:
        con.execute("update okr.okr.key_result_progress set raw_progress = raw_progress + 1")
    arguments = ["--home", str(home.root), "status", "--as-of", "2026-08-10", "--restated"]
    done = CliRunner().invoke(okr, arguments, env={"OKR_TODAY": "2026-11-20"})
    assert done.exit_code == 1
    assert "2026-08-10 judged anew was refused" in done.output
    assert "append_only" in done.output
    assert home.query("select * from marts.key_result_progress") == before


def test_a_day_is_judged_again_of_the_client_that_is_asked_for_alone(
    corrected: tuple[CsvHome, str], tmp_path: Path
) -> None:
    home = CsvHome(shutil.copytree(corrected[0].root, tmp_path / "home", symlinks=True))
    (file,) = (home.root / "clients").glob("*.yaml")
    other = file.read_text("utf-8").replace(f"client: {file.stem}\n", "client: other\n")
    (home.root / "clients" / "other.yaml").write_text(other, encoding="utf-8")
    command(home, "2026-11-20", "status", "--client", file.stem, "--as-of", "2026-08-12", "--restated")
    rows = home.query("select distinct client from marts.key_result_progress where as_of = date '2026-08-12'")
    assert rows == [{"client": file.stem}]


def test_a_day_on_which_nothing_changed_says_so(corrected: tuple[CsvHome, str]) -> None:
    assert "Nothing has changed since 20 Nov 2026." in command(
        corrected[0], "2026-11-20", "status", "--as-of", "2026-11-20", "--restated"
    )


def edited(home: CsvHome, *names: str, target: str = "+30%") -> CsvHome:
    """The file with these key results, in this order."""
    home.key_results = []
    for name in names:
        home.result(name, kpi="visits", target=target)
    return home


def notes_of(home: CsvHome, day: str) -> list[str]:
    found = home.query(f"select notes from marts.key_result_progress where as_of = date '{day}' order by known_at")
    return [row["notes"] or "" for row in found]


def test_a_definition_changed_later_is_said_to_have_changed_then_and_not_on_the_day_judged_again(
    tmp_path: Path,
) -> None:
    home = CsvHome(tmp_path)
    rewritten(home.own("visits", "flow").months("visits", "2024-01", BASE), [1150.0] * 10)
    edited(home, "visits").night("2026-11-20")
    edited(home, "visits", target="+20%").night("2026-11-21")
    assert "the definition was changed on 21 Nov 2026" in notes_of(home, "2026-11-21")[-1]
    command(home, "2026-11-24", "status", "--as-of", "2026-11-20", "--restated")
    before, again = notes_of(home, "2026-11-20")
    assert "the definition was changed" not in before
    assert "the definition was changed on 21 Nov 2026" in again
    command(home, "2026-11-25", "status", "--as-of", "2026-11-20", "--restated")
    assert len(notes_of(home, "2026-11-20")) == 2, "judged a third time it comes out the same"
    home.night("2026-11-26")
    assert "the definition was changed on 21 Nov 2026" in notes_of(home, "2026-11-26")[-1]


def test_a_period_moved_on_under_the_same_id_is_no_change_that_a_revision_would_have_said(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.own("visits", "flow").months("visits", "2024-01", BASE).result("visits", kpi="visits", target="+30%")
    home.period = {"start": "2026-01-01", "end": "2026-03-31"}
    rewritten(home, [1150.0] * 3).night("2026-04-06")
    home.period = {"start": "2026-04-01", "end": "2026-06-30"}
    rewritten(home, [1150.0] * 3)
    assert "the definition was changed" not in home.night("2026-04-10")["visits"]["notes"]
    rewritten(home, [1150.0] * 4)
    assert "the definition was changed" not in (home.night("2026-05-06")["visits"]["notes"] or "")
    said = command(home, "2026-05-06", "status", "--since", "30d")
    assert "visits: new, " in said, "not what the last quarter's was"
    home.key_results[0]["target"] = "+20%"
    assert "the definition was changed on 7 May 2026" in home.night("2026-05-07")["visits"]["notes"]


def test_a_source_that_is_renamed_changes_no_definition_and_parts_no_forecast_from_its_outcome(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.own("visits", "flow").months("visits", "2024-01", BASE).result("visits", kpi="visits", target="+30%")
    rewritten(home, [1220.0] * 8).night("2026-09-20")
    for name, formerly in (("crm", ["own"]), ("till", ["own", "crm"])):
        home.source, home.kpis[0]["source"] = {"id": name, "formerly": formerly}, name
        day = "2026-09-21" if name == "crm" else "2026-09-22"
        assert "the definition was changed" not in (home.night(day)["visits"]["notes"] or "")
    rewritten(home, [1220.0] * 12).night("2027-01-06")
    assert len(home.query("select 1 from marts.forecast_scores")) == 3


def test_a_definition_that_no_night_has_seen_yet_was_changed_on_the_day_on_which_it_is_judged_by(
    tmp_path: Path,
) -> None:
    home = CsvHome(tmp_path)
    rewritten(home.own("visits", "flow").months("visits", "2024-01", BASE), [1150.0] * 10)
    edited(home, "visits").night("2026-11-20")
    edited(home, "visits", target="+20%").write()
    for _ in range(2):
        command(home, "2026-11-23", "status", "--as-of", "2026-11-20", "--restated")
        assert ["the definition was changed on 23 Nov 2026" in each for each in notes_of(home, "2026-11-20")] == [
            False,
            True,
        ]
    home.night("2026-11-24")
    assert "the definition was changed on 23 Nov 2026" in notes_of(home, "2026-11-24")[-1]


def test_a_past_night_lists_key_results_as_its_file_did(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    rewritten(home.own("visits", "flow").months("visits", "2024-01", BASE), [1150.0] * 10)
    edited(home, "zeta", "alpha", "mid").night("2026-11-20")
    then = command(home, "2026-11-20", "status", "--as-of", "2026-11-20")
    assert listed(then) == ["zeta", "alpha", "mid"]
    edited(home, "mid", "new").night("2026-11-21")
    assert listed(command(home, "2026-11-21", "status")) == ["mid", "new"]
    assert listed(command(home, "2026-11-21", "status", "--as-of", "2026-11-20")) == ["zeta", "alpha", "mid"]
    command(home, "2026-11-21", "export", "--as-of", "2026-11-20", "--out", str(tmp_path / "then"))
    report = next((tmp_path / "then").rglob("acme/report.html")).read_text("utf-8")
    assert sorted(("zeta", "alpha", "mid"), key=lambda name: report.index(f">{name}<")) == ["zeta", "alpha", "mid"]


def listed(text: str) -> list[str]:
    """Key results in the order in which a status table has them."""
    return [word for line in text.splitlines() for word in line.split()[:1] if word in {"zeta", "alpha", "mid", "new"}]


def test_the_same_inputs_add_no_row_and_write_the_same_bytes(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.own("visits", "flow").months("visits", "2024-01", BASE).result("visits", kpi="visits", target="+30%")
    rewritten(home, [1200.0] * 5).night("2026-06-20")
    first, rows = home.exports(), home.query("select * from marts.key_result_progress")
    home.night("2026-06-20")
    assert home.exports() == first
    assert home.query("select * from marts.key_result_progress") == rows
    rewritten(home, [1250.0] * 5).night("2026-06-20")
    known = home.query("select known_at, raw_progress from marts.key_result_progress order by known_at")
    assert [round(row["raw_progress"], 3) for row in known] == [0.667, 0.833]
    assert (known[1]["known_at"] - known[0]["known_at"]).total_seconds() == 1


def test_forecasts_are_scored_when_the_year_has_closed_a_stretch_goal_by_its_own_line(tmp_path: Path) -> None:
    home = CsvHome(tmp_path)
    home.own("visits", "flow").months("visits", "2024-01", BASE)
    home.result("committed", kpi="visits", target="+30%")
    home.result("stretch", kpi="visits", target="+30%", ambition="stretch")
    said = rewritten(home, [1220.0] * 8).night("2026-09-20")
    assert home.query("select * from marts.forecast_scores") == []
    closed = rewritten(home, [1220.0] * 12).night("2027-01-06")
    assert {name: row["status"] for name, row in closed.items()} == {"committed": "out_of_reach", "stretch": "achieved"}
    scores = {row["key_result_id"]: row for row in home.query("select * from marts.forecast_scores")}
    assert {name: row["outcome"] for name, row in scores.items()} == {"committed": False, "stretch": True}
    for name, row in scores.items():
        assert row["probability"] == said[name]["probability"]
        assert row["brier"] == pytest.approx((row["probability"] - row["outcome"]) ** 2)
        assert row["is_inside"] == (said[name]["forecast_low"] <= 1220 <= said[name]["forecast_high"])
