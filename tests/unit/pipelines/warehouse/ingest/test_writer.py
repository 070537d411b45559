"""Writing to the raw tables: whole windows, whole lists, snapshots only added, and all or nothing.

Really under test: ``writer.write_batch`` with ``batches.CheckedBatch`` against a real DuckDB file.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.core.arrow import build_table
from connectors.core.protocol import Batch, Stream
from connectors.core.raw_tables import WEB_KEY_EVENTS
from okr_models.periods import Window
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest import ledger, writer
from pipelines.warehouse.ingest.batches import BadBatch, CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.writer import NotReplaceable, Write, write_all, write_batch
from tests.empty_home import connected
from tests.unit.warehouse_fakes import DAILY, FOLLOWERS, MONTHLY, POSTS, Counted, daily, post, table_of

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
WEEK = Window(date(2026, 11, 2), date(2026, 11, 8))


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home(tmp_path))
    yield connection
    connection.close()


def days(window: Window, *, source_today: date = TODAY) -> pa.Table:
    return table_of(DAILY.table, [daily(day, today=source_today) for day in window])


def write(
    con: Connection, stream: Stream, rows: pa.Table, window: Window, *, source: str = "web", taken_at: datetime = NOW
) -> None:
    load = Load(
        client="acme",
        source=source,
        stream=stream.name,
        window=window,
        rows=rows.num_rows,
        status="loaded",
        attempts=1,
        started_at=NOW,
        finished_at=NOW,
        run_id="r",
    )
    replies = (("GET /x", b"reply"),) if stream.delivery == "snapshot" else ()
    checked = CheckedBatch(stream=stream, batch=Batch(rows=rows, replies=replies), window=window)
    write_batch(con, batch=checked, load=load, taken_at=taken_at)


def reading(source: str, count: int, *replies: bytes) -> Write:
    """Of a source's followers, now."""
    window = Window(TODAY, TODAY)
    load = Load(
        client="acme",
        source=source,
        stream=FOLLOWERS.name,
        window=window,
        rows=1,
        status="loaded",
        attempts=1,
        started_at=NOW,
        finished_at=NOW,
        run_id="r",
    )
    batch = Batch(rows=followers(NOW, count), replies=tuple(("GET /x", reply) for reply in replies))
    checked = CheckedBatch(stream=FOLLOWERS, batch=batch, window=window)
    return Write(stream=FOLLOWERS, load=load, taken_at=NOW, batch=checked, after_doubts=True)


def content(con: Connection, table: str) -> list[tuple[object, ...]]:
    return con.execute(f"select * from raw.{table} order by all").fetchall()


def test_a_window_is_replaced_whole_and_what_lies_around_it_stays(con):
    write(
        con, DAILY, days(Window(date(2026, 11, 1), date(2026, 11, 10))), Window(date(2026, 11, 1), date(2026, 11, 10))
    )
    write(con, DAILY, days(WEEK), WEEK, source="other")
    fewer = days(Window(WEEK.start, WEEK.start + timedelta(days=2)))
    write(con, DAILY, fewer, WEEK)
    left = con.execute("select day from raw.web_daily where source = 'web' order by day").fetchall()
    assert [day.day for (day,) in left] == [1, 2, 3, 4, 9, 10]
    assert con.execute("select count(*) from raw.web_daily where source = 'other'").fetchone() == (7,)


def test_a_window_without_rows_empties_what_was_there(con):
    write(con, DAILY, days(WEEK), WEEK)
    write(con, DAILY, days(WEEK).slice(0, 0), WEEK)
    assert content(con, "web_daily") == []
    assert [load.rows for load in ledger.read(con)] == [7, 0]


def test_writing_the_same_window_twice_changes_nothing(con):
    write(con, DAILY, days(WEEK), WEEK)
    before = content(con, "web_daily")
    write(con, DAILY, days(WEEK), WEEK)
    assert content(con, "web_daily") == before


