"""What changed since an earlier night: in the report, in words, in ``changes.csv``; and the months that stay."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from okr_models.changes.model import OTHER, Changed, Part
from okr_models.words.numbers import ENGLISH
from pipelines.exports.all import export_all
from pipelines.exports.published import read_status
from pipelines.exports.reader import reader_of
from pipelines.exports.report.client import render_client
from pipelines.exports.since import Since, changes_since, closed_months, progress_by_night
from pipelines.exports.since_words import COLUMNS, ago, block, rows
from tests.unit.published_clients import FJALLGLAS
from tests.unit.published_fixture import AS_OF, build_published, insert

EARLIER = AS_OF - timedelta(days=9)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two nights: on the first one visitors were worse off, followers fewer and a post open that is met now."""
    with one_night() as connection:
        night(connection, EARLIER)
        connection.execute(
            "update marts.key_result_progress set status = 'off_track', raw_progress = raw_progress - 0.2"
            " where key_result_id = 'visitors' and as_of = ?",
            [EARLIER],
        )
        yield connection


@contextmanager
def one_night() -> Iterator[duckdb.DuckDBPyConnection]:
    with build_published() as connection:
        for table in ("key_result_progress", "objective_progress", "key_result_items"):
            connection.execute(f"delete from marts.{table} where as_of <> ?", [AS_OF])
        yield connection


def night(con: duckdb.DuckDBPyConnection, day: date) -> None:
    """The fixture's one night once more, as an earlier one."""
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    for table in ("key_result_progress", "objective_progress", "key_result_items"):
        con.execute(
            f"insert into marts.{table} select * replace ($day as as_of, $at as known_at) from marts.{table}"
            " where as_of = $now",
            {"day": day, "at": at, "now": AS_OF},
        )


def lines(con: duckdb.DuckDBPyConnection, **asked: object) -> list[str]:
    told = block(
        changes_since(con, read_status(con, "fjallglas"), **asked),  # type: ignore[arg-type]
        reader_of(FJALLGLAS),
        with_results=True,
    )
    assert told is not None
    return [f"{line.title}: {line.said}" for line in told.lines] or [told.rest]


def test_a_flip_and_the_progress_behind_it_are_told(con: duckdb.DuckDBPyConnection) -> None:
    (line,) = lines(con)
    assert " → " in line
    assert "framsteg" in line


def test_what_moved_a_stock_adds_up_to_the_change(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update marts.key_result_progress set kind = 'stock', first_month = null, last_month = null,"
        " data_through = as_of - 1, current = if(as_of = $now, 6450, 6400), raw_progress = if(as_of = $now, 0.6, 0.5)"
        " where key_result_id = 'followers' and client = 'fjallglas'",
        {"now": AS_OF},
    )
    for day, linkedin, facebook in ((EARLIER, 3000, 3400), (AS_OF, 3060, 3385)):
        for scope, value in (("platform=linkedin", linkedin), ("platform=facebook", facebook)):
            insert(
                con, "marts.kpi_daily", client="fjallglas", kpi="followers", scope=scope,
                day=day - timedelta(days=1), value=value,
            )  # fmt: skip
    found = changes_since(con, read_status(con, "fjallglas"))
    parts = {part.scope: part.change for c in found.changes if c.key_result_id == "followers" for part in c.parts}
    assert parts == {"platform=linkedin": 60.0, "platform=facebook": -15.0, OTHER: 5.0}
    assert math.fsum(parts.values()) == 50.0
    (line,) = [line for line in lines(con) if "följare" in line.lower()]
    assert "LinkedIn +60" in line.replace("\u00a0", " ")
    assert "övrigt +5" in line.replace("\u00a0", " ")


def test_figures_of_another_unit_are_not_said_in_the_unit_of_now(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update marts.key_result_progress set unit = 'points', target = 44, current = 41"
        " where key_result_id = 'visitors' and as_of = ?",
        [EARLIER],
    )
    (found,) = [c for c in changes_since(con, read_status(con, "fjallglas")).changes if c.key_result_id == "visitors"]
    assert (found.target_then, found.current_then, found.status_then) == (None, None, "off_track")
    (line,) = lines(con)
    assert "målet ändrat" not in line
    assert "framsteg" in line


