"""Threads in its documented wire format from a local server.

Really under test: ``connectors.threads``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.core.doubt import shortfall_of
from connectors.core.errors import Misconfigured, PermissionMissing, QuotaExhausted, SourceError
from connectors.core.protocol import Source
from connectors.core.replay import replay_context
from connectors.core.token_store import TokenStore
from connectors.threads.settings import Threads
from connectors.threads.source import COUNTERS, INTERACTIONS, POSTS, SNAPSHOTS, build
from okr_models.client.sources import EnvRef, Refresh
from okr_models.periods import Window
from tests.fake_vendor import NOW, STOCKHOLM, Asked, Naps, Says, Vendor, context, doubts, vendor

TWO = Window(date(2026, 11, 1), date(2026, 11, 2))
FOLLOWING = "https://graph.threads.net/v1.0/me/threads?access_token=THAA-1&fields=id&after=QQ"


def post(number: str, **rest: Any) -> dict[str, Any]:
    return {
        "id": number,
        "media_product_type": "THREADS",
        "media_type": "TEXT_POST",
        "permalink": f"https://www.threads.net/@x/post/{number}",
        "timestamp": "2026-11-01T08:00:00+0000",
        "text": "Hej",
        **rest,
    }


def total(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "period": "day", "total_value": {"value": value}}


def threads(asked: Asked) -> Says:
    if asked.path == "/v1.0/me/threads":
        if asked.query.get("after"):
            return Says({"data": [post("3", media_type="REPOST_FACADE")], "paging": {}})
        return Says({"data": [post("1"), post("2")], "paging": {"next": FOLLOWING}})
    if asked.path.endswith("/insights"):
        if asked.path.startswith("/v1.0/2/"):
            return Says({"data": []})
        values = {"views": 90, "likes": 5, "replies": 2, "reposts": 1, "quotes": 3, "shares": 9}
        return Says({"data": [{"name": name, "values": [{"value": value}]} for name, value in values.items()]})
    if asked.query.get("metric") == "followers_count":
        return Says({"data": [total("followers_count", 321)]})
    counts = {"likes": 4, "replies": 3, "reposts": 2, "quotes": 1}
    return Says({"id": "17841", "data": [total(name, value) for name, value in counts.items()]})


def opened(server: Vendor, *, home: Path | None = None, listed: Any = (), **settings: Any) -> Source:
    secrets = {
        "token": "THAA-1",
        "refresh.client_id": "1",
        "refresh.client_secret": "s",
        "refresh.refresh_token": "THAA-1",
    }
    store = TokenStore(home) if home else None
    inside = context(secrets=secrets, base_url=server.url, sleep=Naps(), tokens=store, listed=listed)
    return build(Threads(id="threads", account_id="17841", token=EnvRef(env="T"), **settings), inside)


def test_followers_are_a_reading_of_now() -> None:
    with vendor(threads) as server:
        (row,) = opened(server).read(SNAPSHOTS, None).rows.to_pylist()
        assert server.asked[0].target == "/v1.0/17841/threads_insights?metric=followers_count"
        assert server.asked[0].headers["Authorization"] == "Bearer THAA-1"
    assert (row["platform"], row["followers"]) == ("threads", 321)


def test_interactions_are_asked_day_by_day_as_a_window_gives_one_sum() -> None:
    with vendor(threads) as server:
        rows = opened(server).read(INTERACTIONS, TWO).rows.to_pylist()
    assert [(row["day"].day, row["likes"], row["comments"], row["shares"]) for row in rows] == [
        (1, 4, 3, 3),
        (2, 4, 3, 3),
    ]
    # a Pacific day; the second is an hour longer, as clocks go back that night
    edges = [(int(asked.query["since"]), int(asked.query["until"])) for asked in server.asked]
    assert [until - since for since, until in edges] == [25 * 3600, 24 * 3600]


def test_posts_of_another_profiles_token_are_refused() -> None:
    def serve(asked: Asked) -> Says:
        return Says({"id": "555"}) if asked.path == "/v1.0/me" else threads(asked)

    with vendor(serve) as server:
        source = opened(server)
        for stream in (POSTS, COUNTERS):
            with pytest.raises(Misconfigured, match="profile 555, and account_id is 17841"):
                source.read(stream, None)
        with pytest.raises(Misconfigured, match="write 555 as account_id"):
            source.probe()


def test_a_reading_kept_before_anybody_asked_whose_token_it_is_is_parsed_anew() -> None:
    with vendor(threads) as server:
        batch = opened(server).read(COUNTERS, None)
    kept = [(asked, body) for asked, body in batch.replies if not asked.endswith("/me?fields=id")]
    assert len(kept) == len(batch.replies) - 1
    again = replay_context(client="acme", client_zone=STOCKHOLM, taken_at=NOW, home=Path(), replies=kept)
    settings = Threads(id="threads", account_id="17841", token=EnvRef(env="T"))
    assert build(settings, again).read(COUNTERS, None).rows.to_pylist() == batch.rows.to_pylist()


THROTTLED = Says({"error": {"message": "Application request limit reached", "code": 4}}, status=400)


@pytest.mark.parametrize(
    "told",
    [
        *(Says({"id": "17841"}), Says({"id": "me"}), Says({}), Says([]), Says({"data": []}), THROTTLED),
        *(Says({}, status=status) for status in (400, 401, 404, 500)),
    ],
)
def test_posts_are_listed_over_all_pages_without_what_is_only_passed_on(told: Says) -> None:
    with vendor(lambda asked: told if asked.path == "/v1.0/me" else threads(asked)) as server:
        source = opened(server)
        rows = source.read(POSTS, None).rows.to_pylist()
        assert all("access_token" not in asked.query for asked in server.asked)
        server.asked.clear()
        assert source.read(COUNTERS, None).rows.num_rows == 1
        assert "/v1.0/me" not in {asked.path for asked in server.asked}, "asked once a night, whatever the answer"
    assert [row["post_id"] for row in rows] == ["1", "2"]


def test_a_list_that_ends_before_several_that_were_known_is_short_of_them() -> None:
    older = {str(n): datetime(2026, 10, n, tzinfo=UTC) for n in (3, 4)}
    with vendor(threads) as server:
        whole, cut = (opened(server, listed=known).read(POSTS, None) for known in ({"3": older["3"]}, older))
    assert (shortfall_of(whole.quality), shortfall_of(cut.quality), cut.listed_since) == (0, 2, None)


def test_counters_are_read_post_by_post_and_those_left_out_are_not_zero() -> None:
    with vendor(threads) as server:
        (row,) = opened(server).read(COUNTERS, None).rows.to_pylist()
    assert (row["post_id"], row["likes"], row["comments"], row["shares"]) == ("1", 5, 2, 4)


def test_days_before_insights_began_are_not_asked_for() -> None:
    with vendor(threads) as server, pytest.raises(SourceError):
        opened(server).read(INTERACTIONS, Window(date(2024, 1, 1), date(2024, 1, 2)))


def test_a_post_without_an_id_may_be_any_so_that_none_is_taken_for_deleted() -> None:
    with vendor(lambda _: Says({"data": [post("1"), {**post("2"), "id": None}]})) as server:
        batch = opened(server).read(POSTS, None)
    assert ([row["post_id"] for row in batch.rows.to_pylist()], batch.listed_since) == (["1"], NOW)


def refused(code: int, message: str, subcode: int | None = None) -> Says:
    return Says({"error": {"code": code, "message": message, "error_subcode": subcode}}, status=400)


GONE = "Unsupported get request. Object with ID '1' does not exist"


@pytest.mark.parametrize(
    "odd",
    [refused(100, GONE, 33), refused(10, "(#10) Application does not have permission"), Says({"data": [{"name": 7}]})],
)
def test_a_post_that_cannot_be_counted_costs_itself(odd: Says) -> None:
    def serve(asked: Asked) -> Says:
        return odd if asked.path == "/v1.0/2/insights" else threads(asked)

    with vendor(serve) as server:
        batch = opened(server).read(COUNTERS, None)
    assert [row["post_id"] for row in batch.rows.to_pylist()] == ["1"]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1
    assert batch.partly


def test_where_no_post_may_be_counted_it_is_not_the_posts() -> None:
    def serve(asked: Asked) -> Says:
        forbidden = refused(10, "(#10) Application does not have permission for this action")
        return forbidden if asked.path.endswith("/insights") else threads(asked)

    with vendor(serve) as server, pytest.raises(PermissionMissing, match="threads_manage_insights") as raised:
        opened(server).read(COUNTERS, None)
    assert "pages_read" not in str(raised.value)


def living(*names: str) -> Callable[[Asked], Says]:
    """Threads that knows no other metrics than these."""

    def serve(asked: Asked) -> Says:
        wanted = asked.query.get("metric", "").split(",")
        if "insights" not in asked.path or wanted == ["followers_count"]:
            return threads(asked)
        if not set(wanted) <= set(names):
            return refused(100, "(#100) metric[0] must be one of the following values: likes, replies")
        return Says({"data": [total(name, 4) for name in wanted]})

    return serve


def test_a_metric_that_dies_costs_itself_alone_and_is_told() -> None:
    with vendor(living("likes", "replies", "reposts")) as server:
        source = opened(server)
        batch = source.read(INTERACTIONS, TWO)
        asked = len(server.asked)
        counters = source.read(COUNTERS, None)
    assert [(row["likes"], row["comments"], row["shares"]) for row in batch.rows.to_pylist()] == [(4, 4, 4)] * 2
    assert (doubts(batch)["metric_gone"]["what"], asked) == ("quotes", 6)
    assert [row["shares"] for row in counters.rows.to_pylist()] == [4, 4]


def test_a_kind_of_post_that_lacks_a_metric_says_nothing_of_the_others() -> None:
    def serve(asked: Asked) -> Says:
        if asked.path == "/v1.0/me/threads":
            return Says({"data": [post("1", media_type="AUDIO"), post("2"), post("3")]})
        if asked.path == "/v1.0/1/insights" and "quotes" in asked.query["metric"]:
            return refused(100, "(#100) does not support the quotes metric for this media product type")
        return Says({"data": [{"name": name, "values": [{"value": 2}]} for name in asked.query["metric"].split(",")]})

    with vendor(serve) as server:
        rows = opened(server).read(COUNTERS, None).rows.to_pylist()
    assert [row["shares"] for row in rows] == [2, 4, 4]


def test_calls_stop_where_the_budget_is_nearly_gone() -> None:
    full = {"X-App-Usage": '{"call_count": 96, "total_time": 10, "total_cputime": 10}'}
    with vendor(lambda asked: replace(threads(asked), headers=full)) as server, pytest.raises(QuotaExhausted):
        opened(server).read(INTERACTIONS, TWO)
    assert len(server.asked) == 1


def test_a_token_that_nothing_renews_is_known_to_end_within_sixty_days(tmp_path: Path) -> None:
    with vendor(threads) as server:
        known = opened(server, home=tmp_path).access()
    assert (known.ends_on, known.at_latest) == (NOW.date() + timedelta(days=60), True)


def test_a_renewal_that_fails_is_told_while_the_token_lives_also_without_a_reading(tmp_path: Path) -> None:
    ref = EnvRef(env="R")
    given = Refresh(client_id=ref, client_secret=ref, refresh_token=ref)
    with vendor(
        lambda asked: refused(190, "Error validating access token") if "refresh" in asked.path else threads(asked)
    ) as server:
        known = opened(server, home=tmp_path, refresh=given).access()
    assert known.trouble is not None
    assert "Error validating access token" in known.trouble


def test_a_renewal_that_lacks_a_permission_names_those_of_threads(tmp_path: Path) -> None:
    ref = EnvRef(env="R")
    given = Refresh(client_id=ref, client_secret=ref, refresh_token=ref)
    forbidden = refused(10, "(#10) Application does not have permission for this action")
    with vendor(lambda asked: forbidden if "refresh" in asked.path else threads(asked)) as server:
        trouble = str(opened(server, home=tmp_path, refresh=given).access().trouble)
    assert "threads_manage_insights" in trouble
    assert "pages_read" not in trouble


def test_the_first_day_of_insights_begins_at_the_first_instant_that_may_be_asked() -> None:
    with vendor(threads) as server:
        opened(server).read(INTERACTIONS, Window(date(2024, 4, 12), date(2024, 4, 13)))
        (asked,) = server.asked
    assert asked.query["since"] == "1712991600"


def test_a_token_renews_itself_and_the_new_one_is_kept(tmp_path: Path) -> None:
    def serve(asked: Asked) -> Says:
        if asked.path == "/refresh_access_token":
            return Says({"access_token": "THAA-2", "token_type": "bearer", "expires_in": 5183944})
        return threads(asked)

    ref = EnvRef(env="R")
    given = Refresh(client_id=ref, client_secret=ref, refresh_token=ref)
    with vendor(serve) as server:
        opened(server, home=tmp_path, refresh=given).read(SNAPSHOTS, None)
        renewals = [asked for asked in server.asked if asked.path == "/refresh_access_token"]
        assert [asked.query["grant_type"] for asked in renewals] == ["th_refresh_token"]
        assert server.asked[-1].headers["Authorization"] == "Bearer THAA-2"