def test_a_failure_midway_leaves_the_old_rows_and_no_ledger_row(con, monkeypatch):
    write(con, DAILY, days(WEEK), WEEK)
    before = content(con, "web_daily")

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    # after delete and insert, before the commit
    monkeypatch.setattr(writer.ledger, "append_all", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write(con, DAILY, days(WEEK, source_today=date(2026, 11, 9)), WEEK)
    monkeypatch.undo()
    assert content(con, "web_daily") == before
    assert len(ledger.read(con)) == 1
    write(con, DAILY, days(WEEK).slice(0, 1), WEEK)
    assert len(content(con, "web_daily")) == 1


def _with(column: str, values: Callable[[list[object]], list[object]]) -> Callable[[pa.Table], pa.Table]:
    def change(rows: pa.Table) -> pa.Table:
        index = rows.schema.get_field_index(column)
        field = rows.schema.field(column).with_nullable(True)
        return rows.set_column(index, field, pa.array(values(rows.column(column).to_pylist()), field.type))

    return change


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (_with("day", lambda v: [v[0], v[0], *v[2:]]), "1 rows repeat a key"),
        (_with("sessions", lambda v: [None, *v[1:]]), "1 rows without sessions"),
        (_with("day", lambda v: [date(2026, 11, 1), *v[1:]]), "outside the window"),
        (_with("day", lambda v: [*v[:-1], date(2026, 11, 9)]), "outside the window"),
        (_with("engagement_seconds", lambda v: [float("nan"), *v[1:]]), "NaN or infinity"),
        (_with("engagement_seconds", lambda v: [float("inf"), *v[1:]]), "NaN or infinity"),
        (_with("engagement_seconds", lambda v: [-0.5, *v[1:]]), "engagement_seconds is -0.5"),
        (_with("page_views", lambda v: [-3, *v[1:]]), "page_views is -3"),
        (lambda rows: rows.drop_columns(["sessions"]), "columns lacking: ['sessions']"),
        (lambda rows: rows.append_column("extra", rows.column("sessions")), "unknown or twice: ['extra']"),
        (lambda rows: rows.append_column("sessions", rows.column("sessions")), "unknown or twice"),
        (
            lambda rows: rows.set_column(1, "sessions", pa.array(["many"] * rows.num_rows)),
            "wrong type",
        ),
        (
            lambda rows: rows.set_column(1, "sessions", pa.array([1.5] * rows.num_rows)),
            "wrong type",
        ),
    ],
)
def test_rows_that_break_the_tables_contract_change_nothing(con, broken, said):
    write(con, DAILY, days(WEEK), WEEK)
    before = content(con, "web_daily")
    with pytest.raises(BadBatch) as caught:
        write(con, DAILY, broken(days(WEEK)), WEEK)
    assert said in str(caught.value)
    assert content(con, "web_daily") == before
    assert len(ledger.read(con)) == 1


def test_columns_in_another_order_and_of_a_narrower_type_are_put_right(con):
    rows = days(WEEK).select(list(reversed(days(WEEK).column_names)))
    index = rows.schema.get_field_index("sessions")
    rows = rows.set_column(index, "sessions", rows.column("sessions").cast(pa.int32()))
    write(con, DAILY, rows, WEEK)
    expected = [(daily(day, today=TODAY)["sessions"],) for day in WEEK]
    assert con.execute("select sessions from raw.web_daily order by day").fetchall() == expected


def test_a_month_is_replaced_by_its_first_day(con):
    row = {
        "month": date(2026, 11, 1),
        "asked_through": date(2026, 11, 8),
        "visitors": 7,
        "total_users": None,
        "visitors_definition": "fake",
        "is_final": False,
    }
    write(con, MONTHLY, table_of(MONTHLY.table, [row]), Window(date(2026, 11, 1), date(2026, 11, 8)))
    later = row | {"visitors": 9, "asked_through": date(2026, 11, 9)}
    write(con, MONTHLY, table_of(MONTHLY.table, [later]), Window(date(2026, 11, 1), date(2026, 11, 9)))
    assert con.execute("select visitors from raw.web_monthly").fetchall() == [(9,)]


