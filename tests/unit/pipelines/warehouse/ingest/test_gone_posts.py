"""When posts were published that a list no longer names is kept with the list that no longer does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.core.arrow import build_table
from connectors.core.protocol import Batch
from connectors.mastodon.source import MASTODON
from okr_models.periods import Window
from pipelines.warehouse.db import Connection
from pipelines.warehouse.home import Home
from pipelines.warehouse.ingest.batches import CheckedBatch
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.writer import write_batch
from tests.empty_home import connected

POSTS = next(stream for stream in MASTODON.streams if stream.name == "social_posts")
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=400), NOW - timedelta(days=1)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    connection = connected(Home(tmp_path))
    yield connection
    connection.close()


def write_list(con: Connection, *, now: datetime, since: datetime | None = None, **published: datetime) -> None:
    rows = [
        {"platform": "mastodon", "post_id": post_id, "url": None, "published_at": at, "text": None}
        for post_id, at in published.items()
    ]
    window = Window(date(2026, 11, 19), date(2026, 11, 19))
    load = Load(
        client="acme",
        source="social",
        stream=POSTS.name,
        window=window,
        rows=len(rows),
        status="loaded",
        attempts=1,
        started_at=now,
        finished_at=now,
        run_id="r",
    )
    batch = Batch(rows=build_table(POSTS.table, rows), listed_since=since)
    write_batch(con, batch=CheckedBatch(stream=POSTS, batch=batch, window=window), load=load, taken_at=now)


def gone(con: Connection) -> list[tuple[object, ...]]:
    return con.execute(
        "select post_id, published_at, gone_at from ops.gone_social_posts order by gone_at, post_id"
    ).fetchall()


def test_a_post_that_is_listed_no_more_leaves_when_it_was_published(con: Connection) -> None:
    write_list(con, now=NOW, old=OLD, new=NEW)
    assert gone(con) == []
    write_list(con, now=LATER, old=OLD)
    assert gone(con) == [("new", NEW, LATER)]
    assert con.execute("select post_id from raw.social_posts").fetchall() == [("old",)]


def test_one_that_comes_back_and_goes_again_in_the_same_night_is_noted_once(con: Connection) -> None:
    write_list(con, now=NOW, new=NEW)
    write_list(con, now=LATER)
    write_list(con, now=LATER, new=NEW)
    write_list(con, now=LATER)
    assert gone(con) == [("new", NEW, LATER)]


def test_a_list_that_is_not_whole_makes_nothing_gone_that_it_does_not_reach(con: Connection) -> None:
    write_list(con, now=NOW, old=OLD, new=NEW, newest=NOW)
    write_list(con, now=LATER, since=NEW - timedelta(days=1), newest=NOW)
    assert gone(con) == [("new", NEW, LATER)]
