"""Mastodon, Bluesky and feeds over real HTTP from the sandbox, against the world's own event log.

Really under test: sandbox and connectors together: that every figure is the event log's, through faults, paging and
the edges of days. Truth is counted in ``tests/sandbox_truth.py`` without SQL, HTTP or a vendor module.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.bluesky.settings import Bluesky
from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, Source
from connectors.core.secrets import build_context
from connectors.feed.settings import Feed
from connectors.mastodon.settings import Mastodon
from connectors.registry import SOURCE_TYPES, open_source
from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    Fault,
    MetricRemoved,
    PageDrift,
    RateLimit,
    Status,
    TruncatedJson,
)
from connectors.sandbox.server import DEMO_TODAY, SandboxServer
from connectors.sandbox.world.clock import five_in_stockholm
from okr_models.client.sources import EnvRef, SourceSettings
from okr_models.periods import snapshot_day
from tests.fake_vendor import STOCKHOLM, Naps
from tests.sandbox_truth import followers, local_day, post_totals

SLUG = "skargard"
URL = EnvRef(env="OKR_SANDBOX_URL")
SETTINGS: dict[str, SourceSettings] = {
    "mastodon": Mastodon(id="mastodon", account="skargard", base_url=URL),
    "bluesky": Bluesky(id="bluesky", actor="skargard.se", base_url=URL),
    "feed": Feed(id="feed", url=EnvRef(env="OKR_SANDBOX_SKARGARD_FEED")),
    "atom": Feed(id="atom", url="/sites/skargard/feed/atom/", base_url=URL),
}
PLATFORMS = ("mastodon", "bluesky")
STREAMS = [(name, stream.name) for name in SETTINGS for stream in SOURCE_TYPES[SETTINGS[name].type].streams]
MOMENTS = {
    "the demo's night": five_in_stockholm(DEMO_TODAY),
    "after the clocks went forward": five_in_stockholm(date(2026, 3, 30)),
    "in the hour that is there twice": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "before noon of a month's first day": datetime(2026, 9, 1, 9, 59, tzinfo=UTC),
    "after noon of a month's last day": datetime(2026, 8, 31, 21, 59, tzinfo=UTC),
    "on a leap day": datetime(2024, 2, 29, 12, tzinfo=UTC),
}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    running.set_today(DEMO_TODAY)
    yield running
    running.faults.clear()
    running.set_today(DEMO_TODAY)


def opened(server: SandboxServer, name: str) -> Source:
    settings = SETTINGS[name]
    inside = build_context(
        settings,
        client=SLUG,
        client_zone=STOCKHOLM,
        now=server.world.now,
        home=Path("."),
        environ=server.environment(),
        sleep=Naps(),
    )
    return open_source(settings, inside)


def read(server: SandboxServer, name: str, stream_name: str) -> Batch:
    source = opened(server, name)
    try:
        return source.read(SOURCE_TYPES[SETTINGS[name].type].stream(stream_name), None)
    finally:
        source.close()


def rows(server: SandboxServer, name: str, stream_name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(server, name, stream_name).rows.to_pylist()
    return found


def truth(server: SandboxServer, platform: str) -> dict[str, tuple[int, int, int]]:
    totals = post_totals(server.world, SLUG, platform)
    return {post: (count["like"], count["comment"], count["share"]) for post, count in totals.items()}


def counted(server: SandboxServer, platform: str) -> dict[str, tuple[int, int, int]]:
    return {
        row["post_id"]: (row["likes"], row["comments"], row["shares"])
        for row in rows(server, platform, "post_counters")
    }


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_followers_posts_and_counters_are_the_event_logs(
    platform: str, moment: datetime, sandbox: SandboxServer
) -> None:
    sandbox.set_now(moment)
    (snapshot,) = rows(sandbox, platform, "follower_snapshots")
    assert snapshot["followers"] == followers(sandbox.world, SLUG, platform)
    assert (snapshot["taken_at"], snapshot["day"]) == (moment, snapshot_day(moment, STOCKHOLM))
    assert counted(sandbox, platform) == truth(sandbox, platform)
    posts = {row["post_id"]: row for row in rows(sandbox, platform, "social_posts")}
    live = {post.post_id: post for post in sandbox.world.social_posts(SLUG, platform)}
    assert set(posts) == set(live)
    for post_id, post in live.items():
        assert posts[post_id]["published_at"] == post.published_at
        assert posts[post_id]["text"] == post.text


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_account_that_opened_mid_year_is_empty_before_and_grows_from_its_first_post(
    platform: str, sandbox: SandboxServer
) -> None:
    first = sandbox.world.social(SLUG, platform).posts[0].published_at
    sandbox.set_now(first - timedelta(seconds=1))
    assert rows(sandbox, platform, "social_posts") == []
    assert rows(sandbox, platform, "post_counters") == []
    sandbox.set_now(first)
    assert len(rows(sandbox, platform, "social_posts")) == 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_deleted_post_is_gone_from_list_and_counters(platform: str, sandbox: SandboxServer) -> None:
    (gone,) = (post for post in sandbox.world.social(SLUG, platform).posts if post.deleted_at)
    assert gone.deleted_at is not None
    sandbox.set_now(gone.deleted_at - timedelta(seconds=1))
    assert gone.post_id in counted(sandbox, platform)
    sandbox.set_now(gone.deleted_at)
    assert gone.post_id not in counted(sandbox, platform)
    assert gone.post_id not in {row["post_id"] for row in rows(sandbox, platform, "social_posts")}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_two_nights_differ_by_what_happened_between_them(platform: str, sandbox: SandboxServer) -> None:
    before = counted(sandbox, platform)
    sandbox.set_today(DEMO_TODAY + timedelta(days=1))
    after = counted(sandbox, platform)
    events = sandbox.world.social_events(SLUG, platform)
    between = events[events["at"] > five_in_stockholm(DEMO_TODAY)]
    assert sum(map(sum, after.values())) - sum(map(sum, before.values())) == between["delta"].sum()


# --- feeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("name", ["feed", "atom"])
def test_a_feeds_posts_are_the_sites(name: str, moment: datetime, sandbox: SandboxServer) -> None:
    sandbox.set_now(moment)
    live = {f"https://skargard.se/?p={post.post_id}": post for post in sandbox.world.blog_posts(SLUG)}
    found = {row["post_id"]: row for row in rows(sandbox, name, "blog_posts")}
    assert set(found) == set(live)
    for post_id, post in live.items():
        row = found[post_id]
        assert row["title"] == post.title.replace("'", "\u2019")
        assert row["published_at"] == post.published_at
        assert row["published_on"] == local_day(post.published_at, "Europe/Stockholm")
        assert row["url"].startswith("https://skargard.se/nyheter/")
        assert row["modified_at"] == (post.modified_at(moment) if name == "atom" else None)


@pytest.mark.parametrize("name", ["feed", "atom"])
def test_a_deleted_post_is_gone_from_a_feed_that_was_read_to_its_end(name: str, sandbox: SandboxServer) -> None:
    gone = next(post for post in sandbox.world.web(SLUG).posts if post.deleted_at)
    assert gone.deleted_at is not None
    sandbox.set_now(gone.deleted_at - timedelta(seconds=1))
    before = read(sandbox, name, "blog_posts")
    sandbox.set_now(gone.deleted_at)
    after = read(sandbox, name, "blog_posts")
    assert before.rows.num_rows - after.rows.num_rows == 1
    assert before.listed_since is after.listed_since is None


def test_rss_and_atom_tell_the_same(sandbox: SandboxServer) -> None:
    def told(name: str) -> list[tuple[object, ...]]:
        return sorted(
            (row["post_id"], row["title"], row["published_at"], row["url"]) for row in rows(sandbox, name, "blog_posts")
        )

    assert told("feed") == told("atom")


@pytest.mark.parametrize("fault", [PageDrift(), DuplicateRow()])
def test_a_feed_that_shifts_while_it_is_read_deletes_nothing_older(fault: Fault, sandbox: SandboxServer) -> None:
    before = read(sandbox, "feed", "blog_posts")
    sandbox.faults.set(vendor="feed", fault=fault)
    moved = read(sandbox, "feed", "blog_posts")
    newest = sorted(before.rows.column("published_at").to_pylist())[-10:]
    assert moved.listed_since == newest[0]
    assert set(newest) <= set(moved.rows.column("published_at").to_pylist())
    sandbox.faults.clear()
    assert read(sandbox, "feed", "blog_posts").listed_since is None


def test_a_passing_shift_is_outlasted(sandbox: SandboxServer) -> None:
    before = read(sandbox, "feed", "blog_posts").rows
    sandbox.faults.set(vendor="feed", fault=PageDrift(), calls=3)
    batch = read(sandbox, "feed", "blog_posts")
    assert batch.rows.equals(before)
    assert batch.listed_since is None


# --- faults -----------------------------------------------------------------------------------------------------------

LASTING: list[tuple[str, Fault, str]] = [
    ("mastodon", AuthReject(reason="empty"), "auth"),
    ("mastodon", RateLimit(retry_after_seconds=60), "rate_limited"),
    ("mastodon", RateLimit(retry_after_seconds=4000), "rate_limited"),
    ("mastodon", Status(code=503), "unavailable"),
    ("mastodon", Status(code=404), "not_found"),
    ("mastodon", TruncatedJson(), "bad_reply"),
    ("mastodon", MetricRemoved(name="favourites_count"), "bad_reply"),
    ("bluesky", AuthReject(), "auth"),
    ("bluesky", RateLimit(retry_after_seconds=60), "rate_limited"),
    ("bluesky", Status(code=502), "unavailable"),
    ("bluesky", TruncatedJson(), "bad_reply"),
    ("feed", AuthReject(), "auth"),
    ("feed", RateLimit(retry_after_seconds=5), "rate_limited"),
    ("feed", Status(code=500), "unavailable"),
    ("feed", Status(code=404), "not_found"),
    ("feed", TruncatedJson(), "bad_reply"),
]
FIRST = {"mastodon": "post_counters", "bluesky": "post_counters", "feed": "blog_posts"}


@pytest.mark.parametrize(("name", "fault", "error_class"), LASTING, ids=lambda value: str(value)[:50])
def test_a_lasting_fault_is_named_and_the_next_read_is_whole_again(
    name: str, fault: Fault, error_class: str, sandbox: SandboxServer
) -> None:
    before = read(sandbox, name, FIRST[name]).rows
    sandbox.faults.set(vendor=name, fault=fault)
    with pytest.raises(SourceError) as raised:
        read(sandbox, name, FIRST[name])
    assert raised.value.error_class == error_class
    sandbox.faults.clear()
    assert read(sandbox, name, FIRST[name]).rows.equals(before)


@pytest.mark.parametrize("fault", [Status(code=500), TruncatedJson(), RateLimit(retry_after_seconds=2)], ids=str)
@pytest.mark.parametrize("name", list(FIRST))
def test_a_passing_fault_is_healed_within_the_read(name: str, fault: Fault, sandbox: SandboxServer) -> None:
    before = read(sandbox, name, FIRST[name]).rows
    sandbox.faults.set(vendor=name, fault=fault, calls=1)
    batch = read(sandbox, name, FIRST[name])
    assert batch.attempts == 2
    assert batch.rows.equals(before)


@pytest.mark.parametrize("fault", [PageDrift(), DuplicateRow()], ids=str)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_paging_by_id_loses_and_doubles_nothing_while_the_list_moves(
    platform: str, fault: Fault, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"connectors.{platform}.source.PAGE_POSTS", 12)
    sandbox.faults.set(vendor=platform, fault=fault)
    assert counted(sandbox, platform) == truth(sandbox, platform)


def test_an_instance_before_quotes_counts_boosts_alone(sandbox: SandboxServer) -> None:
    with_quotes = counted(sandbox, "mastodon")
    sandbox.faults.set(vendor="mastodon", fault=MetricRemoved(name="quotes_count"))
    without = counted(sandbox, "mastodon")
    assert set(without) == set(with_quotes)
    assert 0 < sum(row[2] for row in without.values()) < sum(row[2] for row in with_quotes.values())


@pytest.mark.parametrize(("name", "stream_name"), STREAMS)
def test_every_stream_is_typed_and_two_readings_are_equal(name: str, stream_name: str, sandbox: SandboxServer) -> None:
    stream = SOURCE_TYPES[SETTINGS[name].type].stream(stream_name)
    one, two = read(sandbox, name, stream_name), read(sandbox, name, stream_name)
    assert one.rows.schema == stream.table.arrow_schema()
    assert one.rows.num_rows > 0
    assert one.rows.equals(two.rows)
    assert bool(one.replies) == (stream.delivery == "snapshot")


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_probe_answers(name: str, sandbox: SandboxServer) -> None:
    probe = opened(sandbox, name).probe()
    assert probe.reachable
    assert probe.rows