def test_a_list_is_replaced_whole_so_that_a_deleted_post_is_gone(con):
    today = Window(TODAY, TODAY)
    write(con, POSTS, table_of(POSTS.table, [post("a"), post("b")]), today)
    write(con, POSTS, table_of(POSTS.table, [post("x")]), today, source="other")
    write(con, POSTS, table_of(POSTS.table, [post("b"), post("c")]), today)
    found = con.execute("select source, post_id from raw.blog_posts order by all").fetchall()
    assert found == [("other", "x"), ("web", "b"), ("web", "c")]


def followers(taken_at: datetime, count: int) -> pa.Table:
    row = {"platform": "bluesky", "taken_at": taken_at, "day": taken_at.date(), "followers": count}
    return table_of(FOLLOWERS.table, [row])


def test_snapshots_are_added_and_the_same_reading_is_there_once(con):
    day = Window(TODAY, TODAY)
    earlier = NOW - timedelta(days=1)
    write(con, FOLLOWERS, followers(earlier, 10), day, taken_at=earlier)
    for _ in range(2):
        write(con, FOLLOWERS, followers(NOW, 12), day)
    found = con.execute("select taken_at, followers from raw.follower_snapshots order by taken_at").fetchall()
    assert found == [(earlier, 10), (NOW, 12)]
    replies = con.execute("select taken_at, part, request, reply from raw.snapshot_replies order by 1, 2").fetchall()
    assert [(at, part, request) for at, part, request, _ in replies] == [(earlier, 0, "GET /x"), (NOW, 0, "GET /x")]
    assert gzip.decompress(replies[0][3]) == b"reply"


def test_readings_written_together_are_each_their_sources_and_there_once(con):
    write_all(con, [reading("one", 10, b"a", b"b"), reading("two", 20, b"c"), reading("three", 30)])
    write_all(con, [reading("one", 11, b"d"), reading("two", 20), reading("three", 30, b"e")])
    found = con.execute("select source, followers from raw.follower_snapshots order by followers").fetchall()
    assert found == [("one", 11), ("two", 20), ("three", 30)]
    kept = con.execute("select source, part, reply from raw.snapshot_replies order by 1, 2").fetchall()
    assert [(source, part, gzip.decompress(reply)) for source, part, reply in kept] == [
        ("one", 0, b"d"),
        ("three", 0, b"e"),
    ]


def test_readings_of_many_sources_take_no_more_statements_than_those_of_one(con):
    def statements(writes: list[Write]) -> int:
        counted = Counted(con)
        write_all(counted, writes)  # type: ignore[arg-type]
        return len(counted.said)

    assert statements([reading(f"s{n}", n, b"x") for n in range(1, 9)]) == statements([reading("s9", 9, b"x")])


def test_no_window_and_no_list_ever_replaces_a_snapshot(con):
    write(con, FOLLOWERS, followers(NOW, 12), Window(TODAY, TODAY))
    for delivery in ("window", "listing"):
        stream = Stream(table=FOLLOWERS.table, delivery=delivery)
        with pytest.raises(NotReplaceable):
            write(con, stream, followers(NOW, 1).slice(0, 0), Window(date(2020, 1, 1), TODAY))
    assert con.execute("select followers from raw.follower_snapshots").fetchall() == [(12,)]


def test_the_ledger_gives_back_what_was_written(con):
    write(con, DAILY, days(WEEK), WEEK)
    (load,) = ledger.read(con, client="acme", sources=["web"], run_id="r")
    assert (load.window, load.rows, load.status, load.started_at) == (WEEK, 7, "loaded", NOW)
    assert ledger.read(con, client="acme", sources=["other"]) == ()


def blog(*, since: datetime | None, **published: datetime) -> Batch:
    """A list of posts by id; what is older than ``since`` it says nothing of."""
    rows = [post(post_id) | {"published_at": at, "published_on": at.date()} for post_id, at in published.items()]
    return Batch(rows=table_of(POSTS.table, rows), listed_since=since)


def checked_list(batch: Batch, stream: Stream = POSTS) -> CheckedBatch:
    return CheckedBatch(stream=stream, batch=batch, window=Window(TODAY, TODAY))


