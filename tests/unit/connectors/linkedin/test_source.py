"""LinkedIn in its documented wire format from a local server: encoding, versions, omitted posts, throttles, paging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    VersionRetired,
)
from connectors.core.paging import Page, list_steadily
from connectors.core.protocol import Source
from connectors.core.shape import BadShape, Node
from connectors.linkedin.api import DEFAULT_VERSION, by_day, sunset_on, urn_list
from connectors.linkedin.settings import LinkedIn
from connectors.linkedin.source import CHANGES, COUNTERS, INTERACTIONS, POSTS, SNAPSHOTS, LinkedInSource, build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

TOKEN = "AQVsecret-token-000111222"
ORGANIZATION = "urn%3Ali%3Aorganization%3A2414183"
WEEK = Window(date(2026, 11, 12), date(2026, 11, 18))


def opened(server: Vendor, *, naps: Naps | None = None, **extra: Any) -> Source:
    settings = LinkedIn(id="linkedin", organization_id="2414183", token=EnvRef(env="T"), **extra)
    return build(settings, context(secrets={"token": TOKEN}, base_url=server.url, sleep=naps))


def ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def stats(likes: int, comments: int, shares: int) -> dict[str, Any]:
    return {
        "totalShareStatistics": {"likeCount": likes, "commentCount": comments, "shareCount": shares, "clickCount": 9}
    }


def bucket(day: date, **rest: Any) -> dict[str, Any]:
    return {"timeRange": {"start": ms(day), "end": ms(day + timedelta(days=1))}, **rest}


def post(urn: str, *, days_old: float = 5, **extra: Any) -> dict[str, Any]:
    at = int((NOW - timedelta(days=days_old)).timestamp() * 1000)
    return {
        "id": urn,
        "publishedAt": at,
        "createdAt": at - 1000,
        "lifecycleState": "PUBLISHED",
        "commentary": "Hej",
    } | extra


def listing(posts: list[dict[str, Any]]) -> Callable[[Asked], dict[str, Any]]:
    def page(asked: Asked) -> dict[str, Any]:
        start, count = int(asked.query["start"]), int(asked.query["count"])
        return {"paging": {"start": start, "count": count, "links": []}, "elements": posts[start : start + count]}

    return page


def test_requests_carry_version_protocol_and_token_and_encode_as_restli_does() -> None:
    with vendor([Says({"elements": []})]) as server:
        batch = opened(server).read(INTERACTIONS, WEEK)
    asked = server.asked[0]
    assert asked.headers["LinkedIn-Version"] == DEFAULT_VERSION
    assert asked.headers["X-Restli-Protocol-Version"] == "2.0.0"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.target == (
        "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
        f"&organizationalEntity={ORGANIZATION}"
        f"&timeIntervals=(timeRange:(start:{ms(date(2026, 11, 12))},end:{ms(date(2026, 11, 19))}),"
        "timeGranularityType:DAY)"
    )
    assert (batch.rows.num_rows, batch.covers) == (0, WEEK)


def test_lists_of_urns_keep_their_own_signs_bare() -> None:
    assert urn_list(["urn:li:share:1", "urn:li:share:2"]) == "List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A2)"
    assert by_day(Window(date(1970, 1, 1), date(1970, 1, 1))) == (
        "(timeRange:(start:0,end:86400000),timeGranularityType:DAY)"
    )


def test_followers_are_a_snapshot_of_the_day_that_ended_and_keep_their_raw_reply() -> None:
    with vendor([Says({"firstDegreeSize": 219145})]) as server:
        batch = opened(server).read(SNAPSHOTS, None)
    assert server.asked[0].target == f"/rest/networkSizes/{ORGANIZATION}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
    assert batch.rows.to_pylist() == [
        {"platform": "linkedin", "taken_at": NOW, "day": date(2026, 11, 19), "followers": 219145}
    ]
    assert batch.covers is None
    assert batch.replies[0][1] == b'{"firstDegreeSize": 219145}'
    assert TOKEN not in batch.replies[0][0]


def test_gains_may_be_negative_and_paid_ones_may_be_left_out() -> None:
    elements = [
        bucket(date(2026, 11, 12), followerGains={"organicFollowerGain": -3, "paidFollowerGain": 1}),
        bucket(date(2026, 11, 18), followerGains={"organicFollowerGain": 4}),
    ]
    with vendor([Says({"elements": elements})]) as server:
        rows = opened(server).read(CHANGES, WEEK).rows.to_pylist()
    assert [(row["day"].day, row["change"], row["is_final"]) for row in rows] == [(12, -2, True), (18, 4, False)]


def test_interactions_of_a_day_are_reactions_comments_and_shares() -> None:
    with vendor([Says({"elements": [bucket(date(2026, 11, 12), **stats(5, 2, 1))]})]) as server:
        row = opened(server).read(INTERACTIONS, WEEK).rows.to_pylist()[0]
    assert (row["likes"], row["comments"], row["shares"]) == (5, 2, 1)


@pytest.mark.parametrize(
    "element",
    [
        bucket(date(2026, 11, 11), **stats(1, 1, 1)),
        {"timeRange": {"start": ms(date(2026, 11, 12)) + 3_600_000}, **stats(1, 1, 1)},
        {"timeRange": {"start": 10**20}, **stats(1, 1, 1)},
        bucket(date(2026, 11, 12), totalShareStatistics={"likeCount": "many", "commentCount": 0, "shareCount": 0}),
        bucket(date(2026, 11, 12), totalShareStatistics={}),
        bucket(date(2026, 11, 12)),
        "text",
    ],
)
def test_a_day_that_was_not_asked_or_is_not_shaped_as_documented_is_refused(element: Any) -> None:
    with vendor([Says({"elements": [element]})]) as server, pytest.raises(BadReply):
        opened(server).read(INTERACTIONS, WEEK)


def test_a_reply_without_elements_is_not_taken_for_no_activity() -> None:
    with vendor([Says({"paging": {}})]) as server, pytest.raises(BadReply, match="elements"):
        opened(server).read(INTERACTIONS, WEEK)


def test_a_day_given_twice_with_different_figures_is_refused_and_with_the_same_is_kept_once() -> None:
    one, other = bucket(date(2026, 11, 12), **stats(1, 0, 0)), bucket(date(2026, 11, 12), **stats(2, 0, 0))
    with vendor([Says({"elements": [one, other]})]) as server, pytest.raises(BadReply, match="one row a key"):
        opened(server).read(INTERACTIONS, WEEK)
    with vendor([Says({"elements": [one, one]})]) as server:
        assert opened(server).read(INTERACTIONS, WEEK).rows.num_rows == 1


def test_a_window_is_clipped_to_twelve_months_and_the_day_before_yesterday() -> None:
    with vendor([Says({"elements": []})]) as server:
        batch = opened(server).read(CHANGES, Window(date(2020, 1, 1), date(2026, 11, 20)))
    assert batch.covers == Window(date(2025, 11, 20), date(2026, 11, 18))
    with vendor([]) as server, pytest.raises(NotFound, match="history in a csv source"):
        opened(server).read(CHANGES, Window(date(2020, 1, 1), date(2020, 12, 31)))


def test_posts_are_listed_with_their_addresses_and_drafts_are_left_out() -> None:
    posts = [
        post("urn:li:share:1", commentary="å" * 400),
        post("urn:li:ugcPost:2", commentary=None),
        post("urn:li:share:3", lifecycleState="DRAFT"),
    ]
    page = listing(posts)
    with vendor(lambda asked: Says(page(asked))) as server:
        rows = opened(server).read(POSTS, None).rows.to_pylist()
    assert [row["post_id"] for row in rows] == ["urn:li:share:1", "urn:li:ugcPost:2"]
    assert rows[0]["url"] == "https://www.linkedin.com/feed/update/urn:li:share:1/"
    assert (len(rows[0]["text"]), rows[1]["text"]) == (280, None)
    assert rows[0]["published_at"] == NOW - timedelta(days=5)


def test_a_post_left_out_of_the_counters_had_no_activity_if_it_was_asked_for_and_is_left_out_if_not() -> None:
    posts = [
        post("urn:li:share:1"),
        post("urn:li:share:2"),
        post("urn:li:ugcPost:3"),
        post("urn:li:share:4", days_old=400),
    ]
    page = listing(posts)

    def answer(asked: Asked) -> Says:
        if asked.path == "/rest/posts":
            return Says(page(asked))
        if "shares=List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A2)" in asked.target:
            return Says({"elements": [{"share": "urn:li:share:1", **stats(7, 1, 0)}]})
        assert "ugcPosts=List(urn%3Ali%3AugcPost%3A3)" in asked.target
        assert "timeIntervals" not in asked.target
        return Says({"elements": [{"ugcPost": "urn:li:ugcPost:3", **stats(2, 0, 1)}]})

    with vendor(answer) as server:
        batch = opened(server).read(COUNTERS, None)
    counted = {row["post_id"]: (row["likes"], row["comments"], row["shares"]) for row in batch.rows.to_pylist()}
    assert counted == {"urn:li:share:1": (7, 1, 0), "urn:li:share:2": (0, 0, 0), "urn:li:ugcPost:3": (2, 0, 1)}
    assert batch.quality["older_posts_left_out"] == 1
    assert len(batch.replies) == 3


def counted(*elements: dict[str, Any]) -> Callable[[Asked], Says]:
    """Three posts, and the statistics of some."""
    page = listing([post(f"urn:li:share:{number}") for number in (1, 2, 3)])

    def answer(asked: Asked) -> Says:
        return Says(page(asked) if asked.path == "/rest/posts" else {"elements": list(elements)})

    return answer


def test_a_count_below_zero_is_kept_as_linkedin_gives_it() -> None:
    told = counted({"share": "urn:li:share:1", **stats(-1, 0, 0)}, {"share": "urn:li:share:2", **stats(4, 1, 0)})
    with vendor(told) as server:
        batch = opened(server).read(COUNTERS, None)
    assert {row["post_id"][-1]: row["likes"] for row in batch.rows.to_pylist()} == {"1": -1, "2": 4, "3": 0}
    assert doubts(batch)["counter_below_zero"]["quantity"] == 1


def test_counters_of_another_shape_cost_their_post_and_make_it_no_zero() -> None:
    broken = {"share": "urn:li:share:1", "totalShareStatistics": {"likeCount": "many"}}
    with vendor(counted(broken, {"share": "urn:li:share:2", **stats(4, 1, 0)})) as server:
        batch = opened(server).read(COUNTERS, None)
    assert {row["post_id"][-1]: row["likes"] for row in batch.rows.to_pylist()} == {"2": 4, "3": 0}
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_the_only_post_of_a_batch_whose_counters_can_not_be_read_costs_no_other() -> None:
    page = listing([post("urn:li:share:1"), post("urn:li:ugcPost:2")])
    broken = {"ugcPost": "urn:li:ugcPost:2", "totalShareStatistics": {"likeCount": "many"}}

    def answer(asked: Asked) -> Says:
        if asked.path == "/rest/posts":
            return Says(page(asked))
        return Says(
            {"elements": [broken if "ugcPosts=" in asked.target else {"share": "urn:li:share:1", **stats(4, 0, 0)}]}
        )

    with vendor(answer) as server:
        batch = opened(server).read(COUNTERS, None)
    assert {row["post_id"]: row["likes"] for row in batch.rows.to_pylist()} == {"urn:li:share:1": 4}
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_a_day_of_another_shape_costs_itself_and_is_no_zero() -> None:
    days = [bucket(WEEK.start, **stats(5, 1, 1)), bucket(WEEK.end, totalShareStatistics={"likeCount": None})]
    with vendor([Says({"elements": days})]) as server:
        batch = opened(server).read(INTERACTIONS, WEEK)
    assert batch.rows.column("day").to_pylist() == [WEEK.start]
    told = doubts(batch)["report_not_made"]
    assert (told["from"], told["to"], told["moves"]) == ("2026-11-18", "2026-11-18", "no_value")


def test_a_list_shorter_than_linkedin_says_deletes_nothing() -> None:
    posts = [post("urn:li:share:1"), post("urn:li:share:2")]

    def page(asked: Asked) -> Says:
        start = int(asked.query["start"])
        return Says({"paging": {"start": start, "count": 100, "links": [], "total": 5}, "elements": posts[start:]})

    with vendor(page) as server:
        batch = opened(server).read(POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (2, NOW)
    assert (doubts(batch)["list_not_whole"]["quantity"], doubts(batch)["list_not_whole"]["of"]) == (2, 5)


def test_a_post_without_a_date_costs_itself_and_is_not_taken_for_deleted() -> None:
    undated = post("urn:li:share:2", publishedAt=None, createdAt=None)
    with vendor(lambda asked: Says(listing([post("urn:li:share:1"), undated])(asked))) as server:
        batch = opened(server).read(POSTS, None)
    assert batch.rows.column("post_id").to_pylist() == ["urn:li:share:1"]
    assert batch.present == {"urn:li:share:2"}


def test_counters_of_a_post_nobody_asked_for_are_refused() -> None:
    page = listing([post("urn:li:share:1")])

    def answer(asked: Asked) -> Says:
        return Says(
            page(asked)
            if asked.path == "/rest/posts"
            else {"elements": [{"share": "urn:li:share:9", **stats(1, 1, 1)}]}
        )

    with vendor(answer) as server, pytest.raises(BadReply, match="asked for"):
        opened(server).read(COUNTERS, None)


DAY_LIMIT = {
    "status": 429,
    "message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
}


@pytest.mark.parametrize(
    ("reply", "kind", "calls"),
    [
        (Says(DAY_LIMIT, status=429), QuotaExhausted, 1),
        (Says({"status": 429, "message": "Too many requests"}, status=429), QuotaExhausted, 1),
        (Says({"status": 429, "message": "Slow down"}, status=429, headers={"Retry-After": "2"}), RateLimited, 4),
        (Says(DAY_LIMIT, status=429, headers={"Retry-After": "2"}), QuotaExhausted, 1),
        (
            Says({"code": "NONEXISTENT_VERSION", "message": "20251101 is not active", "status": 426}, status=426),
            VersionRetired,
            1,
        ),
        (
            Says({"code": "VERSION_MISSING", "message": "A version must be present", "status": 400}, status=400),
            VersionRetired,
            1,
        ),
        (
            Says({"serviceErrorCode": 65600, "message": "Invalid access token", "status": 401}, status=401),
            AuthFailed,
            1,
        ),
        (Says({"message": "Empty oauth2_access_token", "status": 401}, status=401), AuthFailed, 1),
        (
            Says({"code": "ACCESS_DENIED", "serviceErrorCode": 100, "message": "Not enough permissions"}, status=403),
            PermissionMissing,
            1,
        ),
        (Says({"message": "Not found", "status": 404}, status=404), NotFound, 1),
        (Says({"code": "INVALID_VALUE_FOR_FIELD", "message": "bad edgeType", "status": 400}, status=400), BadReply, 1),
    ],
)
def test_linkedins_errors_become_ours(reply: Says, kind: type[SourceError], calls: int) -> None:
    naps = Naps()
    with vendor(lambda asked: reply) as server, pytest.raises(kind) as raised:
        opened(server, naps=naps).read(SNAPSHOTS, None)
    assert type(raised.value) is kind
    assert len(server.asked) == calls
    assert TOKEN not in str(raised.value)
    if kind is QuotaExhausted:
        # 04:00 UTC, and the day's quota returns at midnight UTC; nobody sleeps for that
        assert raised.value.retry_after_seconds == 20 * 3600
        assert naps.taken == []
    if kind is VersionRetired:
        assert "api_version" in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "cure"),
    [
        (None, "202608 or newer"),
        ("202607", "202608 or newer"),
        ("202612", "202607 or newer"),
        ("202511", "202607 or newer"),
        ("202610", "202611 or newer"),
    ],
)
def test_a_refused_version_is_never_its_own_cure(asked: str | None, cure: str) -> None:
    reply = Says({"code": "NONEXISTENT_VERSION", "message": "not active", "status": 426}, status=426)
    with vendor(lambda _: reply) as server, pytest.raises(VersionRetired) as raised:
        opened(server, api_version=asked).read(SNAPSHOTS, None)
    refused = asked or DEFAULT_VERSION
    assert f"version {refused} is not served; set api_version to {cure}" in str(raised.value)


def test_the_probe_knows_when_the_version_is_switched_off() -> None:
    with vendor([Says({"firstDegreeSize": 12})]) as server:
        probe = opened(server, api_version="202603").probe()
    assert (probe.rows, probe.version, probe.version_sunset_on) == (12, "202603", date(2027, 3, 16))
    assert sunset_on("202608") == date(2027, 8, 15)


def test_a_version_that_is_none_is_refused_before_any_call() -> None:
    settings = LinkedIn.model_construct(id="linkedin", organization_id="1", token=EnvRef(env="T"), api_version="v26.0")
    with pytest.raises(Misconfigured, match="LinkedIn version"):
        build(settings, context(secrets={"token": TOKEN}))


def numbers(page: Page) -> list[int]:
    return [item.whole("id") for item in page.items]


class Moving:
    """A list that changes after each page, as a test says."""

    def __init__(self, count: int, moves: list[Callable[[list[int]], None]]) -> None:
        self.ids, self._moves, self.pages = list(range(count)), iter(moves), 0

    def page(self, start: int) -> Page:
        self.pages += 1
        items = [Node({"id": number}) for number in self.ids[start : start + 10]]
        total = len(self.ids)
        for move in self._moves:
            move(self.ids)
            break
        return Page(items=items, total=total)


def still(ids: list[int]) -> None:
    """Nothing happens."""


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 18, 19, 26, 57])
def test_a_list_that_holds_still_is_read_once_and_whole(count: int) -> None:
    moving = Moving(count, [])
    found = list_steadily(moving.page, identity=lambda item: str(item.whole("id")), page_size=10, overlap=2)
    assert [item.whole("id") for item in found.items] == list(range(count))
    assert not found.drifted
    assert moving.pages <= count // 8 + 2


@pytest.mark.parametrize(
    "move",
    [
        pytest.param(lambda ids: ids.insert(0, 100), id="a post was added"),
        pytest.param(lambda ids: ids.remove(3), id="a post was deleted"),
        pytest.param(lambda ids: ids.insert(0, ids.pop()), id="the last one was edited"),
    ],
)
def test_a_list_that_moved_is_read_again_and_is_then_what_it_is_now(move: Callable[[list[int]], None]) -> None:
    moving = Moving(30, [move])
    found = list_steadily(moving.page, identity=lambda item: str(item.whole("id")), page_size=10, overlap=2)
    assert sorted(item.whole("id") for item in found.items) == sorted(moving.ids)


def in_slots(slots: list[int | None], *, at_most: int, says_size: bool = True) -> Callable[[int], Page]:
    """A list whose offsets count what it leaves out (None), at most so many places a page."""

    def page(start: int) -> Page:
        shown = [Node({"id": number}) for number in slots[start : start + at_most] if number is not None]
        return Page(items=shown, more=start + at_most < len(slots), size=at_most if says_size else None)

    return page


@pytest.mark.parametrize("says_size", [True, False])
@pytest.mark.parametrize(
    ("slots", "at_most"),
    [
        pytest.param([1, 2, 3, *[None] * 17, 4], 10, id="filtered after paging"),
        pytest.param([1, None, 2, *[None] * 30, 4, None], 10, id="filtered, one by one"),
        pytest.param(list(range(33)), 4, id="fewer a page than were asked for"),
        pytest.param(list(range(8)), 1, id="one a page"),
    ],
)
def test_short_pages_that_promise_more_lose_nothing(slots: list[int | None], at_most: int, says_size: bool) -> None:
    """Stepping on by what was asked for once lost half of a list that was served fifty a page."""
    page = in_slots(slots, at_most=at_most, says_size=says_size)
    found = list_steadily(page, identity=lambda item: str(item.whole("id")), page_size=10, overlap=2)
    assert [item.whole("id") for item in found.items] == [number for number in slots if number is not None]
    assert not found.drifted


def test_a_page_that_comes_again_and_again_is_refused() -> None:
    same = [Node({"id": number}) for number in range(10)]
    with pytest.raises(BadShape, match="not read before"):
        list_steadily(lambda start: Page(items=same, more=True), identity=str, page_size=10, overlap=2)


def test_a_vendor_that_serves_fewer_posts_a_page_than_asked_loses_none() -> None:
    posts = [post(f"urn:li:share:{number}") for number in range(33)]

    def page(asked: Asked) -> Says:
        start, count = int(asked.query["start"]), min(int(asked.query["count"]), 10)
        links = [{"rel": "next", "href": "/rest/posts?start=10"}] if start + count < len(posts) else []
        paging = {"start": start, "count": count, "links": links}
        return Says({"paging": paging, "elements": posts[start : start + count]})

    with vendor(page) as server:
        batch = opened(server).read(POSTS, None)
    assert sorted(row["post_id"] for row in batch.rows.to_pylist()) == sorted(item["id"] for item in posts)
    assert "doubts" not in batch.quality


def test_a_list_without_end_is_refused() -> None:
    with pytest.raises(BadShape, match="ends within"):
        list_steadily(lambda start: Page(items=[], more=True), identity=str, page_size=10, overlap=2)


def test_a_sources_type_is_checked_where_it_is_built() -> None:
    with vendor([]) as server:
        assert isinstance(opened(server), LinkedInSource)
