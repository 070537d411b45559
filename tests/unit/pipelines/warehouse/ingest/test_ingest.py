"""Whole nights over a vendor in memory: what lands in the tables, what the ledger says, and that one failure stays one.

Really under test: ``ingest.ingest`` with planning, reading and writing, through the real source protocol.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import AuthFailed, BadReply, NotYet, QuotaExhausted, TimedOut, Unavailable
from okr_models.periods import Window
from pipelines.warehouse.ingest import read_source, tasks
from pipelines.warehouse.ingest.planning import windows_to_read
from pipelines.warehouse.ingest.run import GROUP_READS
from pipelines.warehouse.ingest.stages import Stage
from tests.unit.warehouse_fakes import DAILY, FOLLOWERS, MONTHLY, POSTS, FakeVendor, Night, Told, client, nights

START = date(2026, 8, 10)
FIRST = date(2026, 10, 25)  # the night clocks change in Stockholm
TABLES = ("web_daily", "web_monthly", "blog_posts")


def error(kind: type[Exception], **more: object) -> Exception:
    return kind(client="acme", source="social", attempted="reading", **more)


def test_a_first_night_loads_the_whole_history_and_says_so(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    told = Told()
    report = night.run(FIRST, stages=told)
    assert report.failed == ()
    by_stream = {stream.stream: stream for stream in report.streams}
    assert by_stream["web_daily"].window == Window(START, FIRST - timedelta(days=1))
    assert by_stream["web_monthly"].windows == (Window(date(2026, 8, 1), FIRST - timedelta(days=1)),)
    # the 13th has no visitors and so no row, in two of the months
    assert night.rows("select count(*) from raw.web_daily") == [((FIRST - START).days - 3,)]
    assert sum(stream.rows for stream in report.streams) == report.rows
    assert told.expected == told.pieces == {"sources": len(night.loads("loaded"))}
    assert any(what.startswith("acme/social web_daily: ") for what in told.what)
    assert told.lines == [f"acme/social: {told.pieces['sources']} reads, {report.rows} rows"]
    assert night.vendor.closed == 1


def test_ten_nights_end_in_the_same_tables_as_one_backfill(tmp_path: Path):
    many, once = Night(tmp_path / "many", client(start=START)), Night(tmp_path / "once", client(start=START))
    for day in nights(FIRST, 10):
        many.run(day)
    once.run(nights(FIRST, 10)[-1])
    for table in TABLES:
        assert many.table(table) == once.table(table)
    assert len(many.table("follower_snapshots")) == 10
    assert len(once.table("follower_snapshots")) == 1


def test_three_nights_off_end_as_if_it_had_run_but_for_the_snapshots_which_are_named(tmp_path: Path):
    always, off = Night(tmp_path / "always", client(start=START)), Night(tmp_path / "off", client(start=START))
    ten = nights(FIRST, 10)
    for day in ten:
        always.run(day)
    for day in ten[:4] + ten[7:]:
        off.run(day)
    for table in TABLES:
        assert always.table(table) == off.table(table)
    assert len(off.table("follower_snapshots")) == 7
    (missed,) = off.loads("skipped")
    assert missed[:3] == ("follower_snapshots", ten[4] - timedelta(days=1), ten[6] - timedelta(days=1))
    assert "can't be asked" in missed[4]


def test_a_second_run_on_the_same_day_changes_no_row_and_asks_nothing(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.run(FIRST)
    before = [night.table(table) for table in (*TABLES, "follower_snapshots", "snapshot_replies")]
    ledger = night.rows("from ops.loads")
    night.vendor.asked.clear()
    report = night.run(FIRST)
    assert night.vendor.asked == []
    assert {stream.status for stream in report.streams} == {"up_to_date"}
    assert [night.table(table) for table in (*TABLES, "follower_snapshots", "snapshot_replies")] == before
    assert night.rows("from ops.loads") == ledger


def test_what_is_due_is_worked_out_once_for_a_source_whose_zone_is_known(tmp_path: Path, monkeypatch):
    night = Night(tmp_path, client(start=START))
    night.run(FIRST)
    asked = list[tuple[str, str]]()

    def counting(stream, *, zone, **more):
        asked.append((stream.name, zone.key))
        return windows_to_read(stream, zone=zone, **more)

    monkeypatch.setattr(read_source, "windows_to_read", counting)
    night.run(FIRST + timedelta(days=1))
    assert sorted(asked) == [("web_daily", "Europe/Stockholm"), ("web_monthly", "Europe/Stockholm")]


def test_days_that_a_source_has_not_counted_yet_stay_due_and_are_no_failure(tmp_path: Path):
    """A second run of one day asked Search Console for the newest day alone, and told of a failed source."""
    night = Night(tmp_path, client(start=START))
    night.vendor.errors["web_daily"] = error(NotYet)
    assert night.run(FIRST).failed == ()
    assert night.rows("select count(*) from ops.loads where stream = 'web_daily'") == [(0,)]
    night.vendor.errors.clear()
    night.run(FIRST)
    assert night.rows("select count(*) from raw.web_daily") == [((FIRST - START).days - 3,)]


def test_a_csv_like_source_is_read_again_on_the_same_day(tmp_path: Path):
    night = Night(tmp_path, client(start=START), category="own", streams=(POSTS,))
    night.run(FIRST)
    assert len(night.loads("loaded")) == 1
    night.run(FIRST)
    # as it was: no row changes, not even in the ledger
    assert len(night.loads("loaded")) == 1
    night.vendor.deleted_posts.add("b")
    night.run(FIRST)
    assert night.rows("select post_id from raw.blog_posts order by 1") == [("a",), ("c",)]
    assert len(night.loads("loaded")) == 2
    night.run(FIRST + timedelta(days=1))
    assert len(night.loads("loaded")) == 3


def test_asking_for_days_again_reads_just_those_and_touches_no_snapshot(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.run(FIRST)
    later = FIRST + timedelta(days=30)
    night.run(later)
    snapshots = night.table("follower_snapshots")
    night.con.execute("delete from raw.web_daily where day between '2026-09-01' and '2026-09-03'")
    night.vendor.asked.clear()
    asked = Window(date(2026, 9, 1), date(2026, 9, 3))
    night.run(later, reread=asked)
    assert [w for name, w in night.vendor.asked if name == "web_daily"] == [asked]
    assert night.rows("select count(*) from raw.web_daily where day between '2026-09-01' and '2026-09-03'") == [(3,)]
    assert night.table("follower_snapshots") == snapshots


def test_the_light_step_reads_counters_and_nothing_else(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    report = night.run(FIRST, deliveries={"snapshot"})
    assert [stream.stream for stream in report.streams] == ["follower_snapshots"]
    assert [name for name, _ in night.vendor.asked] == ["follower_snapshots"]


def test_a_subset_of_tables_reads_only_those(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.run(FIRST, tables={"blog_posts"})
    assert [name for name, _ in night.vendor.asked] == ["blog_posts"]


def test_a_failing_stream_is_in_the_ledger_with_its_class_and_the_rest_goes_on(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.vendor.errors["web_daily"] = error(Unavailable, status=503, attempts=4)
    report = night.run(FIRST)
    (failed,) = report.failed
    assert (failed.stream, failed.error_class) == ("web_daily", "unavailable")
    assert "HTTP 503" in (failed.message or "")
    assert night.rows("select attempts from ops.loads where status = 'failed'") == [(4,)]
    assert night.table("web_daily") == []
    assert len(night.table("blog_posts")) == 3
    assert len(night.table("web_monthly")) == 3


def test_the_next_run_heals_what_failed(tmp_path: Path):
    night, fine = Night(tmp_path / "ill", client(start=START)), Night(tmp_path / "fine", client(start=START))
    night.vendor.errors["web_daily"] = error(TimedOut)
    night.run(FIRST)
    night.vendor.errors.clear()
    night.run(FIRST)
    fine.run(FIRST)
    assert night.table("web_daily") == fine.table("web_daily")


def test_a_thread_that_is_told_to_end_ends_the_run_and_is_no_failure_of_its_source(tmp_path: Path):
    """It was written down as one once its reads were committed together with others."""
    night = Night(tmp_path, client(start=START))
    night.vendor.errors["follower_snapshots"] = SystemExit(1)
    with pytest.raises(SystemExit):
        night.run(FIRST)
    assert night.loads("failed") == []


@pytest.mark.parametrize("step", ["open", "zone"])
def test_a_source_that_cannot_be_opened_fails_each_of_its_streams_once(tmp_path: Path, step: str):
    night = Night(tmp_path, client(start=START))
    night.vendor.errors[step] = error(AuthFailed, status=401)
    report = night.run(FIRST)
    assert {(stream.stream, stream.error_class) for stream in report.failed} == {
        (stream.name, "auth") for stream in (FOLLOWERS, DAILY, MONTHLY, POSTS)
    }
    assert len(night.loads("failed")) == 4
    assert night.vendor.asked == []


@pytest.mark.parametrize(
    ("trouble", "asked"),
    [
        (error(AuthFailed, status=401), 1),
        (error(QuotaExhausted, status=429), 1),
        (error(Unavailable), 1),  # nothing answered at all
        (error(Unavailable, status=500), 4),
        (error(TimedOut), 4),
    ],
)
def test_after_what_concerns_the_whole_source_its_other_streams_are_not_tried(tmp_path: Path, trouble, asked):
    night = Night(tmp_path, client(start=START))
    night.vendor.errors["follower_snapshots"] = trouble
    report = night.run(FIRST)
    assert len({name for name, _ in night.vendor.asked}) == asked
    assert len(report.failed) == (4 if asked == 1 else 1)
    assert len(night.loads("failed")) == len(report.failed)


def test_a_source_that_answers_nothing_in_time_is_left_after_two_streams(tmp_path: Path):
    """A vendor that hangs held the night up for four minutes a stream."""
    night = Night(tmp_path, client(start=START))
    for name in ("follower_snapshots", *TABLES):
        night.vendor.errors[name] = error(TimedOut)
    report = night.run(FIRST)
    assert len(night.vendor.asked) == 2
    assert len(report.failed) == 4
    assert {row[3] for row in night.loads("failed")} == {"timeout"}


def test_a_source_that_never_answered_is_not_waited_for_by_the_next_step_of_the_run(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    for name in ("follower_snapshots", *TABLES):
        night.vendor.errors[name] = error(TimedOut)
    night.run(FIRST, deliveries={"snapshot", "listing"})
    asked = len(night.vendor.asked)
    report = night.run(FIRST, deliveries={"window"})
    assert (asked, len(night.vendor.asked)) == (2, 2)
    assert {stream.error_class for stream in report.failed} == {"timeout"}
    assert all("was not asked again" in str(stream.message) for stream in report.failed)
    night.vendor.errors.clear()
    night.run(FIRST + timedelta(days=1))
    assert len(night.vendor.asked) > asked


def test_a_failing_source_leaves_the_other_sources_and_clients_untouched(tmp_path: Path):
    broken, fine = FakeVendor(errors={"open": error(AuthFailed)}), FakeVendor()
    both = (client("acme", start=START), client("borea", start=START, sources=("one", "two")))
    night = Night(tmp_path, *both)

    def open_source(settings, context):
        return (broken if context.client == "acme" else fine).open(settings, context)

    report = night.run(FIRST, open_source=open_source)
    assert {stream.client for stream in report.failed} == {"acme"}
    assert night.rows("select distinct client, source from raw.web_daily order by all") == [
        ("borea", "one"),
        ("borea", "two"),
    ]


def test_a_fault_in_a_connector_is_a_bad_reply_and_shows_no_secret(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.vendor.errors["web_daily"] = KeyError("rows?access_token=hemligt123&x=1")
    report = night.run(FIRST)
    (failed,) = report.failed
    assert failed.error_class == "bad_reply"
    assert "KeyError" in (failed.message or "")
    assert "hemligt123" not in str(night.loads("failed"))


def test_a_stream_with_bad_replies_is_given_up_after_a_few(tmp_path: Path):
    night = Night(tmp_path, client(start=date(2025, 1, 1)))
    night.vendor.errors["web_daily"] = error(BadReply)
    night.run(FIRST)
    assert len([name for name, _ in night.vendor.asked if name == "web_daily"]) == 3


def test_rows_that_break_the_contract_are_a_failed_load_and_the_old_rows_stay(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.run(FIRST)
    before = night.table("web_daily")
    night.vendor.mangle["web_daily"] = lambda rows: rows.slice(0, 1).take([0, 0])
    report = night.run(FIRST + timedelta(days=1))
    (failed,) = report.failed
    assert (failed.stream, failed.error_class) == ("web_daily", "bad_reply")
    assert "repeat a key" in (failed.message or "")
    assert night.table("web_daily") == before


def test_an_answer_shorter_than_asked_is_recorded_as_such_and_the_rest_never_asked_again(tmp_path: Path):
    night = Night(tmp_path, client(start=START), streams=(replace(DAILY, slice_days=400),))
    night.vendor.covers_from = date(2026, 9, 1)
    night.run(FIRST)
    assert night.loads("loaded")[0][1:3] == (date(2026, 9, 1), FIRST - timedelta(days=1))
    (skipped,) = night.loads("skipped")
    assert skipped[1:3] == (START, date(2026, 8, 31))
    night.vendor.asked.clear()
    night.run(FIRST + timedelta(days=1))
    assert all(window is None or window.start > date(2026, 9, 1) for _, window in night.vendor.asked)


def test_a_source_that_forgets_what_it_gave_for_a_night_loses_no_day(tmp_path: Path):
    """A Plausible whose statistics were gone for a night began there; days before were never asked again."""
    night = Night(tmp_path, client(start=START), streams=(DAILY,))
    night.run(FIRST)
    later = FIRST + timedelta(days=5)
    night.vendor.covers_from, night.vendor.mangle["web_daily"] = (
        later - timedelta(days=1),
        lambda rows: rows.slice(0, 0),
    )
    (failed,) = night.run(later).failed
    assert failed.error_class == "bad_reply"
    assert "nothing before 2026-10-29, though it gave figures" in (failed.message or "")
    night.vendor.covers_from = None
    night.vendor.mangle.clear()
    assert night.run(later + timedelta(days=1)).failed == ()
    assert night.loads("skipped") == []
    windows = night.rows("select window_start, window_end from ops.loads where status = 'loaded'")
    assert {day for edges in windows for day in Window(*edges)} == set(Window(START, later))


def test_an_answer_beyond_what_was_asked_is_refused(tmp_path: Path):
    night = Night(tmp_path, client(start=START), streams=(DAILY,))
    original = night.vendor.open

    def open_source(settings, context):
        source = original(settings, context)
        read = source.read
        source.read = lambda stream, window: replace(
            read(stream, window), covers=Window(window.start - timedelta(days=1), window.end)
        )
        return source

    report = night.run(FIRST, open_source=open_source)
    assert report.failed[0].error_class == "bad_reply"


def test_a_source_is_read_by_its_own_yesterday_and_remembers_its_zone(tmp_path: Path):
    pacific = FakeVendor(zone=ZoneInfo("America/Los_Angeles"))
    night = Night(tmp_path, client(start=START), vendor=pacific, streams=(DAILY,))
    night.run(FIRST)
    assert night.rows("select max(window_end) from ops.loads") == [(FIRST - timedelta(days=2),)]
    assert night.rows("select distinct quality ->> 'zone' from ops.loads") == [("America/Los_Angeles",)]


def test_a_source_type_nobody_can_read_is_named_and_stops_nothing(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    report = night.run(FIRST, source_types={}, open_source=night.vendor.open)
    (failed,) = report.failed
    assert failed.error_class == "config"
    assert "bluesky" in (failed.message or "")


def test_sources_are_read_at_the_same_time_and_each_in_one_thread(tmp_path: Path):
    both = threading.Barrier(2, timeout=30)
    vendor = FakeVendor()
    night = Night(tmp_path, client(start=START, sources=("one", "two")), vendor=vendor)

    def open_source(settings, context):
        both.wait()  # passes only if two sources are open at once
        return vendor.open(settings, context)

    assert night.run(FIRST, open_source=open_source).failed == ()
    assert len(vendor.threads) == 2


def test_a_run_that_is_stopped_leaves_committed_windows_and_no_thread_behind(tmp_path: Path):
    night = Night(tmp_path, client(start=date(2020, 1, 1), sources=("one", "two", "three")))

    class StopsSoon(Told):
        def done(self, stage: Stage, what: str, pieces: int = 1) -> None:
            super().done(stage, what, pieces)
            if self.pieces[stage] == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        night.run(FIRST, stages=StopsSoon())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]
    # what was told is there for good; what was committed with it is there too, whole, though nobody was told
    assert 3 <= len(night.loads("loaded")) <= 3 + GROUP_READS
    assert night.rows("select coalesce(sum(rows), 0) from ops.loads where stream = 'web_daily'") == night.rows(
        "select count(*) from raw.web_daily"
    )
    fine = Night(tmp_path / "fine", client(start=date(2020, 1, 1), sources=("one", "two", "three")))
    night.run(FIRST)
    fine.run(FIRST)
    assert night.table("web_daily") == fine.table("web_daily")


def test_a_fault_of_the_writer_is_raised_and_is_no_sources_fault(tmp_path: Path):
    night = Night(tmp_path, client(start=START))
    night.con.execute("drop table raw.web_daily")
    with pytest.raises(Exception, match="web_daily"):
        night.run(FIRST)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read")]


def test_two_readings_of_one_day_are_both_kept_where_they_stand_for_different_days(tmp_path: Path):
    night = Night(tmp_path, client(start=START), streams=(FOLLOWERS,))
    night.run(FIRST)
    night.run(FIRST, now=datetime(2026, 10, 25, 15, tzinfo=UTC))
    assert night.rows("select day from raw.follower_snapshots order by 1") == [
        (FIRST - timedelta(days=1),),
        (FIRST,),
    ]
    assert night.loads("skipped") == []


def test_a_stream_that_needs_a_setting_is_read_and_promised_only_where_it_is_set(tmp_path: Path):
    streams = (DAILY, replace(POSTS, needs="opened"))
    without = Night(tmp_path / "without", client(start=START), streams=streams)
    given = Night(tmp_path / "given", client(start=START, opened=START), streams=streams)
    assert {stream.stream for stream in without.run(FIRST).streams} == {"web_daily"}
    assert {stream.stream for stream in given.run(FIRST).streams} == {"web_daily", "blog_posts"}
    assert "blog_posts" not in {name for name, _ in without.vendor.asked}
    assert without.loads("failed") == []


def test_where_the_program_falls_over_only_streams_that_the_source_has_are_named_failed(tmp_path: Path, monkeypatch):
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(tasks, "require_known", fall)
    night = Night(tmp_path, client(start=START), streams=(DAILY, replace(POSTS, needs="opened")))
    night.run(FIRST)
    assert [stream for stream, *_ in night.loads("failed")] == ["web_daily"]
