"""The sandbox's Mastodon, Bluesky and feeds as the clients that others wrote read them.

Really under test: the sandbox's wire format. Mastodon.py and atproto are pointed at it, and feedparser reads its feeds,
so that it speaks the vendors' formats and not our connectors' idea of them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import feedparser
import mastodon
import pytest
import requests

from connectors.sandbox.faults import AuthReject, RateLimit
from connectors.sandbox.server import DEMO_TODAY, SandboxServer
from connectors.sandbox.world.clock import five_in_stockholm
from tests.sandbox_truth import followers, post_totals

if TYPE_CHECKING:  # it takes a second and a half to load, which only the worker with this file should spend
    import atproto
    from atproto_client.models.app.bsky.feed.get_author_feed import Response as AuthorFeed

SLUG = "skargard"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()
    running.set_today(DEMO_TODAY)


# --- Mastodon.py ------------------------------------------------------------------------------------------------------


@pytest.fixture
def instance(sandbox: SandboxServer) -> mastodon.Mastodon:
    return mastodon.Mastodon(api_base_url=sandbox.url, ratelimit_method="throw")


def test_mastodon_py_finds_account_version_and_followers(sandbox: SandboxServer, instance: mastodon.Mastodon) -> None:
    account = instance.account_lookup("skargard")
    assert account.followers_count == followers(sandbox.world, SLUG, "mastodon")
    assert instance.account(account.id).acct == "skargard"
    assert instance.retrieve_mastodon_version() == "4.5.2"
    assert account.created_at.date() == sandbox.world.brand(SLUG).account("mastodon").opened


def test_mastodon_py_pages_through_every_status_and_counts_as_the_world_does(
    sandbox: SandboxServer, instance: mastodon.Mastodon
) -> None:
    account = instance.account_lookup("skargard")
    first = instance.account_statuses(account.id, limit=40, exclude_reblogs=True, exclude_replies=True)
    assert len(first) == 40
    everything = instance.fetch_remaining(first)
    totals = post_totals(sandbox.world, SLUG, "mastodon")
    assert [str(status.id) for status in everything] == sorted(totals, key=int, reverse=True)
    for status in everything:
        counted = totals[str(status.id)]
        assert status.favourites_count == counted["like"]
        assert status.replies_count == counted["comment"]
        assert status.reblogs_count + status.quotes_count == counted["share"]


def test_mastodon_py_sees_boosts_and_answers_unless_it_leaves_them_out(instance: mastodon.Mastodon) -> None:
    account = instance.account_lookup("skargard")

    def kinds(**left_out: bool) -> set[tuple[bool, bool]]:
        page = instance.account_statuses(account.id, limit=40, **left_out)
        return {(status.reblog is not None, status.in_reply_to_account_id is not None) for status in page}

    assert kinds() == {(False, False), (True, False), (False, True)}
    assert kinds(exclude_reblogs=True) == {(False, False), (False, True)}
    assert kinds(exclude_reblogs=True, exclude_replies=True) == {(False, False)}


def test_mastodon_py_understands_the_errors(sandbox: SandboxServer, instance: mastodon.Mastodon) -> None:
    with pytest.raises(mastodon.MastodonNotFoundError, match="Record not found"):
        instance.account_lookup("nobody")
    sandbox.faults.set(vendor="mastodon", fault=AuthReject(reason="empty"), calls=1)
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        instance.account_lookup("skargard")
    sandbox.faults.set(vendor="mastodon", fault=RateLimit(retry_after_seconds=120), calls=1)
    with pytest.raises(mastodon.MastodonRatelimitError):
        instance.account_lookup("skargard")
    assert instance.ratelimit_remaining == 0
    assert instance.ratelimit_reset


def test_a_wrong_token_is_refused_though_none_is_needed(sandbox: SandboxServer) -> None:
    address = f"{sandbox.url}/api/v1/accounts/lookup?acct=skargard"
    token = sandbox.sandbox.token("mastodon")
    for given, status in ((None, 200), (token, 200), ("wrong", 401)):
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        assert requests.get(address, headers=headers, timeout=30).status_code == status


# --- atproto ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def app_view(sandbox: SandboxServer) -> atproto.Client:
    import atproto

    return atproto.Client(base_url=f"{sandbox.url}/xrpc")


def pages(app_view: atproto.Client, **given: object) -> Iterator[AuthorFeed]:
    cursor: str | None = None
    while True:
        params = {"actor": "skargard.se", "limit": 30, **given, **({"cursor": cursor} if cursor else {})}
        page = app_view.app.bsky.feed.get_author_feed(params)  # type: ignore[arg-type]
        yield page
        cursor = page.cursor
        if not cursor:
            return


def test_atproto_reads_the_profile_by_handle_and_by_did(sandbox: SandboxServer, app_view: atproto.Client) -> None:
    profile = app_view.get_profile("skargard.se")
    assert profile.followers_count == followers(sandbox.world, SLUG, "bluesky")
    assert app_view.get_profile(profile.did).handle == "skargard.se"
    assert profile.pinned_post


def test_atproto_pages_through_every_post_and_counts_as_the_world_does(
    sandbox: SandboxServer, app_view: atproto.Client
) -> None:
    did = app_view.get_profile("skargard.se").did
    found = [item for page in pages(app_view, filter="posts_no_replies") for item in page.feed]
    own = {item.post.uri: item.post for item in found if item.post.author.did == did}
    totals = post_totals(sandbox.world, SLUG, "bluesky")
    assert set(own) == set(totals)
    assert len(found) > len(own)
    # counts of zero are there on some posts and left out of others
    assert {post.quote_count for post in own.values()} >= {None, 0}
    for uri, post in own.items():
        assert (post.like_count or 0, post.reply_count or 0) == (totals[uri]["like"], totals[uri]["comment"])
        assert (post.repost_count or 0) + (post.quote_count or 0) == totals[uri]["share"]


def test_atproto_knows_reposts_pins_and_answers_for_what_they_are(app_view: atproto.Client) -> None:
    everything = [item for page in pages(app_view) for item in page.feed]
    assert any(item.post.record.reply for item in everything)
    reposts = [item for item in everything if item.reason]
    assert {item.reason.py_type for item in reposts} == {"app.bsky.feed.defs#reasonRepost"}
    first = next(pages(app_view, include_pins=True)).feed[0]
    assert first.reason is not None
    assert first.reason.py_type == "app.bsky.feed.defs#reasonPin"
    assert not any(item.post.record.reply for page in pages(app_view, filter="posts_no_replies") for item in page.feed)


def test_atproto_understands_the_errors(sandbox: SandboxServer, app_view: atproto.Client) -> None:
    from atproto_client.exceptions import BadRequestError, RateLimitExceededError

    with pytest.raises(BadRequestError) as raised:
        app_view.get_profile("nobody.example")
    assert "Profile not found" in str(raised.value.response)
    too_many = {"actor": "skargard.se", "limit": "101"}
    reply = requests.get(f"{sandbox.url}/xrpc/app.bsky.feed.getAuthorFeed", params=too_many, timeout=30)
    assert (reply.status_code, reply.json()["error"]) == (400, "InvalidRequest")
    sandbox.faults.set(vendor="bluesky", fault=RateLimit(), calls=1)
    with pytest.raises(RateLimitExceededError) as throttled:
        app_view.get_profile("skargard.se")
    assert throttled.value.response is not None
    assert int(throttled.value.response.headers["ratelimit-reset"]) > 1_600_000_000


# --- feedparser -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "version"), [("feed/", "rss20"), ("feed/atom/", "atom10")])
def test_feedparser_reads_the_feeds_without_complaint(path: str, version: str, sandbox: SandboxServer) -> None:
    reply = requests.get(f"{sandbox.url}/sites/{SLUG}/{path}", timeout=30)
    found = feedparser.parse(io.BytesIO(reply.content), response_headers=dict(reply.headers))
    assert not found.bozo
    assert found.version == version
    posts = sorted(sandbox.world.blog_posts(SLUG), key=lambda post: post.published_at, reverse=True)[:10]
    assert [entry.id for entry in found.entries] == [f"https://skargard.se/?p={post.post_id}" for post in posts]
    assert [tuple(entry.published_parsed)[:6] for entry in found.entries] == [
        post.published_at.timetuple()[:6] for post in posts
    ]
    assert "wordpress" in found.feed.generator.lower()


@pytest.mark.parametrize("path", ["feed/", "feed/atom/"])
def test_pages_go_on_to_the_oldest_post_and_end_with_404(path: str, sandbox: SandboxServer) -> None:
    seen: list[str] = []
    for number in range(1, 100):
        reply = requests.get(f"{sandbox.url}/sites/{SLUG}/{path}", params={"paged": number}, timeout=30)
        if reply.status_code == 404:
            break
        seen += [entry.id for entry in feedparser.parse(io.BytesIO(reply.content)).entries]
    assert len(seen) == len(set(seen)) == len(sandbox.world.blog_posts(SLUG))


def test_tomorrow_is_today_and_what_happened_since(sandbox: SandboxServer, instance: mastodon.Mastodon) -> None:
    def ids() -> list[str]:
        account = instance.account_lookup("skargard")
        first = instance.account_statuses(account.id, limit=40)
        return [str(status.id) for status in instance.fetch_remaining(first)]

    before = ids()
    sandbox.set_now(five_in_stockholm(DEMO_TODAY + timedelta(days=7)))
    after = ids()
    assert after[-len(before) :] == before
    assert len(after) > len(before)


def test_a_site_without_a_feed_is_not_there(sandbox: SandboxServer) -> None:
    assert requests.get(f"{sandbox.url}/sites/lindhs/feed/", timeout=30).status_code == 404
