"""Threads in its documented wire format from a local server.

Really under test: ``connectors.threads``.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.core.errors import SourceError
from connectors.core.protocol import Source
from connectors.core.token_store import TokenStore
from connectors.threads.settings import Threads
from connectors.threads.source import COUNTERS, INTERACTIONS, POSTS, SNAPSHOTS, build
from okr_models.client.sources import EnvRef, Refresh
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, vendor

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
    if asked.query["metric"] == "followers_count":
        return Says({"data": [total("followers_count", 321)]})
    counts = {"likes": 4, "replies": 3, "reposts": 2, "quotes": 1}
    return Says({"data": [total(name, value) for name, value in counts.items()]})


def opened(server: Vendor, *, home: Path | None = None, **settings: Any) -> Source:
    secrets = {
        "token": "THAA-1",
        "refresh.client_id": "1",
        "refresh.client_secret": "s",
        "refresh.refresh_token": "THAA-1",
    }
    store = TokenStore(home) if home else None
    inside = context(secrets=secrets, base_url=server.url, sleep=Naps(), tokens=store)
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


def test_posts_are_listed_over_all_pages_without_what_is_only_passed_on() -> None:
    with vendor(threads) as server:
        rows = opened(server).read(POSTS, None).rows.to_pylist()
        assert all("access_token" not in asked.query for asked in server.asked)
    assert [row["post_id"] for row in rows] == ["1", "2"]


def test_counters_are_read_post_by_post_and_those_left_out_are_not_zero() -> None:
    with vendor(threads) as server:
        (row,) = opened(server).read(COUNTERS, None).rows.to_pylist()
    assert (row["post_id"], row["likes"], row["comments"], row["shares"]) == ("1", 5, 2, 4)


def test_days_before_insights_began_are_not_asked_for() -> None:
    with vendor(threads) as server, pytest.raises(SourceError):
        opened(server).read(INTERACTIONS, Window(date(2024, 1, 1), date(2024, 1, 2)))


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
