"""Bluesky's AppView as its lexicons describe it, from a local server: paging, own posts, absent counts, quotas."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.bluesky.settings import Bluesky
from connectors.bluesky.source import BLUESKY, build
from connectors.core.errors import BadReply, NotFound, PermissionMissing, SourceError
from connectors.core.protocol import Source, Stream
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

FOLLOWERS = BLUESKY.stream("follower_snapshots")
POSTS = BLUESKY.stream("social_posts")
COUNTERS = BLUESKY.stream("post_counters")
DID, OTHER = "did:plc:skargardseaaaaaaaaaaaaaa", "did:plc:fisklivetaaaaaaaaaaaaaaa"
PROFILE = {"did": DID, "handle": "skargard.se", "followersCount": 356}


def opened(server: Vendor, *, actor: str = "skargard.se", sleep: Naps | None = None) -> Source:
    settings = Bluesky(id="bluesky", actor=actor, base_url=server.url)
    return build(settings, context(base_url=server.url, sleep=sleep))


def item(key: str, *, by: str = DID, reason: str | None = None, **changed: Any) -> dict[str, Any]:
    post = {
        "uri": f"at://{by}/app.bsky.feed.post/{key}",
        "cid": "bafy",
        "author": {"did": by, "handle": "x"},
        "record": {"text": "Nytt\nfrån oss", "createdAt": "2026-11-19T16:44:00.123Z"},
        "indexedAt": "2026-11-19T16:44:02.000Z",
        "likeCount": 7,
        "replyCount": 2,
        "repostCount": 3,
        "quoteCount": 1,
    } | changed
    return {"post": post} | ({"reason": {"$type": f"app.bsky.feed.defs#{reason}"}} if reason else {})


def app_view(pages: list[list[dict[str, Any]]], profile: dict[str, Any] | None = None) -> Any:
    """A cursor after each page but the last."""

    def answer(asked: Asked) -> Says:
        if asked.path == "/xrpc/app.bsky.actor.getProfile":
            return Says(profile or PROFILE)
        assert asked.path == "/xrpc/app.bsky.feed.getAuthorFeed"
        number = int(asked.query.get("cursor", "c0")[1:])
        more = {"cursor": f"c{number + 1}"} if number + 1 < len(pages) else {}
        return Says({"feed": pages[number], **more})

    return answer


def uris(source: Source) -> list[str]:
    return [uri.rpartition("/")[2] for uri in source.read(POSTS, None).rows.column("post_id").to_pylist()]


def test_every_post_comes_over_all_pages_also_past_an_empty_one() -> None:
    with vendor(app_view([[item("a"), item("b")], [], [item("c")], []])) as server:
        assert uris(opened(server)) == ["a", "b", "c"]
    query = server.asked[1].query
    assert (query["actor"], query["limit"], query["filter"]) == (DID, "100", "posts_no_replies")


def dated(key: str, day: int) -> dict[str, Any]:
    created = {"text": "Nytt", "createdAt": f"2026-11-{day:02}T08:00:00Z"}
    return item(key, record=created, indexedAt=f"2026-11-{day:02}T08:00:01Z")


def test_a_list_that_ends_before_the_profile_says_deletes_nothing_older_than_its_end() -> None:
    with vendor(app_view([[dated("c", 19), dated("b", 12)]], PROFILE | {"postsCount": 5})) as server:
        source = opened(server)
        posts, counters = source.read(POSTS, None), source.read(COUNTERS, None)
    assert posts.listed_since == datetime(2026, 11, 12, 8, 0, tzinfo=UTC)
    for batch in (posts, counters):
        told = doubts(batch)["list_not_whole"]
        assert (batch.rows.num_rows, told["quantity"], told["of"]) == (2, 2, 5)
        assert "2 of 5" in str(batch.partly)


def test_a_list_cut_to_nothing_deletes_nothing() -> None:
    with vendor(app_view([[]], PROFILE | {"postsCount": 5})) as server:
        batch = opened(server).read(POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (0, NOW)


def test_answers_count_as_posts_in_the_profile_and_are_looked_at_before_a_list_is_called_short() -> None:
    whole = [dated("c", 19), dated("b", 12)]
    answer = item("answer", record={"text": "Tack!", "createdAt": "2026-11-18T08:00:00Z", "reply": {"parent": {}}})

    def by_filter(asked: Asked) -> Says:
        if asked.path.endswith("getProfile"):
            return Says(PROFILE | {"postsCount": 3})
        return Says({"feed": [*whole, answer] if asked.query["filter"] == "posts_with_replies" else whole})

    with vendor(by_filter) as server:
        batch = opened(server).read(POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since, "doubts" in batch.quality) == (2, None, False)


def test_a_post_that_only_the_list_with_answers_shows_is_not_taken_for_deleted() -> None:
    def cut_once(asked: Asked) -> Says:
        if asked.path.endswith("getProfile"):
            return Says(PROFILE | {"postsCount": 2})
        whole = [dated("c", 19), dated("b", 12)]
        return Says({"feed": whole if asked.query["filter"] == "posts_with_replies" else whole[:1]})

    with vendor(cut_once) as server:
        assert uris(opened(server)) == ["c", "b"]


def test_a_post_of_another_shape_costs_itself_and_is_not_taken_for_deleted() -> None:
    broken = item("b", record=None)
    with vendor(app_view([[item("c"), broken, item("a")]], PROFILE | {"postsCount": 3})) as server:
        source = opened(server)
        posts, counters = source.read(POSTS, None), source.read(COUNTERS, None)
    assert posts.present == {f"at://{DID}/app.bsky.feed.post/b"}
    assert posts.listed_since is None
    for batch in (posts, counters):
        assert batch.rows.num_rows == 2
        assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_reposts_of_others_are_dropped_and_a_pin_or_own_repost_is_there_once() -> None:
    feed = [
        item("pinned", reason="reasonPin"),
        item("theirs", by=OTHER, reason="reasonRepost"),
        item("new"),
        item("old", reason="reasonRepost"),
    ]
    with vendor(app_view([feed, [item("pinned"), item("old")]])) as server:
        source = opened(server)
        assert uris(source) == ["pinned", "new", "old"]
        assert source.read(COUNTERS, None).rows.num_rows == 3


def test_the_address_is_verbatim_and_the_page_is_by_did_so_that_a_new_handle_changes_neither() -> None:
    with vendor(app_view([[item("3lk2a")]], PROFILE | {"handle": "rokeriet.se"})) as server:
        batch = opened(server, actor=DID).read(POSTS, None)
    (row,) = batch.rows.to_pylist()
    assert row["post_id"] == f"at://{DID}/app.bsky.feed.post/3lk2a"
    assert row["url"] == f"https://bsky.app/profile/{DID}/post/3lk2a"
    assert row["text"] == "Nytt från oss"
    assert (batch.quality["did"], batch.quality["handle"]) == (DID, "rokeriet.se")


def test_counts_that_are_left_out_of_a_post_are_zeros() -> None:
    bare = item("a")
    for name in ("likeCount", "replyCount", "repostCount", "quoteCount"):
        del bare["post"][name]
    with vendor(app_view([[bare, item("b")]])) as server:
        rows = opened(server).read(COUNTERS, None).rows.to_pylist()
    assert [(row["likes"], row["comments"], row["shares"]) for row in rows] == [(0, 0, 0), (7, 2, 4)]


def test_an_answer_that_the_account_reposted_is_no_post_of_its_own() -> None:
    answer = {"text": "Tack!", "createdAt": "2026-11-19T16:44:00Z", "reply": {"parent": {"uri": "at://x"}}}
    feed = [item("a"), item("answer", reason="reasonRepost", record=answer)]
    with vendor(app_view([feed])) as server:
        assert uris(opened(server)) == ["a"]


def test_publication_is_the_authors_word_alone_where_bluesky_does_not_say_when_it_saw_it() -> None:
    bare = item("a")
    del bare["post"]["indexedAt"]
    with vendor(app_view([[bare]])) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
    assert row["published_at"] == datetime.fromisoformat("2026-11-19T16:44:00.123+00:00")


@pytest.mark.parametrize("wrong", ["many", 1.5, True, {}])
def test_a_count_that_is_no_number_is_refused_rather_than_taken_for_zero(wrong: object) -> None:
    with vendor(app_view([[item("a", likeCount=wrong)]])) as server, pytest.raises(BadReply, match="likeCount"):
        opened(server).read(COUNTERS, None)


def test_a_follower_count_that_is_left_out_is_not_nobody() -> None:
    with (
        vendor(app_view([], {"did": DID, "handle": "skargard.se"})) as server,
        pytest.raises(BadReply, match="followersCount"),
    ):
        opened(server).read(FOLLOWERS, None)


@pytest.mark.parametrize("count", [{}, {"followersCount": None}, {"followersCount": "many"}])
def test_a_follower_count_that_is_no_number_costs_no_post(count: dict[str, Any]) -> None:
    with vendor(app_view([[item("a")]], {"did": DID, "handle": "skargard.se"} | count)) as server:
        source = opened(server)
        for figure in (source.probe, lambda: source.read(FOLLOWERS, None)):
            with pytest.raises(BadReply, match="followersCount"):
                figure()
        assert [source.read(stream, None).rows.num_rows for stream in (POSTS, COUNTERS)] == [1, 1]


def test_a_reply_without_a_feed_is_not_an_account_without_posts() -> None:
    def answer(asked: Asked) -> Says:
        return Says(PROFILE if asked.path.endswith("getProfile") else {"posts": []})

    with vendor(answer) as server, pytest.raises(BadReply, match="feed"):
        opened(server).read(POSTS, None)


@pytest.mark.parametrize(
    ("created", "published"),
    [
        ("2026-11-19T16:44:00.123Z", "2026-11-19T16:44:00.123000+00:00"),
        ("2027-05-01T00:00:00Z", "2026-11-19T16:44:02+00:00"),
        ("2019-05-01T02:00:00+02:00", "2019-05-01T00:00:00+00:00"),
        ("yesterday", "2026-11-19T16:44:02+00:00"),
        (None, "2026-11-19T16:44:02+00:00"),
    ],
)
def test_publication_is_the_authors_word_but_not_later_than_bluesky_saw_it(created: object, published: str) -> None:
    with vendor(app_view([[item("a", record={"text": "x", "createdAt": created})]])) as server:
        (row,) = opened(server).read(POSTS, None).rows.to_pylist()
    assert row["published_at"] == datetime.fromisoformat(published)


def test_followers_stand_for_the_evening_before() -> None:
    with vendor(app_view([])) as server:
        batch = opened(server).read(FOLLOWERS, None)
    (row,) = batch.rows.to_pylist()
    assert (row["platform"], row["followers"], row["day"].isoformat()) == ("bluesky", 356, "2026-11-19")
    assert row["taken_at"] == NOW
    assert len(batch.replies) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Says({"error": "InvalidRequest", "message": "Profile not found"}, status=400), NotFound, "did:"),
        (Says({"error": "AccountTakedown", "message": "taken down"}, status=400), PermissionMissing, "opened again"),
        (Says({"error": "AccountDeactivated", "message": "off"}, status=400), PermissionMissing, "opened again"),
        (Says({"error": "InvalidRequest", "message": "Error: limit"}, status=400), BadReply, "limit"),
    ],
)
def test_errors_are_told_apart_by_their_name(reply: Says, kind: type[SourceError], said: str) -> None:
    with vendor(lambda asked: reply) as server, pytest.raises(kind, match=said):
        opened(server).read(FOLLOWERS, None)
    assert len(server.asked) == 1


def test_a_used_up_quota_is_waited_out_by_its_unix_seconds_and_the_servers_own_clock() -> None:
    headers = {"ratelimit-reset": str(int(datetime.now(UTC).timestamp()) + 100)}
    throttled = Says({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, status=429, headers=headers)
    naps = Naps()
    with vendor([throttled, Says(PROFILE)]) as server:
        assert opened(server, sleep=naps).read(FOLLOWERS, None).attempts == 2
    (wait,) = (nap for nap in naps.taken if nap >= 1)
    assert wait <= 102


def test_a_cursor_that_leads_back_is_refused() -> None:
    def answer(asked: Asked) -> Says:
        return Says(PROFILE if asked.path.endswith("getProfile") else {"feed": [item("a")], "cursor": "again"})

    with vendor(answer) as server, pytest.raises(BadReply, match="ends"):
        opened(server).read(POSTS, None)
    assert len(server.asked) == 3


@pytest.mark.parametrize("stream", [POSTS, COUNTERS])
def test_a_cursor_that_leads_back_after_the_last_post_is_the_lists_end(stream: Stream) -> None:
    def answer(asked: Asked) -> Says:
        if asked.path.endswith("getProfile"):
            return Says(PROFILE | {"postsCount": 2})
        return Says({"feed": [] if "cursor" in asked.query else [item("a"), item("b")], "cursor": "again"})

    with vendor(answer) as server:
        batch = opened(server).read(stream, None)
    assert (batch.rows.num_rows, batch.listed_since, doubts(batch)) == (2, None, {})


def test_the_public_app_view_is_asked_where_no_other_address_is_given() -> None:
    source = build(Bluesky(id="bluesky", actor="skargard.se"), context())
    assert source.transport.base_url == "https://public.api.bsky.app/xrpc"  # type: ignore[attr-defined]


def test_an_account_says_its_did_whatever_its_handle() -> None:
    with vendor(app_view([])) as server:
        source = opened(server)
        assert source.read(FOLLOWERS, None).identity == source.probe().identity == {"did": {DID}}
