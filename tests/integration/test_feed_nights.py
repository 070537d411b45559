"""Night after night over a feed that shows only its newest posts: what it no longer shows stays, what is deleted goes.

Really under test: the feed connector, the ingest step and the writer together, over HTTP from a local server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.feed.settings import Feed
from connectors.registry import SOURCE_TYPES, open_source
from okr_models.client.model import Client
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Asked, Says, vendor
from tests.unit.warehouse_fakes import Night

FIRST_NIGHT = date(2026, 11, 10)
SHOWN = 5


@dataclass
class Blog:
    """A blog whose feed shows its five newest posts; post n was published on the n-th of November at 9."""

    live: set[int] = field(default_factory=lambda: set(range(1, 10)))
    broken: bool = False

    def answer(self, asked: Asked) -> Says:
        if self.broken:
            return Says("<rss version='2.0'><channel>")
        items = "".join(
            f"<item><title>{number}</title><link>https://w.se/{number}/</link><guid>{number}</guid><pubDate>"
            f"{format_datetime(datetime(2026, 11, number, 9, tzinfo=UTC))}</pubDate></item>"
            for number in sorted(self.live, reverse=True)[:SHOWN]
        )
        return Says(f"<?xml version='1.0'?><rss version='2.0'><channel><title>B</title>{items}</channel></rss>")


@dataclass
class Nights:
    """Nights of one client with one feed."""

    blog: Blog
    night: Night
    url: str
    ran: int = 0

    def run(self, **options: object) -> set[int]:
        """One more night; the posts that are known after it."""
        self.night.run(
            FIRST_NIGHT + timedelta(days=self.ran),
            source_types={"feed": SOURCE_TYPES["feed"]},
            open_source=open_source,
            environ={"FEED": self.url},
            **options,
        )
        self.ran += 1
        return {int(number) for (number,) in self.night.rows("select post_id from raw.blog_posts")}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    blog = Blog()
    client = Client(client="acme", name="Acme", sources=(Feed(id="feed", url=EnvRef(env="FEED")),))
    with vendor(blog.answer) as server:
        yield Nights(blog, Night(tmp_path, client), f"{server.url}/feed/")


def test_posts_that_slid_out_of_the_feed_stay(nights: Nights) -> None:
    assert nights.run() == {5, 6, 7, 8, 9}
    nights.blog.live |= {10, 11}
    assert nights.run() == {5, 6, 7, 8, 9, 10, 11}


def test_a_deleted_post_goes_while_the_feed_would_still_show_it_and_stays_when_it_would_not(nights: Nights) -> None:
    nights.run()
    nights.blog.live -= {8}
    assert nights.run() == {4, 5, 6, 7, 9}
    nights.blog.live |= {10, 11, 12}
    nights.run()
    nights.blog.live -= {4}
    assert nights.run() == {4, 5, 6, 7, 9, 10, 11, 12}


def test_a_feed_that_is_empty_for_a_night_loses_nothing(nights: Nights) -> None:
    before = nights.run()
    live, nights.blog.live = nights.blog.live, set()
    assert nights.run() == before
    nights.blog.live = live
    assert nights.run() == before


def test_a_feed_that_is_cut_off_fails_by_name_and_changes_nothing(nights: Nights) -> None:
    before = nights.run()
    nights.blog.broken = True
    assert nights.run() == before
    ((stream, _, _, error_class, message),) = nights.night.loads("failed")
    assert (stream, error_class) == ("blog_posts", "bad_reply")
    assert "cut off" in message
    assert nights.url not in message


def test_the_ledger_says_how_far_a_reading_reached(nights: Nights) -> None:
    nights.run()
    ((quality,),) = nights.night.rows("select quality from ops.loads")
    assert '"reaches_back_to": "2026-11-05T09:00:00+00:00"' in quality
    assert '"is_whole": false' in quality


def test_a_second_run_of_the_same_day_leaves_no_trace(nights: Nights) -> None:
    nights.run()
    nights.blog.live |= {10}
    before = nights.run(), nights.night.table("blog_posts"), nights.night.rows("select * from ops.loads order by all")
    nights.ran -= 1
    again = nights.run(), nights.night.table("blog_posts"), nights.night.rows("select * from ops.loads order by all")
    assert again == before
