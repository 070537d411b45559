"""Facebook pages and Instagram accounts in Meta's documented shapes: what a row means, and what is not known.

Really under test: ``connectors.meta.facebook_page`` and ``connectors.meta.instagram``; the Graph API itself is in
``test_meta``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.doubt import not_made_days, shortfall_of
from connectors.core.errors import BadReply, Misconfigured, QuotaExhausted, SourceError, Unavailable
from connectors.core.protocol import Batch, Source
from connectors.core.shape import Node
from connectors.meta import facebook_page, instagram
from connectors.meta.facebook_page import day_of, values
from connectors.meta.graph import midnight
from connectors.meta.instagram import shared
from connectors.meta.settings import FacebookPage, Instagram
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, doubts, vendor

TOKEN = "EAABsecret0123456789token"
WEEK = Window(date(2026, 11, 9), date(2026, 11, 15))


def page(server: Vendor, page_id: str = "101234567890123", **more: Any) -> Source:
    settings = FacebookPage(id="fb", page_id=page_id, token=EnvRef(env="T"))
    return facebook_page.build(settings, context(secrets={"token": TOKEN}, base_url=server.url, **more))


def account(server: Vendor, **more: Any) -> Source:
    settings = Instagram(id="ig", account_id="17841400000000001", token=EnvRef(env="T"))
    return instagram.build(settings, context(secrets={"token": TOKEN}, base_url=server.url, **more))


def rows(batch: Batch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = batch.rows.to_pylist()
    return found


def follows(*values: dict[str, Any]) -> Says:
    metric = {"name": "page_follows", "period": "day", "values": list(values), "id": "7/insights/page_follows/day"}
    endless = {"previous": "https://graph.invalid/p", "next": "https://graph.invalid/n"}
    return Says({"data": [metric], "paging": endless})


def ended(day: date, value: int | None) -> dict[str, Any]:
    end = datetime.fromtimestamp(midnight(day + timedelta(days=1)), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"end_time": end} if value is None else {"value": value, "end_time": end}


def test_follower_totals_are_asked_by_pacific_midnights_and_their_paging_is_not_followed() -> None:
    with vendor([follows(ended(WEEK.start, 64), ended(WEEK.end, 70))]) as server:
        batch = page(server).read(facebook_page.TOTALS, WEEK)
    assert len(server.asked) == 1
    query = server.asked[0].query
    assert (query["metric"], query["period"]) == ("page_follows", "day")
    assert int(query["since"]) == datetime(2026, 11, 9, 8, tzinfo=UTC).timestamp()
    assert int(query["until"]) == datetime(2026, 11, 16, 8, tzinfo=UTC).timestamp()
    assert [(row["day"], row["followers"]) for row in rows(batch)] == [(WEEK.start, 64), (WEEK.end, 70)]
    assert batch.quality["days_without_value"] == 5
    assert batch.covers == WEEK


def test_a_window_over_a_clock_change_begins_and_ends_at_midnight_there() -> None:
    with vendor([follows()]) as server:
        page(server).read(facebook_page.TOTALS, Window(date(2026, 3, 7), date(2026, 3, 8)))
    assert int(server.asked[0].query["since"]) == datetime(2026, 3, 7, 8, tzinfo=UTC).timestamp()
    assert int(server.asked[0].query["until"]) == datetime(2026, 3, 9, 7, tzinfo=UTC).timestamp()


def test_the_longest_window_is_within_ninety_days_of_24_hours_where_clocks_go_back() -> None:
    most = facebook_page.TOTALS.slice_days
    with vendor([follows()]) as server:
        page(server).read(facebook_page.TOTALS, Window(date(2026, 11, 1) - timedelta(days=most - 2), date(2026, 11, 2)))
    assert int(server.asked[0].query["until"]) - int(server.asked[0].query["since"]) <= 90 * 86_400


def test_days_around_the_window_and_days_without_a_value_give_no_row() -> None:
    outside = [ended(WEEK.start - timedelta(days=1), 1), ended(WEEK.end + timedelta(days=1), 2)]
    with vendor([follows(*outside, ended(WEEK.start, None), ended(WEEK.end, 70))]) as server:
        batch = page(server).read(facebook_page.TOTALS, WEEK)
    assert [row["day"] for row in rows(batch)] == [WEEK.end]


@pytest.mark.parametrize("value", [{"like": 1}, "many", 1.5, True])
def test_a_total_that_is_no_whole_number_is_refused(value: Any) -> None:
    says = follows({**ended(WEEK.start, 1), "value": value})
    with vendor([says]) as server, pytest.raises(BadReply, match="a whole number"):
        page(server).read(facebook_page.TOTALS, WEEK)


@given(st.dates(date(2007, 1, 1), date(2035, 1, 1)), st.lists(st.integers(-5, 10**9), max_size=20))
def test_values_by_day_come_back_as_they_were_written(first: date, totals: list[int]) -> None:
    days = [first + timedelta(days=number) for number in range(len(totals))]
    metric = Node({"values": [ended(day, value) for day, value in zip(days, totals, strict=True)]})
    assert [(day_of(item), item["value"].value) for item in values(metric)] == list(zip(days, totals, strict=True))


def summary(total: int) -> dict[str, Any]:
    return {"data": [], "summary": {"total_count": total}}


def test_shares_left_out_are_zero_and_a_summary_left_out_is_not_known() -> None:
    posts = [
        {"id": "7_1", "is_published": True, "reactions": summary(5), "comments": summary(2), "shares": {"count": 3}},
        {"id": "7_2", "is_published": True, "reactions": summary(0), "comments": summary(0)},
        {"id": "7_3"},
        {"id": "7_4", "is_published": False, "reactions": summary(9), "comments": summary(9)},
    ]
    with vendor([Says({"data": posts})]) as server:
        found = rows(page(server).read(facebook_page.COUNTERS, None))
    counted = {row["post_id"]: (row["likes"], row["comments"], row["shares"]) for row in found}
    assert counted == {"7_1": (5, 2, 3), "7_2": (0, 0, 0), "7_3": (None, None, None)}
    fields = server.asked[0].query["fields"].split(",")
    assert {"reactions.summary(true).limit(0)", "comments.summary(true).limit(0).filter(stream)"} < set(fields)


def test_posts_keep_their_own_id_and_time_and_the_beginning_of_their_text() -> None:
    post = {"id": "7_1", "created_time": "2026-11-01T00:30:00+0000", "message": "å" * 300, "permalink_url": "https://f"}
    bare = {"id": "7_2", "created_time": "2026-11-02T00:30:00+0000"}
    with vendor([Says({"data": [post, bare]})]) as server:
        first, second = rows(page(server, "fjallglas").read(facebook_page.POSTS, None))
    assert server.asked[0].path == "/v26.0/fjallglas/published_posts"
    assert (first["post_id"], first["url"], first["text"]) == ("7_1", "https://f", "å" * 280)
    assert first["published_at"] == datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert (second["url"], second["text"]) == (None, None)


@pytest.mark.parametrize("body", [{"id": "7"}, {"id": "7", "followers_count": None}, {"followers_count": "many"}])
def test_a_page_that_does_not_tell_its_followers_is_an_error_and_not_zero(body: dict[str, Any]) -> None:
    with vendor(lambda asked: Says(body)) as server:
        with pytest.raises(BadReply):
            page(server).read(facebook_page.SNAPSHOTS, None)
        with pytest.raises(BadReply):
            account(server).read(instagram.SNAPSHOTS, None)


def day_values(values: Callable[[date], dict[str, int]]) -> Callable[[Asked], Says]:
    def answer(asked: Asked) -> Says:
        day = datetime.fromtimestamp(int(asked.query["since"]) + 43_200, UTC).date()
        return Says({"data": [{"name": name, "total_value": {"value": n}} for name, n in values(day).items()]})

    return answer


def test_interactions_are_asked_one_pacific_day_a_call() -> None:
    span = Window(date(2026, 3, 7), date(2026, 3, 9))
    with vendor(day_values(lambda day: {"likes": day.day, "comments": 2, "shares": 3, "reposts": 4})) as server:
        found = rows(account(server).read(instagram.INTERACTIONS, span))
    windows = [(int(asked.query["since"]), int(asked.query["until"])) for asked in server.asked]
    assert [(until - since) / 3600 for since, until in windows] == [24, 23, 24]
    assert windows == [(midnight(day), midnight(day + timedelta(days=1))) for day in span]
    assert {asked.query["metric_type"] for asked in server.asked} == {"total_value"}
    assert [(row["day"], row["likes"], row["comments"], row["shares"]) for row in found] == [
        (day, day.day, 2, 7) for day in span
    ]


def test_a_metric_left_out_is_not_known_and_a_day_without_any_has_no_row() -> None:
    def values(day: date) -> dict[str, int]:
        return {9: {}, 10: {"likes": 0}, 11: {"comments": 1, "reposts": 2}}.get(day.day, {"likes": 1, "shares": 0})

    with vendor(day_values(values)) as server:
        found = {row["day"].day: row for row in rows(account(server).read(instagram.INTERACTIONS, WEEK))}
    assert sorted(found) == [10, 11, 12, 13, 14, 15]
    assert (found[10]["likes"], found[10]["comments"], found[10]["shares"]) == (0, None, None)
    assert (found[11]["likes"], found[11]["comments"], found[11]["shares"]) == (None, 1, None)
    assert (found[12]["likes"], found[12]["shares"]) == (1, 0)


@pytest.mark.parametrize("failing", [{15}, {10, 12}])
def test_a_day_that_meta_fails_on_each_time_costs_itself_and_two_are_a_failure(failing: set[int]) -> None:
    well = day_values(lambda day: {"likes": 1, "shares": 0})

    def answer(asked: Asked) -> Says:
        if datetime.fromtimestamp(int(asked.query["since"]), UTC).day in failing:
            return Says({"error": {"code": 1, "message": "An unknown error occurred"}}, status=500)
        return well(asked)

    with vendor(answer) as server:
        source = account(server)
        if len(failing) > 1:
            with pytest.raises(Unavailable):
                source.read(instagram.INTERACTIONS, WEEK)
            return
        batch = source.read(instagram.INTERACTIONS, WEEK)
        with pytest.raises(Unavailable):
            source.read(instagram.INTERACTIONS, Window(date(2026, 11, 15), date(2026, 11, 15)))
        # on the nights after it is asked alone: what is older waits for nothing
        old = source.read(instagram.INTERACTIONS, Window(date(2026, 10, 15), date(2026, 10, 15)))
    assert sorted(row["day"].day for row in rows(batch)) == [9, 10, 11, 12, 13, 14]
    assert not_made_days(batch.quality) == {date(2026, 11, 15)}
    assert (rows(old), not_made_days(old.quality)) == ([], {date(2026, 10, 15)})


def test_a_budget_that_runs_out_inside_a_window_fails_it_whole() -> None:
    def answer(asked: Asked) -> Says:
        headers = {"X-App-Usage": '{"call_count": 96}'} if len(server.asked) == 3 else {}
        return Says({"data": [{"name": "likes", "total_value": {"value": 1}}]}, headers=headers)

    with vendor(answer) as server, pytest.raises(QuotaExhausted):
        account(server).read(instagram.INTERACTIONS, WEEK)
    assert len(server.asked) == 3


@given(st.dictionaries(st.sampled_from(["shares", "reposts"]), st.integers(-5, 10**6)))
def test_reposts_count_as_shares_but_are_none_by_themselves(values: dict[str, int]) -> None:
    assert shared(values) == (sum(values.values()) if "shares" in values else None)


def test_likes_that_an_owner_hides_are_not_known() -> None:
    media = [{"id": "1", "like_count": 0, "comments_count": 0, "shares_count": 2}, {"id": "2", "comments_count": 4}]
    with vendor([Says({"data": media})]) as server:
        batch = account(server).read(instagram.COUNTERS, None)
    counted = {row["post_id"]: (row["likes"], row["comments"], row["shares"]) for row in rows(batch)}
    assert counted == {"1": (0, 0, 2), "2": (None, 4, None)}
    assert (doubts(batch)["counters_hidden"]["quantity"], doubts(batch)["counters_hidden"]["of"]) == (1, 2)


def listed_posts(count: int) -> list[dict[str, Any]]:
    """From new to old, one a day."""
    newest = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
    return [
        {"id": f"7_{n}", "is_published": True, "created_time": f"{newest - timedelta(days=n):%Y-%m-%dT%H:%M:%S+0000}"}
        for n in range(count)
    ]


def in_hundreds(posts: list[dict[str, Any]]) -> Callable[[Asked], Says]:
    def answer(asked: Asked) -> Says:
        start = int(asked.query.get("after", "0"))
        following = f"https://graph.facebook.com/v26.0/7/published_posts?after={start + 100}"
        paging = {"paging": {"next": following}} if start + 100 < len(posts) else {}
        return Says({"data": posts[start : start + 100], **paging})

    return answer


def test_a_long_list_may_have_been_cut_and_deletes_nothing_older_than_its_end() -> None:
    with vendor(in_hundreds(listed_posts(500))) as server:
        batch = page(server).read(facebook_page.POSTS, None)
    assert (batch.rows.num_rows, batch.quality["is_whole"]) == (500, False)
    assert batch.listed_since == datetime(2026, 11, 19, 8, 0, tzinfo=UTC) - timedelta(days=499)
    with vendor(in_hundreds(listed_posts(150))) as server:
        batch = page(server).read(facebook_page.POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since, batch.quality["is_whole"]) == (150, None, True)


@pytest.mark.parametrize(("known", "is_whole"), [(500, False), (399, True)])
def test_a_page_of_many_posts_may_show_fewer_one_night_and_loses_none_of_the_old_ones(
    known: int, is_whole: bool
) -> None:
    listed = frozenset(str(item["id"]) for item in listed_posts(known))
    with vendor(in_hundreds(listed_posts(350))) as server:
        batch = page(server, listed=listed).read(facebook_page.POSTS, None)
    oldest = datetime(2026, 11, 19, 8, 0, tzinfo=UTC) - timedelta(days=349)
    assert (batch.rows.num_rows, batch.listed_since) == (350, None if is_whole else oldest)
    # of an empty one the rule is another: one night is not believed, a second is
    with vendor(in_hundreds([])) as server:
        assert page(server, listed=listed).read(facebook_page.POSTS, None).listed_since is None


def test_media_that_the_account_counts_and_does_not_list_are_not_taken_for_deleted() -> None:
    media = [{"id": "3", "timestamp": "2026-11-05T10:00:00+0000"}, {"id": "2", "timestamp": "2026-11-04T10:00:00+0000"}]

    def counting(total: int) -> Callable[[Asked], Says]:
        return lambda asked: Says({"data": media} if asked.path.endswith("/media") else {"media_count": total})

    with vendor(counting(3)) as server:
        batch = account(server).read(instagram.MEDIA, None)
    assert (batch.rows.num_rows, batch.listed_since) == (2, datetime(2026, 11, 4, 10, 0, tzinfo=UTC))
    assert (doubts(batch)["list_not_whole"]["quantity"], doubts(batch)["list_not_whole"]["of"]) == (2, 3)
    with vendor(counting(2)) as server:
        batch = account(server).read(instagram.MEDIA, None)
    assert (batch.rows.num_rows, batch.listed_since, "doubts" in batch.quality) == (2, None, False)


def known_of(posts: list[dict[str, Any]]) -> dict[str, datetime | None]:
    return {post["id"]: datetime.fromisoformat(post["created_time"]) for post in posts}


@pytest.mark.parametrize(
    ("shown", "is_cut"),
    [([0, 1, 2], True), ([0, 1, 2, 3], False), ([0, 1, 4], False), ([0, 1, 2, 3, 4], False), ([], False)],
)
def test_a_list_that_ends_before_several_that_were_known_is_short_of_them(shown: list[int], is_cut: bool) -> None:
    posts = listed_posts(5)
    with vendor(in_hundreds([posts[n] for n in shown])) as server:
        batch = page(server, listed=known_of(posts)).read(facebook_page.POSTS, None)
    # believed on the second night that it is: ``listed_since`` would have the posts stay for ever
    assert (batch.listed_since, shortfall_of(batch.quality)) == (None, 2 if is_cut else 0)


SPENT = Says({"error": {"message": "Application request limit reached", "code": 4}}, status=400)


@pytest.mark.parametrize("says", [Says({"media_count": "many"}), Says({}, status=404), Says({}, status=500), SPENT])
def test_a_count_that_fails_costs_no_list_and_lets_nothing_older_be_taken_for_deleted(says: Says) -> None:
    media = [{"id": "3", "timestamp": "2026-11-05T10:00:00+0000"}, {"id": "2", "timestamp": "2026-11-04T10:00:00+0000"}]
    with vendor(lambda asked: Says({"data": media}) if asked.path.endswith("/media") else says) as server:
        batch = account(server, listed=frozenset("123")).read(instagram.MEDIA, None)
    assert (batch.rows.num_rows, batch.listed_since) == (2, datetime(2026, 11, 4, 10, 0, tzinfo=UTC))


@pytest.mark.parametrize(("known", "is_short"), [("2 3", False), ("2 3 1", True), ("", True)])
def test_an_account_that_counts_more_than_meta_ever_lists_is_not_doubted_each_night(known: str, is_short: bool) -> None:
    media = [{"id": "3", "timestamp": "2026-11-05T10:00:00+0000"}, {"id": "2", "timestamp": "2026-11-04T10:00:00+0000"}]
    with vendor(lambda asked: Says({"data": media} if asked.path.endswith("/media") else {"media_count": 9})) as server:
        batch = account(server, listed=frozenset(known.split())).read(instagram.MEDIA, None)
        asked = [each.path for each in server.asked if not each.path.endswith("/media")]
    assert ("doubts" in batch.quality, len(asked)) == (is_short, int(is_short))


def test_a_post_of_another_shape_costs_itself_and_is_not_taken_for_deleted() -> None:
    posts = listed_posts(3)
    posts[1]["created_time"] = "in May"
    with vendor(in_hundreds(posts)) as server:
        batch = page(server).read(facebook_page.POSTS, None)
    assert ([row["post_id"] for row in rows(batch)], batch.present) == (["7_0", "7_2"], {"7_1"})
    media = [{"id": "1", "like_count": "some", "comments_count": 0}, {"id": "2", "like_count": 4, "comments_count": 4}]
    with vendor([Says({"data": media})]) as server:
        counters = account(server).read(instagram.COUNTERS, None)
    assert [row["post_id"] for row in rows(counters)] == ["2"]
    assert doubts(counters)["entries_left_out"]["quantity"] == 1


def test_a_day_of_another_shape_costs_itself() -> None:
    wrong = {**ended(WEEK.start, 1), "value": "many"}
    with vendor([follows(wrong, ended(WEEK.end, 70))]) as server:
        batch = page(server).read(facebook_page.TOTALS, WEEK)
    assert [row["day"] for row in rows(batch)] == [WEEK.end]
    assert doubts(batch)["report_not_made"]["from"] == str(WEEK.start)


@pytest.mark.parametrize(
    "end_time",
    [None, "yesterday", "2026-11-04T15:00:00+0000", "0001-01-01T08:00:00+0000", "9999-12-31T23:00:00+0000"],
)
def test_a_day_that_cannot_be_told_costs_itself(end_time: str | None) -> None:
    with vendor([follows({**ended(WEEK.start, 1), "end_time": end_time}, ended(WEEK.end, 70))]) as server:
        batch = page(server).read(facebook_page.TOTALS, WEEK)
    assert [row["day"] for row in rows(batch)] == [WEEK.end]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_a_post_without_an_id_may_be_any_so_that_none_is_taken_for_deleted() -> None:
    posts = [*listed_posts(200), {"is_published": True, "created_time": "2026-01-01T08:00:00+0000"}]
    with vendor(in_hundreds(posts)) as server:
        batch = page(server).read(facebook_page.POSTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (200, NOW)
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_a_secret_that_is_not_set_is_found_before_any_call() -> None:
    def nothing(name: str) -> str:
        raise Misconfigured(client="c", source="fb", attempted=f"reading {name}", detail="is not set")

    settings = FacebookPage(id="fb", page_id="7", token=EnvRef(env="T"))
    base = context(secrets={})
    blind = type(base)(client=base.client, client_zone=base.client_zone, now=base.now, home=base.home, secret=nothing,
                       base_url=None)  # fmt: skip
    with pytest.raises(SourceError, match="token"):
        facebook_page.build(settings, blind)


def test_a_page_that_is_named_by_its_name_says_its_number() -> None:
    with vendor(lambda _: Says({"id": "101234567890123", "name": "Acme", "followers_count": 7})) as server:
        read = page(server, "acme").read(facebook_page.SNAPSHOTS, None)
    assert read.identity == {"page_id": {"101234567890123"}}
