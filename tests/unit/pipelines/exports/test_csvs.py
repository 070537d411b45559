"""The exported files: their columns, their bytes, and that no spreadsheet runs what a title says.

Really under test: ``pipelines/exports/{files,cells,csvs}.py`` over a published database of the declared shape.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.exports.cells import DIALECTS, NotAFigure, cell, harmless, number
from pipelines.exports.csvs import export_agency, export_client
from pipelines.exports.files import TEAM_FILES
from pipelines.exports.report.queries import items_of
from tests.unit.published_fixture import AS_OF, HOSTILE, KNOWN_AT, build_published, insert


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with build_published() as connection:
        insert(
            connection, "marts.checkins", client="fjallglas", objective_id="awareness", key_result_id="visitors",
            checked_on=AS_OF, by="anna", confidence=0.6, text="t", next="", known_at=KNOWN_AT,
        )  # fmt: skip
        yield connection


def read(path: Path, *, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_every_file_of_the_interface_is_written_with_exactly_its_columns(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    written = export_client(con, "fjallglas", tmp_path)
    assert {path.name for path in written} == {
        *("key_results.csv", "objectives.csv", "kpis_monthly.csv", "blog_posts.csv", "social_posts.csv"),
        *("key_result_items.csv", "initiatives.csv", "history.csv", "checkins.csv"),
    }
    for path, file in zip(written, TEAM_FILES, strict=True):
        rows = read(path)
        assert rows, f"{path.name} has no row"
        assert tuple(rows[0]) == file.columns
        assert "known_at" not in rows[0]


def test_only_the_newest_night_is_in_key_results_and_every_night_in_history(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    export_client(con, "fjallglas", tmp_path)
    assert {row["as_of"] for row in read(tmp_path / "key_results.csv")} == {AS_OF.isoformat()}
    history = [row for row in read(tmp_path / "history.csv") if row["key_result_id"] == "visitors"]
    assert [row["as_of"] for row in history] == ["2026-10-21", "2026-11-19", "2026-11-20"]


def test_an_item_that_a_later_reading_of_the_same_night_no_longer_has_is_gone(tmp_path: Path) -> None:
    """A post deleted between two runs of one night stayed among the items: each was taken at its own newest row."""
    with build_published() as con:
        columns = "client, objective_id, key_result_id, as_of, item_id, title, url, published_at, value, threshold"
        later = KNOWN_AT + timedelta(minutes=5)
        con.execute(
            f"insert into marts.key_result_items by name select {columns}, outcome, decided_on, $later as known_at"
            " from marts.key_result_items where item_id <> (select min(item_id) from marts.key_result_items)",
            {"later": later},
        )
        con.execute(
            "insert into marts.key_result_progress by name"
            " select * replace ($later as known_at) from marts.key_result_progress"
            " where key_result_id in (select key_result_id from marts.key_result_items) and as_of = $as_of",
            {"later": later, "as_of": AS_OF},
        )
        before = con.execute("select count(distinct item_id) from marts.key_result_items").fetchone()
        export_client(con, "fjallglas", tmp_path)
        shown = items_of(con, "fjallglas", as_of=None, restated=False, zone="Europe/Stockholm")
    assert before is not None
    assert len(read(tmp_path / "key_result_items.csv")) == len(shown) == before[0] - 1


def test_a_rerun_writes_the_same_bytes_and_leaves_no_part_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in export_client(con, "fjallglas", tmp_path / "a")}
    second = {path.name: path.read_bytes() for path in export_client(con, "fjallglas", tmp_path / "b")}
    assert first == second
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_an_earlier_day_shows_what_was_known_then_and_restated_what_is_known_now(tmp_path: Path) -> None:
    with build_published() as con:
        earlier = AS_OF - timedelta(days=1)
        con.execute(
            "insert into marts.key_result_progress by name select * replace ("
            "  timestamptz '2026-11-20 09:00:00+00' as known_at, 'restated' as input_hash)"
            "  from marts.key_result_progress where as_of = ?",
            [earlier],
        )
        export_client(con, "fjallglas", tmp_path / "then", as_of=earlier)
        export_client(con, "fjallglas", tmp_path / "now", as_of=earlier, restated=True)
    then, now = (read(tmp_path / name / "key_results.csv") for name in ("then", "now"))
    assert {row["as_of"] for row in then} == {row["as_of"] for row in now} == {earlier.isoformat()}
    assert {row["input_hash"] for row in then} == {"h1"}
    assert {row["input_hash"] for row in now} == {"restated"}
    assert all(row["published_at"][:10] <= earlier.isoformat() for row in read(tmp_path / "then" / "blog_posts.csv"))


def test_a_client_without_data_gets_headers_and_nothing_else(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for path, file in zip(export_client(con, "lindhs", tmp_path), TEAM_FILES, strict=True):
        assert path.read_bytes().decode() == ",".join(file.columns) + "\r\n"


def test_the_board_gets_no_key_result_anywhere(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    written = export_client(con, "fjallglas", tmp_path, audience="board")
    assert {path.name for path in written} == {"objectives.csv", "kpis_monthly.csv", "initiatives.csv"}
    for path in written:
        header = path.read_text().splitlines()[0]
        assert "key_result" not in header
        assert "Fler unika besökare" not in path.read_text()


def test_the_agency_file_holds_every_client_at_its_own_newest_night(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (path,) = export_agency(con, tmp_path)
    assert [row["client"] for row in read(path)] == ["fjallglas"] * 6 + ["skargard"] * 2


def test_the_swedish_dialect_has_semicolons_decimal_commas_and_a_byte_order_mark(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    export_client(con, "fjallglas", tmp_path, dialect="excel-sv")
    raw = (tmp_path / "key_results.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfclient;objective_id;")
    followers = next(r for r in read(tmp_path / "key_results.csv", delimiter=";") if r["key_result_id"] == "followers")
    assert followers["progress"] == "0,853"
    ids = {r["post_id"] for r in read(tmp_path / "social_posts.csv", delimiter=";")}
    assert "'17841400000000001" in ids, "a spreadsheet would round an id of 17 digits"


def test_missing_is_an_empty_cell_and_never_zero(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    export_client(con, "skargard", tmp_path)
    likes = next(row for row in read(tmp_path / "key_results.csv") if row["key_result_id"] == "likes")
    assert likes["current"] == likes["progress"] == likes["data_through"] == ""


def test_a_hostile_title_reaches_no_cell_as_a_formula(tmp_path: Path) -> None:
    with build_published() as con:
        con.execute("update marts.blog_posts set title = ?", ['=HYPERLINK("http://x";"y")\r\n+1'])
        for dialect in ("standard", "excel-sv"):
            export_client(con, "fjallglas", tmp_path, dialect=dialect)  # type: ignore[arg-type]
            rows = read(tmp_path / "blog_posts.csv", delimiter=DIALECTS[dialect].delimiter)
            assert {row["title"] for row in rows} == {'\'=HYPERLINK("http://x";"y")\r\n+1'}


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\x00", "\u202e=", "\uff1d1+1"])
def test_text_that_a_spreadsheet_could_run_is_led_by_an_apostrophe(start: str) -> None:
    assert harmless(start) == f"'{start}"


@pytest.mark.parametrize("text", ["", "Fler besökare", "1-2", "a=b", HOSTILE])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_negative_numbers_are_numbers_and_not_guarded() -> None:
    assert cell(-12.5, column="x", dialect=DIALECTS["excel-sv"]) == "-12,5"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.3"), (1234.0, "1234"), (-0.0, "0"), (0.00001, "0.00001"), (1e22, "1E+22"), (float("nan"), "")],
)
def test_a_double_is_written_without_its_noise(value: float, text: str) -> None:
    assert number(value, column="x") == text


def test_an_infinity_is_refused_by_name() -> None:
    with pytest.raises(NotAFigure, match="column progress"):
        number(float("inf"), column="progress")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-(10**16), 10**16, places=6).map(float))
def test_a_figure_is_the_shortest_text_of_its_twelve_digits(value: float) -> None:
    text = number(value, column="c")
    assert Decimal(text) == Decimal(repr(float(f"{value:.12g}")))
    assert not re.search(r"\.\d*0$|\.$|^-0$|^0\d|\+\d", text.partition("E")[0])


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_any_double_reads_back_to_twelve_digits(value: float) -> None:
    assert float(number(value, column="x")) == pytest.approx(value, rel=1e-11, abs=0)


@given(st.text(max_size=40))
def test_any_text_survives_the_file_and_starts_with_nothing_dangerous(text: str) -> None:
    guarded = harmless(text)
    assert guarded.removeprefix("'") == text.removeprefix("'")
    assert guarded[:1] not in {*"=+-@\t\r\n"} or guarded == ""


def test_an_instant_is_iso_in_utc_and_a_day_is_a_day() -> None:
    standard = DIALECTS["standard"]
    assert cell(datetime(2026, 3, 1, 12, 30, tzinfo=UTC), column="x", dialect=standard) == "2026-03-01T12:30:00Z"
    assert cell(date(2026, 3, 1), column="x", dialect=standard) == "2026-03-01"
    assert KNOWN_AT.tzinfo is UTC
