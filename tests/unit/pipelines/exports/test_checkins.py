"""Check-ins beside what is measured, in words of both languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from okr_models.words.numbers import ENGLISH, SWEDISH
from pipelines.exports.checkins import Said, checkin_line, checkins_of
from pipelines.exports.csvs import export_client
from pipelines.exports.report.client import render_client
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import HOSTILE, KNOWN_AT, build_published, insert

AS_OF = date(2026, 11, 20)
SAID = Said(checked_on=date(2026, 11, 3), by="anna", confidence=0.6, text="Två i veckan", next="Fråga butikerna")


def line(said: Said | None, speech=SWEDISH, *, status: str = "at_risk") -> str:  # type: ignore[no-untyped-def]
    found = {("o", "other"): SAID} | ({("o", "k"): said} if said else {})
    return checkin_line(found, objective="o", key_result="k", status=status, as_of=AS_OF, speech=speech)


def test_it_is_dated_and_an_old_one_is_missed() -> None:
    assert line(SAID) == (
        "Avstämning 3 nov (anna): 60 % säker. Två i veckan. Nästa steg: Fråga butikerna. Ingen avstämning sedan 3 nov."
    ).replace("60 %", "60\u00a0%")
    assert line(SAID, ENGLISH).endswith("Next: Fråga butikerna. No check-in since 3 Nov.")
    assert "sedan" not in line(SAID, status="achieved")


def test_one_that_nobody_checked_in_is_named_where_others_were() -> None:
    assert line(None) == "Ingen avstämning än."
    assert line(None, status="out_of_reach") == ""
    assert checkin_line({}, objective="o", key_result="k", status="at_risk", as_of=AS_OF, speech=SWEDISH) == ""


@pytest.mark.parametrize("is_kept", [True, False], ids=["published now", "published by an older version"])
def test_of_one_days_the_last_that_was_written_is_said(is_kept: bool) -> None:
    """Two of them say something of one key result on one day, of whom the first is so by name too."""
    with build_published() as con:
        for place, who in enumerate(("anna", "zed"), start=1):
            insert(
                con, "marts.checkins", client="fjallglas", objective_id="awareness", key_result_id="visitors",
                checked_on=date(2026, 11, 18), by=who, confidence=0.5, text="t", next="", known_at=KNOWN_AT,
                position=place,
            )  # fmt: skip
        if not is_kept:
            con.execute("alter table marts.checkins drop column position")
        said = checkins_of(con, "fjallglas", as_of=None)["awareness", "visitors"]
    assert said.by == ("zed" if is_kept else "anna")


def test_the_report_and_the_csv_have_them_and_nothing_in_them_is_markup(tmp_path: Path) -> None:
    with build_published() as con:
        insert(
            con, "marts.checkins", client="fjallglas", objective_id="awareness", key_result_id="visitors",
            checked_on=date(2026, 11, 18), by="=1+1", confidence=0.45, text=HOSTILE[:60], next="", known_at=KNOWN_AT,
        )  # fmt: skip
        page = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
        board = render_client(con, FJALLGLAS, tmp_path / "board", audience="board").read_text("utf-8")
        export_client(con, "fjallglas", tmp_path)
    assert "Avstämning 18 nov" in page
    assert "Ingen avstämning än." in page
    assert "<script>alert" not in page
    assert "Avstämning" not in board
    assert "'=1+1,0.45,\"<script>" in (tmp_path / "checkins.csv").read_text("utf-8")