def write_list(con: Connection, batch: Batch, *, source: str = "web") -> Load:
    load = Load(
        client="acme",
        source=source,
        stream=POSTS.name,
        window=Window(TODAY, TODAY),
        rows=batch.rows.num_rows,
        status="loaded",
        attempts=1,
        started_at=NOW,
        finished_at=NOW,
        run_id="r",
    )
    write_batch(con, batch=checked_list(batch), load=load, taken_at=NOW)
    return load


def kept(con: Connection) -> dict[str, datetime]:
    return dict(con.execute("select post_id, published_at from raw.blog_posts where source = 'web'").fetchall())


OLD, MIDDLE, NEW, NEWEST = (NOW - timedelta(days=days) for days in (400, 30, 10, 1))


def test_a_list_of_the_newest_keeps_what_is_older_and_drops_what_it_would_show(con):
    write_list(con, blog(since=None, old=OLD, middle=MIDDLE, gone=NEW))
    write_list(con, blog(since=None, gone=NEW), source="other")
    write_list(con, blog(since=MIDDLE, middle=MIDDLE, newest=NEWEST))
    assert kept(con) == {"old": OLD, "middle": MIDDLE, "newest": NEWEST}
    assert con.execute("select count(*) from raw.blog_posts where source = 'other'").fetchone() == (1,)


def test_a_post_named_by_a_list_of_the_newest_is_there_once_whatever_its_date_was(con):
    write_list(con, blog(since=None, moved=OLD))
    write_list(con, blog(since=MIDDLE, moved=NEWEST))
    assert kept(con) == {"moved": NEWEST}
    write_list(con, blog(since=MIDDLE, moved=OLD))
    assert kept(con) == {"moved": OLD}


def test_a_list_of_the_newest_that_is_empty_deletes_nothing_older(con):
    write_list(con, blog(since=None, old=OLD, new=NEW))
    write_list(con, blog(since=NOW))
    assert set(kept(con)) == {"old", "new"}
    write_list(con, blog(since=None))
    assert kept(con) == {}


def test_what_a_list_names_without_a_row_stays_as_it_was(con):
    write_list(con, blog(since=None, odd=OLD, gone=MIDDLE, new=NEW))
    partial = replace(blog(since=None, new=NEW), present=frozenset({"odd", "other"}))
    load = write_list(con, partial)
    assert kept(con) == {"odd": OLD, "new": NEW}
    assert writer.same_listing(con, batch=checked_list(partial), load=load)
    write_list(con, replace(blog(since=MIDDLE, new=NEW), present=frozenset({"new", "odd"})))
    assert set(kept(con)) == {"odd", "new"}


def test_a_post_that_a_list_of_the_newest_gives_another_id_leaves_nothing_under_the_old_one(con):
    midnight = MIDDLE.replace(hour=0)
    write_list(con, blog(since=None, a=MIDDLE, day=midnight, x=OLD, y=OLD, odd=NEW))
    # of one second with the one kept; of a day without a time; of two of a second; of one that the list names unread
    renamed = blog(since=NOW, b=MIDDLE, other=midnight, z=OLD, fine=NEW)
    write_list(con, replace(renamed, present=frozenset({"odd"})))
    assert set(kept(con)) == {"b", "day", "other", "x", "y", "z", "odd", "fine"}
    told = con.execute(
        "select post_id from ops.blog_post_history where published_at = ? order by 1", [MIDDLE]
    ).fetchall()
    assert told == [("a",), ("b",)]
    # an id that a list has named before is a post of its own
    write_list(con, blog(since=NOW, a=MIDDLE))
    assert {"a", "b"} <= set(kept(con))


def test_a_list_of_the_newest_is_known_as_the_same_by_what_it_reaches(con):
    load = write_list(con, blog(since=None, old=OLD, middle=MIDDLE, new=NEW))
    same = blog(since=MIDDLE, middle=MIDDLE, new=NEW)
    assert writer.same_listing(con, batch=checked_list(same), load=load)
    shorter = blog(since=MIDDLE, middle=MIDDLE)
    assert not writer.same_listing(con, batch=checked_list(shorter), load=load)
    assert not writer.same_listing(con, batch=checked_list(replace(same, listed_since=None)), load=load)


