"""Mastodon's API as documented, from a local server: paging by Link, what is a post, hidden counts, moves, quotas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    SourceError,
)
from connectors.core.protocol import Source
from connectors.core.reply import Reply
from connectors.core.retry import until_reset
from connectors.core.text import beginning
from connectors.mastodon.settings import Mastodon
from connectors.mastodon.source import MASTODON, breather, build
from okr_models.client.sources import EnvRef
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

FOLLOWERS = MASTODON.stream("follower_snapshots")
POSTS = MASTODON.stream("social_posts")
COUNTERS = MASTODON.stream("post_counters")
ME, OTHER = "114137314099200007", "109349216304785642"


def opened(server: Vendor, *, sleep: Naps | None = None, known: Iterable[str] = (), **extra: Any) -> Source:
    settings = Mastodon(id="mastodon", account="@skargard", base_url=server.url, **extra)
    around = context(secrets={"token": "tok-very-secret"}, base_url=server.url, sleep=sleep)
    return build(settings, replace(around, listed=dict.fromkeys(known)))


def account(**changed: Any) -> dict[str, Any]:
    return {"id": ME, "acct": "skargard", "url": "https://m.se/@skargard", "followers_count": 567} | changed


def status(number: int | str, **changed: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "created_at": "2026-11-19T16:44:00.000Z",
        "in_reply_to_account_id": None,
        "visibility": "public",
        "url": f"https://m.se/@skargard/{number}",
        "content": "<p>Nytt &amp; rökt</p><p>i <a href='x'>butiken</a></p>",
        "account": {"id": ME},
        "reblog": None,
        "favourites_count": 7,
        "replies_count": 2,
        "reblogs_count": 3,
        "quotes_count": 1,
    } | changed


def instance(
    statuses: list[dict[str, Any]], *, who: dict[str, Any] | None = None, most: int = 40, links_kept: bool = True
) -> Any:
    """An instance that pages by id, newest first, and names the next page wherever this one is full."""

    def answer(asked: Asked) -> Says:
        if asked.path == "/api/v1/accounts/lookup":
            assert asked.query == {"acct": "skargard"}
            return Says(who or account())
        assert asked.path == f"/api/v1/accounts/{ME}/statuses"
        size = min(int(asked.query["limit"]), most)
        edge = asked.query.get("max_id")
        page = [one for one in statuses if edge is None or int(one["id"]) < int(edge)][:size]
        links = '<https://m.se/x?min_id=1>; rel="prev"'
        if len(page) == size:
            links = f'<https://m.se/x?limit={size}&max_id={page[-1]["id"]}>; rel="next", {links}'
        return Says(page, headers={"Link": links} if page and links_kept else {})

    return answer


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 80, 123])
def test_every_post_comes_over_all_pages_and_the_last_is_known_by_its_link(count: int) -> None:
    everything = [status(number) for number in range(1000 + count, 1000, -1)]
    with vendor(instance(everything)) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == [one["id"] for one in everything]
    query = server.asked[1].query
    assert (query["limit"], query["exclude_reblogs"], query["exclude_replies"]) == ("40", "true", "false")
    assert len(server.asked) == 2 + count // 40
    assert batch.covers is None
    assert batch.listed_since is None


def test_an_instance_with_smaller_pages_is_read_whole_too() -> None:
    with vendor(instance([status(number) for number in range(30, 0, -1)], most=7)) as server:
        assert opened(server).read(POSTS, None).rows.num_rows == 30


@pytest.mark.parametrize("count", [1, 39, 40, 41, 123])
def test_a_list_whose_links_a_proxy_dropped_is_read_to_its_end_all_the_same(count: int) -> None:
    everything = [status(number) for number in range(1000 + count, 1000, -1)]
    with vendor(instance(everything, links_kept=False)) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == [one["id"] for one in everything]


def test_an_instance_that_neither_links_nor_pages_gives_its_one_page_once() -> None:
    def same(asked: Asked) -> Says:
        return Says(account() if asked.path.endswith("lookup") else [status(2), status(1)])

    with vendor(same) as server:
        assert opened(server).read(POSTS, None).rows.num_rows == 2
    assert len(server.asked) == 3


def dated(number: int, day: int, **changed: Any) -> dict[str, Any]:
    return status(number, created_at=f"2026-11-{day:02}T08:00:00.000Z", **changed)


@pytest.mark.parametrize("known", [(), ("3", "2", "1")], ids=["the first night", "posts went"])
def test_a_list_that_lacks_posts_and_is_shorter_than_the_account_says_deletes_nothing_older(known: Any) -> None:
    with vendor(instance([dated(3, 19)], who=account(statuses_count=3))) as server:
        batch = opened(server, known=known).read(POSTS, None)
    told = doubts(batch)["list_not_whole"]
    assert batch.listed_since == datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
    assert (batch.rows.num_rows, told["quantity"], told["of"]) == (1, 1, 3)


@pytest.mark.parametrize("known", [("3",), ("3", "2", "1")], ids=["nothing went", "boosts make up for it"])
def test_boosts_count_as_statuses_and_are_looked_at_only_where_a_known_post_is_not_listed(known: Any) -> None:
    boost = status(2, reblog={"id": "1"})

    def by_filter(asked: Asked) -> Says:
        if asked.path.endswith("lookup"):
            return Says(account(statuses_count=2))
        links = {"Link": '<https://m.se/x?min_id=1>; rel="prev"'}
        return Says([dated(3, 19), *([boost] if asked.query["exclude_reblogs"] == "false" else [])], headers=links)

    with vendor(by_filter) as server:
        batch = opened(server, known=known).read(POSTS, None)
    assert (batch.rows.column("post_id").to_pylist(), batch.listed_since, "doubts" in batch.quality) == (
        ["3"],
        None,
        False,
    )
    assert len(server.asked) == 1 + len(known[:1]) + (len(known) > 1)


def test_ids_too_large_for_a_float_stay_as_they_are() -> None:
    with vendor(instance([status("117644108759076181"), status("117644108759076180")])) as server:
        ids = opened(server).read(COUNTERS, None).rows.column("post_id").to_pylist()
    assert ids == ["117644108759076181", "117644108759076180"]


def test_an_id_that_is_a_number_is_refused() -> None:
    with vendor(instance([status(1) | {"id": 117644108759076180}])) as server, pytest.raises(BadReply, match="id"):
        opened(server).read(POSTS, None)


def test_only_the_accounts_own_posts_that_anybody_may_read_are_posts() -> None:
    statuses = [
        status(9),
        status(8, visibility="unlisted"),
        status(7, in_reply_to_account_id=ME),
        status(6, in_reply_to_account_id=OTHER),
        status(5, visibility="private"),
        status(4, visibility="direct"),
        status(3, reblog={"id": "1"}),
        status(2, account={"id": OTHER}),
    ]
    with vendor(instance(statuses)) as server:
        source = opened(server)
        posts = source.read(POSTS, None).rows.column("post_id").to_pylist()
        counted = source.read(COUNTERS, None).rows.column("post_id").to_pylist()
    assert posts == counted == ["9", "8", "7"]


def test_shares_are_boosts_and_quotes_and_an_older_instance_has_no_quotes() -> None:
    older = status(1)
    del older["quotes_count"]
    with vendor(instance([status(2), older])) as server:
        rows = opened(server).read(COUNTERS, None).rows.to_pylist()
    assert [(row["likes"], row["comments"], row["shares"]) for row in rows] == [(7, 2, 4), (7, 2, 3)]
    assert {(row["day"].isoformat(), row["taken_at"]) for row in rows} == {("2026-11-19", NOW)}


@pytest.mark.parametrize("field", ["favourites_count", "reblogs_count"])
def test_a_count_that_is_missing_is_not_a_zero(field: str) -> None:
    with vendor(instance([status(1, **{field: None})])) as server, pytest.raises(BadReply, match=field):
        opened(server).read(COUNTERS, None)


def test_an_instance_too_old_to_count_answers_gives_the_other_counts() -> None:
    older = [status(2), status(1)]
    for one in older:
        del one["replies_count"], one["quotes_count"]
    with vendor(instance(older)) as server:
        batch = opened(server).read(COUNTERS, None)
    assert [(row["likes"], row["comments"], row["shares"]) for row in batch.rows.to_pylist()] == [(7, None, 3)] * 2
    assert (doubts(batch)["counters_hidden"]["quantity"], doubts(batch)["counters_hidden"]["of"]) == (2, 2)


def test_a_count_below_zero_is_kept_as_it_is_given_and_said() -> None:
    with vendor(instance([status(2, replies_count=-1), status(1)])) as server:
        batch = opened(server).read(COUNTERS, None)
    assert batch.rows.column("comments").to_pylist() == [-1, 2]
    assert doubts(batch)["counter_below_zero"]["quantity"] == 1


def test_one_status_of_another_shape_costs_itself_and_is_not_taken_for_deleted() -> None:
    odd = [status(3), status(2, created_at="yesterday", favourites_count="many"), status(1)]
    with vendor(instance(odd)) as server:
        source = opened(server)
        posts, counters = source.read(POSTS, None), source.read(COUNTERS, None)
    for batch in (posts, counters):
        assert batch.rows.column("post_id").to_pylist() == ["3", "1"]
        assert doubts(batch)["entries_left_out"]["quantity"] == 1
        assert "yesterday" in str(batch.partly)
    assert posts.present == {"2"}


def test_a_posts_text_is_plain_and_short() -> None:
    with vendor(instance([status(2), status(1, content="<p>" + "å" * 500 + "</p>"), status(0, content="")])) as server:
        texts = opened(server).read(POSTS, None).rows.column("text").to_pylist()
    assert texts == ["Nytt & rökt i butiken", "å" * 280, None]


@given(st.text())
def test_no_text_breaks_its_beginning(text: str) -> None:
    for is_html in (True, False):
        shown = beginning(text, is_html=is_html)
        assert shown is None or (0 < len(shown) <= 280 and "\n" not in shown)


def test_followers_stand_for_the_evening_before() -> None:
    with vendor(instance([])) as server:
        batch = opened(server).read(FOLLOWERS, None)
    (row,) = batch.rows.to_pylist()
    assert (row["platform"], row["followers"], row["day"].isoformat()) == ("mastodon", 567, "2026-11-19")
    assert len(batch.replies) == 1


@pytest.mark.parametrize("stream", [FOLLOWERS, POSTS, COUNTERS], ids=lambda stream: stream.name)
def test_a_suspended_account_is_an_error_and_no_figure(stream: Any) -> None:
    who = account(suspended=True, followers_count=0)
    with vendor(instance([], who=who)) as server, pytest.raises(PermissionMissing, match="suspended"):
        opened(server).read(stream, None)


def test_a_hidden_follower_count_is_an_error_of_the_followers_and_costs_no_post() -> None:
    with vendor(instance([status(1)], who=account(followers_count=-1))) as server:
        source = opened(server)
        with pytest.raises(PermissionMissing, match="hidden"):
            source.read(FOLLOWERS, None)
        with pytest.raises(PermissionMissing, match="hidden"):
            source.probe()
        assert [source.read(stream, None).rows.num_rows for stream in (POSTS, COUNTERS)] == [1, 1]


def test_a_follower_count_that_is_no_number_costs_no_post() -> None:
    with vendor(instance([status(1)], who=account(followers_count=None))) as server:
        source = opened(server)
        with pytest.raises(BadReply, match="followers_count"):
            source.read(FOLLOWERS, None)
        assert [source.read(stream, None).rows.num_rows for stream in (POSTS, COUNTERS)] == [1, 1]


def test_an_account_that_moved_away_says_so() -> None:
    who = account(moved={"acct": "skargard@fisk.social"})
    with vendor(instance([], who=who)) as server:
        source = opened(server)
        told = doubts(source.read(FOLLOWERS, None))["account_moved"]
        assert (told["what"], told["moves"]) == ("@skargard@fisk.social", "too_low")
        assert told["kpis"] == ["followers", "new_followers"]
        assert "skargard@fisk.social" in source.probe().detail


@pytest.mark.parametrize(
    ("reply", "token", "kind", "cure"),
    [
        (Says({"error": "Record not found"}, status=404), False, NotFound, "base_url is the instance"),
        (Says({"error": "This method requires an authenticated user"}, status=401), False, AuthFailed, "give a token"),
        (Says({"error": "The access token is invalid"}, status=401), True, AuthFailed, "renew the token"),
        (Says({"error": "outside the authorized scopes"}, status=403), True, PermissionMissing, "scope read"),
        (Says({"error": "gone"}, status=410), False, NotFound, "base_url"),
    ],
)
def test_errors_are_told_apart_and_name_the_cure(reply: Says, token: bool, kind: type[SourceError], cure: str) -> None:
    extra = {"token": EnvRef(env="T")} if token else {}
    with vendor(lambda asked: reply) as server, pytest.raises(kind, match=cure):
        opened(server, **extra).read(FOLLOWERS, None)
    assert len(server.asked) == 1


def test_a_token_goes_along_only_where_one_is_given() -> None:
    with vendor(instance([])) as server:
        opened(server).read(FOLLOWERS, None)
        opened(server, token=EnvRef(env="T")).read(FOLLOWERS, None)
    assert [asked.headers.get("Authorization") for asked in server.asked] == [None, "Bearer tok-very-secret"]


def throttled(seconds: int) -> Says:
    """A used-up quota that begins anew so many seconds from the server's own now, which no test sets."""
    reset = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    return Says({"error": "Too many requests"}, status=429, headers=headers)