def test_a_post_that_was_open_and_is_met_now_is_named(con: duckdb.DuckDBPyConnection) -> None:
    before = con.execute(
        "select min(item_id), any_value(title) from marts.key_result_items where outcome = 'met' and as_of = ?", [AS_OF]
    ).fetchone()
    assert before is not None
    con.execute(
        "update marts.key_result_items set outcome = 'open' where as_of = ? and item_id = ?", [EARLIER, before[0]]
    )
    found = [each for each in changes_since(con, read_status(con, "fjallglas")).changes if each.met]
    assert [(each.key_result_id, len(each.met)) for each in found] == [("posts", 1)]


def test_with_one_night_nothing_is_compared_and_nothing_claimed(tmp_path: Path) -> None:
    with one_night() as con:
        found = changes_since(con, read_status(con, "fjallglas"))
        assert (found.since, found.changes) == (None, ())
        assert block(found, reader_of(FJALLGLAS), with_results=True) is None
        assert 'class="since"' not in render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")


def test_a_second_night_too_young_to_compare_says_since_when_there_are_nights() -> None:
    with one_night() as con:
        night(con, AS_OF - timedelta(days=2))
        told = block(changes_since(con, read_status(con, "fjallglas")), reader_of(FJALLGLAS), with_results=True)
        assert told is not None
        assert (told.lines, "18 nov" in told.rest) == ((), True)
        assert changes_since(con, read_status(con, "fjallglas"), before=timedelta(days=2)).since is not None


def test_a_past_day_judged_again_is_no_night_to_compare_with() -> None:
    with one_night() as con:
        night(con, EARLIER)
        con.execute("update marts.key_result_progress set known_at = ? where as_of = ?", [datetime.now(UTC), EARLIER])
        assert changes_since(con, read_status(con, "fjallglas")).since is None


def test_the_report_begins_with_it_and_the_board_hears_of_objectives_alone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    page = render_client(con, FJALLGLAS, tmp_path).read_text("utf-8")
    assert page.index('class="since"') < page.index('class="board"')
    assert "Framsteg för en vecka sedan" in page
    board = render_client(con, FJALLGLAS, tmp_path / "board", audience="board").read_text("utf-8")
    assert "Inget mål har bytt status." in board
    con.execute(
        "update marts.objective_progress set status = 'off_track' where as_of = ? and objective_id = 'awareness'",
        [EARLIER],
    )
    board = render_client(con, FJALLGLAS, tmp_path / "board", audience="board").read_text("utf-8")
    assert board.count("<li><strong>") == 1


def test_a_nights_progress_is_that_of_its_last_run_and_not_of_a_later_judgement() -> None:
    again = """insert into marts.key_result_progress
        select * replace (known_at + {later} as known_at, raw_progress + {more} as raw_progress)
        from marts.key_result_progress where client = 'fjallglas' and as_of = ? and known_at = (
            select min(known_at) from marts.key_result_progress where client = 'fjallglas' and as_of = ?)"""
    with build_published() as con:
        told = progress_by_night(con, "fjallglas", as_of=AS_OF)
        con.execute(again.format(later="interval 1 hour", more="0.01"), [AS_OF, AS_OF])
        con.execute(again.format(later="interval 3 day", more="0.02"), [AS_OF, AS_OF])
        then = progress_by_night(con, "fjallglas", as_of=AS_OF)
    moved = {key: points[-1][1] - told[key][-1][1] for key, points in then.items()}
    assert moved
    assert list(moved.values()) == pytest.approx([0.01] * len(moved))


def test_progress_is_told_of_the_nights_that_there_are() -> None:
    known = Changed(
        objective_id="o", key_result_id="k", title="K", unit=None, since=EARLIER, as_of=AS_OF, status_then="at_risk",
        status="at_risk", current_then=1.0, current=2.0, target_then=3.0, target=3.0, progress_then=0.5, progress=0.6,
        progress_week_ago=0.5, progress_month_ago=0.4,
    )  # fmt: skip
    assert ago(known, ENGLISH) == "Progress a week ago 50%, a month ago 40%"
    assert ago(replace(known, progress_week_ago=None), ENGLISH) == ""