def key_events(*, since: datetime | None, **counting: str) -> Batch:
    """A list of key events, which have no publication."""
    rows = [
        {"event": name, "event_id": None, "counting": how, "created_at": None, "has_past": True, "counted_from": None}
        for name, how in counting.items()
    ]
    return Batch(rows=build_table(WEB_KEY_EVENTS, rows), listed_since=since)


def test_a_doubted_list_of_things_without_publication_says_nothing_of_what_it_does_not_name(con):
    stream = Stream(table=WEB_KEY_EVENTS, delivery="listing", grain=None)
    load = replace(write_list(con, blog(since=None)), stream=stream.name)

    def written(batch: Batch) -> dict[str, str]:
        write_batch(con, batch=checked_list(batch, stream), load=load, taken_at=NOW)
        assert writer.same_listing(con, batch=checked_list(batch, stream), load=load)
        return dict(con.execute("select event, counting from raw.web_key_events").fetchall())

    assert written(key_events(since=None, lead="once", buy="once")) == {"lead": "once", "buy": "once"}
    assert written(key_events(since=NOW)) == {"lead": "once", "buy": "once"}
    assert written(key_events(since=NOW, lead="each")) == {"lead": "each", "buy": "once"}
    assert written(key_events(since=None)) == {}


def known(con: Connection) -> list[tuple[object, ...]]:
    return con.execute(
        "select post_id, url, published_on, first_seen_at, last_seen_at from ops.blog_post_history order by all"
    ).fetchall()


def at_address(path: str, *, published_on: date) -> pa.Table:
    instant = datetime(published_on.year, published_on.month, published_on.day, 12, tzinfo=UTC)
    said = {"url": f"https://site.se{path}", "published_on": published_on, "published_at": instant}
    return table_of(POSTS.table, [post("7") | said])


def test_a_list_leaves_behind_every_address_and_publication_that_it_gave(con):
    august, november = date(2026, 8, 3), date(2026, 11, 20)
    old, new = at_address("/gammal/", published_on=august), at_address("/ny/", published_on=november)
    for number, rows in enumerate((old, old, new, new.slice(0, 0))):
        seen = NOW + timedelta(days=number)
        load = Load(
            client="acme", source="blog", stream=POSTS.name, window=Window(TODAY, TODAY), rows=1, status="loaded",
            attempts=1, started_at=seen, finished_at=seen, run_id="r",
        )  # fmt: skip
        write_batch(con, batch=checked_list(Batch(rows=rows)), load=load, taken_at=seen)
    assert known(con) == [
        ("7", "https://site.se/gammal/", august, NOW, NOW + timedelta(days=1)),
        ("7", "https://site.se/ny/", november, NOW + timedelta(days=2), NOW + timedelta(days=2)),
    ]


def test_the_history_of_an_older_home_begins_with_what_stands_there(con):
    write(con, POSTS, at_address("/gammal/", published_on=TODAY), Window(TODAY, TODAY))
    con.execute("delete from ops.blog_post_history")
    write(con, POSTS, at_address("/ny/", published_on=TODAY), Window(TODAY, TODAY))
    assert [row[1] for row in known(con)] == ["https://site.se/gammal/", "https://site.se/ny/"]


def test_what_was_checked_for_one_window_is_not_written_for_another(con):
    write(con, DAILY, days(WEEK), WEEK)
    load = ledger.read(con)[0]
    checked = CheckedBatch(stream=DAILY, batch=Batch(rows=days(WEEK)), window=WEEK)
    later = Window(WEEK.end + timedelta(days=1), WEEK.end + timedelta(days=7))
    with pytest.raises(ValueError, match="checked for"):
        write_batch(con, batch=checked, load=replace(load, window=later), taken_at=NOW)
    assert len(content(con, "web_daily")) == 7