def test_a_used_up_quota_is_waited_out_by_its_iso_instant_and_the_servers_own_clock() -> None:
    naps = Naps()
    with vendor([throttled(200), Says(account())]) as server:
        batch = opened(server, sleep=naps).read(FOLLOWERS, None)
    assert batch.attempts == 2
    (wait,) = (nap for nap in naps.taken if nap >= 1)
    assert wait <= 202


def test_a_new_quota_is_waited_for_once_only() -> None:
    naps = Naps()
    with vendor(lambda asked: throttled(200)) as server, pytest.raises(RateLimited) as raised:
        opened(server, sleep=naps).read(FOLLOWERS, None)
    assert (len(server.asked), raised.value.attempts) == (2, 2)
    assert sum(naps.taken) <= 310


def test_a_quota_that_lasts_longer_than_mastodons_own_is_left_to_a_later_run() -> None:
    with vendor([throttled(7200)]) as server, pytest.raises(RateLimited) as raised:
        opened(server).read(FOLLOWERS, None)
    assert raised.value.retry_after_seconds
    assert raised.value.retry_after_seconds > 310
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("left", "reset", "seconds"),
    [
        ("299", "2026-11-20T04:04:00Z", 0),
        ("31", "2026-11-20T04:04:00Z", 0),
        ("29", "2026-11-20T04:04:00Z", 8),
        ("0", "2026-11-20T04:04:00.000000Z", 240),
        ("0", "2026-11-20T09:00:00Z", 300),
        ("3", "2026-11-19T00:00:00Z", 0.25),
        ("5", "soon", 0),
        ("", "2026-11-20T04:04:00Z", 0),
        ("many", "2026-11-20T04:04:00Z", 0),
    ],
)
def test_a_long_list_spreads_the_last_calls_of_a_quota_instead_of_using_it_up(
    left: str, reset: str, seconds: float
) -> None:
    headers = {"X-RateLimit-Remaining": left, "X-RateLimit-Reset": reset}
    assert breather(Reply(status=200, headers=headers, body=b"[]", url=""), now=NOW) == seconds