def test_changes_csv_has_every_key_result_and_nothing_where_no_night_is_old_enough(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    export_all(con, tmp_path / "two", clients=[FJALLGLAS], only=["fjallglas"])
    with (tmp_path / "two" / "fjallglas" / "changes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";" if FJALLGLAS.csv_dialect == "excel-sv" else ","))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) - 1 == len(read_status(con, "fjallglas").key_results)
    assert {row[3] for row in rows[1:]} == {EARLIER.isoformat()}
    with one_night() as one:
        export_all(one, tmp_path / "one", clients=[FJALLGLAS], only=["fjallglas"])
    text = (tmp_path / "one" / "fjallglas" / "changes.csv").read_text("utf-8-sig")
    assert len(text.strip().splitlines()) == 1


def test_what_moved_a_large_sum_adds_up_in_the_file_too() -> None:
    parts = tuple(Part(f"source={name}", change) for name, change in (("a", 1234567.25), ("b", -7654321.0), ("c", 0.5)))
    change = Changed(
        objective_id="o", key_result_id="k", title="K", unit="SEK", since=EARLIER, as_of=AS_OF, status_then="at_risk",
        status="at_risk", current_then=1.0, current=2.0, target_then=3.0, target=3.0, progress_then=0.5, progress=0.6,
        parts=parts,
    )  # fmt: skip
    since = Since(client="c", as_of=AS_OF, since=EARLIER, first=EARLIER, changes=(change,))
    assert "source=a +1234567.25 · source=b -7654321 · source=c +0.5" in rows(since)[0]
    assert "source=a +1234567,25 · source=b -7654321 · source=c +0,5" in rows(since, dialect="excel-sv")[0]


def test_a_closed_months_report_is_kept_as_its_night_knew_it_and_never_written_again(tmp_path: Path) -> None:
    with one_night() as con:
        for day in (date(2026, 10, 30), date(2026, 11, 8)):
            night(con, day)
        assert closed_months(con, "fjallglas", as_of=AS_OF)[-1] == (date(2026, 10, 1), date(2026, 11, 8))
        export_all(con, tmp_path, clients=[FJALLGLAS], only=["fjallglas"])
        kept = tmp_path / "fjallglas" / "2026-10" / "report.html"
        text = kept.read_text("utf-8")
        assert "8 november 2026" in text
        assert 'href="../report.html"' in text
        newest = (tmp_path / "fjallglas" / "report.html").read_text("utf-8")
        assert 'href="2026-10/report.html"' in newest
        con.execute("update marts.objective_progress set title = 'Another'")
        export_all(con, tmp_path, clients=[FJALLGLAS], only=["fjallglas"])
    assert kept.read_text("utf-8") == text


def test_a_month_has_closed_once_its_last_figure_has_and_on_a_night_of_the_clients() -> None:
    """Search figures close ten days after a month; a client that began before that has the month's report."""
    last = "update marts.kpi_monthly set closes_on = last_day(month) + 10 where kpi = 'search_clicks'"
    october = date(2026, 10, 1)
    for begins, closed in (
        (date(2026, 11, 3), (october, date(2026, 11, 5))),
        (date(2026, 11, 5), (october, date(2026, 11, 5))),
        (date(2026, 11, 6), None),
    ):
        with one_night() as con:
            for day in sorted({begins, max(begins, date(2026, 11, 5)), date(2026, 11, 12)}):
                night(con, day)
            assert closed_months(con, "fjallglas", as_of=AS_OF) == ((closed,) if closed else ())
            con.execute(last)
            con.execute("update marts.kpi_monthly set is_closed = month < '2026-10-01' where kpi = 'search_clicks'")
            assert closed_months(con, "fjallglas", as_of=date(2026, 11, 9)) == ()
            assert closed_months(con, "fjallglas", as_of=AS_OF) == ((october, date(2026, 11, 12)),)
