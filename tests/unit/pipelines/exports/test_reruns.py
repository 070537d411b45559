"""Two runs of one day, which end at one instant under OKR_TODAY: the later one counts wherever failures are named.

Really under test: the ledger's order in ``published.py``, ``report/queries.py``, ``marts.loads_latest`` and
docs/cookbook.md.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from time import perf_counter

import duckdb
import pytest

from pipelines.exports.published import read_status
from pipelines.exports.report.queries import sources_of
from tests.home import PROJECT
from tests.unit.published_fixture import AS_OF, build_published

DAY = date(2026, 11, 19)
AGAIN = "insert into ops.loads select * replace (? as status, {more}) from ops.loads where status = ?"
WINDOWS = ("window_end as window_end", "date '2026-11-20' as window_end", "date '2026-11-18' as window_end")
COOKBOOK = (PROJECT / "docs" / "cookbook.md").read_text(encoding="utf-8")


def failing(*, first: str, then: str, more: str) -> tuple[list[str], ...]:
    """Streams that fail by status table, report, cookbook and view, where a second run of the day ended as ``then``."""
    with build_published() as con:
        con.execute("delete from ops.loads where client <> 'fjallglas' or status <> 'failed'")
        con.execute("update ops.loads set status = ?", [first])
        con.execute(AGAIN.format(more=more), [then, first])
        status = [load.stream for load in read_status(con, "fjallglas").failed_loads]
        report = [stream for source in sources_of(con, "fjallglas", as_of=None) for stream in source.failed]
        (sql,) = re.findall(r"^```sql\n(select client, source, stream, error_class.*?)^```$", COOKBOOK, re.M | re.S)
        newest = con.execute("select stream from marts.loads_latest where status = 'failed'").fetchall()
        return status, report, [row[2] for row in con.execute(sql).fetchall()], [row[0] for row in newest]


@pytest.mark.parametrize("more", WINDOWS)
def test_a_read_that_a_second_run_of_the_day_mended_is_no_failure(more: str) -> None:
    assert failing(first="failed", then="loaded", more=more) == ([], [], [], [])


@pytest.mark.parametrize("more", WINDOWS)
def test_a_read_that_failed_in_the_second_run_of_the_day_is_one(more: str) -> None:
    found = failing(first="loaded", then="failed", more=more)
    assert found == (["interactions"],) * 4


def named(con: duckdb.DuckDBPyConnection, as_of: date | None = None) -> tuple[list[str], list[str]]:
    status = [load.stream for load in read_status(con, "fjallglas", as_of=as_of).failed_loads]
    return status, [stream for source in sources_of(con, "fjallglas", as_of=as_of) for stream in source.failed]


def test_a_source_that_left_the_file_is_no_failure_for_good() -> None:
    with build_published() as con:
        assert named(con) == (["interactions"], ["interactions"])
        con.execute("delete from marts.sources where source = 'linkedin'")
        assert named(con) == ([], [])
        # the night on which it failed said so
        assert named(con, AS_OF) == (["interactions"], ["interactions"])
        assert named(con, AS_OF + timedelta(days=2)) == ([], [])


def test_a_stream_that_its_source_is_no_longer_asked_for_is_no_failure_for_good() -> None:
    """As YouTube's Analytics where ``credentials`` left the file."""
    with build_published() as con:
        later = "insert into ops.loads select * replace ('posts' as stream, 'loaded' as status, {at}) from ops.loads"
        moved = "started_at + interval {0} hour as started_at, finished_at + interval {0} hour as finished_at"
        con.execute(later.format(at=moved.format(24)) + " where status = 'failed'")
        assert named(con) == (["interactions"], ["interactions"]), "the next night may not have come to it yet"
        con.execute(later.format(at=moved.format(48)) + " where status = 'failed'")
        assert named(con) == ([], [])
        assert named(con, AS_OF) == (["interactions"], ["interactions"])


def test_a_source_that_could_not_be_opened_and_was_read_since_is_no_failure() -> None:
    with build_published() as con:
        con.execute("update ops.loads set stream = 'all' where status = 'failed'")
        con.execute("delete from ops.loads where source = 'linkedin' and status = 'loaded'")
        assert named(con) == (["all"], ["all"])
        con.execute(
            "insert into ops.loads select * replace ('posts' as stream, 'loaded' as status, finished_at +"
            " interval 1 day as finished_at) from ops.loads where stream = 'all'"
        )
        assert named(con) == ([], [])
        # as was known of the night itself, nobody had read it since
        con.execute("update ops.loads set started_at = started_at + interval 3 day where status = 'loaded'")
        assert named(con, AS_OF) == (["all"], ["all"])
        assert named(con) == ([], [])


def test_a_ledger_of_years_is_told_in_no_time() -> None:
    """Each failure against the newest read of its source, not against all: that took half a minute a client."""
    with build_published() as con:
        con.execute(
            "insert into ops.loads select loads.* replace (loads.finished_at - n * interval 1 hour as finished_at)"
            " from ops.loads as loads, range(15000) as nights (n) where source = 'linkedin' and status = 'failed'"
        )
        con.execute("update ops.loads set status = 'loaded' where rowid % 2 = 0")
        began = perf_counter()
        named(con)
        assert perf_counter() - began < 2