@pytest.mark.parametrize(
    "left_out", [("url",), ("account",), ("visibility",), ("in_reply_to_account_id",), ("reblog",), ("content", "url")]
)
def test_what_an_instance_leaves_out_of_a_status_beside_its_counts_hides_no_post(left_out: tuple[str, ...]) -> None:
    bare = {name: value for name, value in status(1).items() if name not in left_out}
    who = {"id": ME, "followers_count": 567}
    with vendor(instance([bare], who=who)) as server:
        source = opened(server)
        assert source.read(POSTS, None).rows.column("post_id").to_pylist() == ["1"]
        assert source.read(COUNTERS, None).rows.column("likes").to_pylist() == [7]
        assert "@skargard" in source.probe().detail


def test_a_reset_is_counted_from_the_replys_own_date() -> None:
    sent = {"Date": "Tue, 01 Jan 2030 12:00:00 GMT"}
    assert until_reset("2030-01-01T12:04:30.500Z", sent, now=NOW) == 270.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-20T04:02:00Z", 120),
        ("2026-11-20T05:02:00+01:00", 120),
        ("2026-11-20T04:02:00", 120),
        (str(int(NOW.timestamp()) + 90), 90),
        ("2020-01-01T00:00:00Z", 1),
        ("", None),
        ("soon", None),
        ("9" * 30, None),
    ],
)
def test_a_reset_is_read_as_an_instant_or_as_unix_seconds(text: str, seconds: float | None) -> None:
    assert until_reset(text, {}, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_reset_breaks_the_wait(text: str) -> None:
    wait = until_reset(text, {}, now=NOW)
    assert wait is None or wait >= 1


def test_a_list_that_leads_back_to_itself_is_refused() -> None:
    def answer(asked: Asked) -> Says:
        if asked.path.endswith("lookup"):
            return Says(account())
        return Says([status(5)], headers={"Link": '<https://m.se/x?max_id=5>; rel="next"'})

    with vendor(answer) as server, pytest.raises(BadReply, match="ends"):
        opened(server).read(POSTS, None)
    assert len(server.asked) == 3


def test_a_source_without_its_instance_is_misconfigured() -> None:
    settings = Mastodon.model_construct(id="mastodon", account="skargard", base_url=None, token=None)
    with pytest.raises(Misconfigured, match="home instance"):
        build(settings, context())


def test_an_account_says_its_number_and_its_instance_and_doctor_hears_it_too() -> None:
    with vendor(instance([])) as server:
        source = opened(server)
        told = source.read(FOLLOWERS, None).identity
        assert told == {"account_id": {ME}, "instance": {"m.se"}}
        assert source.probe().identity == told
