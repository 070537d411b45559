"""The sandbox speaks Meta's Graph API: shapes as recorded from the live one, limits of history, dead metrics, budgets.

Really under test: ``connectors.sandbox.vendors.meta.server*`` over plain HTTP; the connectors are tested elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.sandbox.faults import AuthReject, RateLimit, Status, VersionReject
from connectors.sandbox.server import SandboxServer

TODAY = date(2026, 11, 20)
PAGE, ACCOUNT = "101234567890123", "17841400000000001"
FOLLOWS = f"{PAGE}/insights?metric=page_follows&period=day"
LIKES = f"{ACCOUNT}/insights?metric=likes&period=day&metric_type=total_value"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(server: SandboxServer) -> Iterator[None]:
    yield
    server.faults.clear()
    server.set_today(TODAY)


def get(server: SandboxServer, path: str, *, version: str = "v26.0", token: str | None = None) -> requests.Response:
    given = server.sandbox.token("meta") if token is None else token
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    return requests.get(f"{server.url}/{version}/{path}", headers=headers, timeout=30)


def good(server: SandboxServer, path: str) -> dict[str, Any]:
    reply = get(server, path)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def refused(server: SandboxServer, path: str, **extra: Any) -> dict[str, Any]:
    reply = get(server, path, **extra)
    assert reply.status_code >= 400
    error: dict[str, Any] = reply.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)
    return error


def unix(year: int, month: int, day: int, hour: int) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def test_a_page_gives_the_fields_that_were_asked_for_and_its_id(server: SandboxServer) -> None:
    body = good(server, f"{PAGE}?fields=name,followers_count")
    assert body == {
        "id": PAGE,
        "name": "Fjällglas AB",
        "followers_count": server.world.followers("fjallglas", "facebook"),
    }
    assert set(good(server, PAGE)) == {"id", "name"}


def test_insights_end_at_pacific_midnight_and_page_without_end(server: SandboxServer) -> None:
    body = good(server, f"{FOLLOWS}&since={unix(2026, 10, 31, 7)}&until={unix(2026, 11, 3, 8)}")
    [metric] = body["data"]
    assert [value["end_time"] for value in metric["values"]] == [
        "2026-11-01T07:00:00+0000",
        "2026-11-02T08:00:00+0000",
        "2026-11-03T08:00:00+0000",
    ]
    assert metric["id"] == f"{PAGE}/insights/page_follows/day"
    assert set(body["paging"]) == {"previous", "next"}
    ahead = good(server, f"{FOLLOWS}&since={unix(2026, 12, 1, 8)}&until={unix(2026, 12, 3, 8)}")
    assert ahead["data"][0]["values"] == []
    assert set(ahead["paging"]) == {"previous", "next"}


@pytest.mark.parametrize("name", ["page_fans", "page_impressions", "page_impressions_unique", "page_engaged_users"])
def test_dead_page_metrics_are_refused_without_saying_which(name: str, server: SandboxServer) -> None:
    error = refused(server, f"{PAGE}/insights?metric=page_follows,{name}&period=day")
    assert (error["code"], error["type"]) == (100, "OAuthException")
    assert error["message"] == "(#100) The value must be a valid insights metric"


def test_dead_instagram_metrics_are_refused_with_those_that_live(server: SandboxServer) -> None:
    message = refused(server, f"{ACCOUNT}/insights?metric=likes,impressions&period=day&metric_type=total_value")[
        "message"
    ]
    assert message.startswith("(#100) metric[1] must be one of the following values: likes,")
    assert "impressions" not in message


def test_engagements_hold_clicks_and_are_no_interactions(server: SandboxServer) -> None:
    window = f"since={unix(2026, 10, 1, 7)}&until={unix(2026, 10, 8, 7)}"
    found = good(server, f"{PAGE}/insights?metric=page_post_engagements&period=day&{window}")["data"][0]["values"]
    events = server.world.social_events("fjallglas", "facebook")
    inside = events[(events["at"] >= "2026-10-01 07:00+00:00") & (events["at"] < "2026-10-08 07:00+00:00")]
    assert sum(value["value"] for value in found) > inside["delta"].sum()


def test_follower_count_by_day_is_new_followers_of_thirty_days_and_not_the_total(server: SandboxServer) -> None:
    path = f"{ACCOUNT}/insights?metric=follower_count&period=day"
    recent = good(server, f"{path}&since={unix(2026, 11, 1, 7)}&until={unix(2026, 11, 8, 8)}")["data"][0]["values"]
    assert len(recent) == 7
    assert max(value["value"] for value in recent) < 100 < server.world.followers("fjallglas", "instagram")
    old = good(server, f"{path}&since={unix(2026, 9, 1, 7)}&until={unix(2026, 9, 8, 7)}")["data"][0]["values"]
    assert old == []


def test_a_total_value_is_one_number_for_the_whole_window(server: SandboxServer) -> None:
    days = [
        good(server, f"{LIKES}&since={unix(2026, 10, n, 7)}&until={unix(2026, 10, n + 1, 7)}")["data"][0]["total_value"]
        for n in (5, 6)
    ]
    both = good(server, f"{LIKES}&since={unix(2026, 10, 5, 7)}&until={unix(2026, 10, 7, 7)}")["data"][0]["total_value"]
    assert both["value"] == sum(day["value"] for day in days)
    assert good(server, f"{LIKES}&since={unix(2026, 11, 19, 8)}&until={unix(2026, 11, 20, 8)}")["data"] == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"{FOLLOWS}&since=2026-08-01&until=2026-11-10", "more than 93 days (8035200 s)"),
        (f"{LIKES}&since=2026-10-01&until=2026-11-10", "more than 30 days (2592000 s)"),
        (f"{FOLLOWS}&since=2024-11-19&until=2024-11-25", "available for the last 2 years"),
        (f"{LIKES}&since=2024-11-19&until=2024-11-20", "available for the last 2 years"),
        (f"{ACCOUNT}/insights?metric=likes&period=day", "should be specified with parameter metric_type=total_value"),
        (f"{PAGE}?fields=genre", "Tried accessing nonexisting field (genre) on node type (Page)"),
        (f"{PAGE}/published_posts?fields=id,likes_total", "nonexisting field (likes_total)"),
    ],
)
def test_what_graph_refuses_is_400_and_code_100(path: str, says: str, server: SandboxServer) -> None:
    error = refused(server, path)
    assert error["code"] == 100
    assert says in error["message"]


def test_the_oldest_day_that_is_kept_can_be_asked(server: SandboxServer) -> None:
    assert len(good(server, f"{FOLLOWS}&since=2024-11-20&until=2024-11-22")["data"][0]["values"]) == 2


def test_posts_page_by_cursor_and_next_repeats_the_token(server: SandboxServer) -> None:
    found: list[str] = []
    url = f"{server.url}/v26.0/{PAGE}/published_posts?limit=40&access_token={server.sandbox.token('meta')}"
    sizes = []
    while url:
        body = requests.get(url, timeout=30).json()
        found += [post["id"] for post in body["data"]]
        sizes.append(len(body["data"]))
        url = body.get("paging", {}).get("next", "")
        if url:
            assert parse_qs(urlsplit(url).query)["access_token"] == [server.sandbox.token("meta")]
    assert sorted(found) == sorted(post.post_id for post in server.world.social_posts("fjallglas", "facebook"))
    assert any(size < 40 for size in sizes[:-1])


def test_a_last_page_that_was_full_has_a_next_to_nothing(server: SandboxServer) -> None:
    total = len([p for p in server.world.social("fjallglas", "facebook").posts if p.published_at <= server.world.now])
    limit = max(size for size in range(1, 100) if total % size == 0)
    pages = 0
    body = good(server, f"{PAGE}/published_posts?limit={limit}&fields=id")
    while "paging" in body:
        pages += 1
        body = good(
            server, f"{PAGE}/published_posts?limit={limit}&fields=id&after={body['paging']['cursors']['after']}"
        )
    assert pages == total // limit
    assert body == {"data": []}


def test_two_summaries_of_a_hundred_posts_are_too_much_data(server: SandboxServer) -> None:
    path = f"{PAGE}/published_posts?fields=id,reactions.summary(true).limit(0),comments.summary(true).limit(0)"
    error = refused(server, f"{path}&limit=100")
    assert (error["code"], error["message"][:32]) == (1, "Please reduce the amount of data")
    [post] = good(server, f"{path}&limit=1")["data"]
    assert post["reactions"]["summary"]["viewer_reaction"] == "NONE"
    assert post["reactions"]["data"] == []


@pytest.mark.parametrize(
    ("token", "code"),
    [("", 104), ("other", 190)],
)
def test_a_call_without_a_valid_token_is_refused(token: str, code: int, server: SandboxServer) -> None:
    assert refused(server, PAGE, token=token)["code"] == code


def test_a_proof_is_checked_where_it_is_given(server: SandboxServer) -> None:
    key, message = server.sandbox.token("meta_app_secret"), server.sandbox.token("meta")
    proof = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    assert get(server, f"{PAGE}?appsecret_proof={proof}").status_code == 200
    error = refused(server, f"{PAGE}?appsecret_proof={'0' * 64}")
    assert (error["code"], error["type"]) == (100, "GraphMethodException")


@pytest.mark.parametrize("node", ["1", f"{PAGE}1", "fjallglas"])
def test_what_is_not_there_looks_like_what_may_not_be_seen(node: str, server: SandboxServer) -> None:
    error = refused(server, node)
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert refused(server, f"{PAGE}/media")["error_subcode"] == 33


def test_an_expired_version_is_answered_by_the_oldest_that_lives(server: SandboxServer) -> None:
    assert get(server, PAGE, version="v25.0").headers["facebook-api-version"] == "v25.0"
    assert get(server, PAGE, version="v20.0").headers["facebook-api-version"] == "v21.0"
    server.set_today(date(2027, 1, 22))
    assert get(server, PAGE, version="v21.0").headers["facebook-api-version"] == "v22.0"
    assert refused(server, PAGE, version="v99.0")["code"] == 2500


def test_every_reply_says_how_much_of_the_budget_is_used(server: SandboxServer) -> None:
    headers = get(server, PAGE).headers
    assert set(json.loads(headers["X-App-Usage"])) == {"call_count", "total_cputime", "total_time"}
    [entry] = json.loads(headers["X-Business-Use-Case-Usage"])[PAGE]
    assert entry["type"] == "pages"
    assert entry["estimated_time_to_regain_access"] == 0


@pytest.mark.parametrize(
    ("path", "fault", "status", "code"),
    [
        (PAGE, RateLimit(kind="day"), 400, 80001),
        (ACCOUNT, RateLimit(kind="day"), 400, 80002),
        (PAGE, RateLimit(kind="hour"), 403, 4),
        (PAGE, RateLimit(kind="concurrent"), 400, 613),
        (PAGE, AuthReject(reason="expired"), 400, 190),
        (PAGE, VersionReject(), 400, 2635),
        (PAGE, Status(code=503), 503, 2),
    ],
)
def test_faults_come_in_graphs_shape(
    path: str, fault: Any, status: int, code: int, server: SandboxServer
) -> None:  # fmt: skip
    server.faults.set(vendor="meta", brand="fjallglas", fault=fault, calls=1)
    reply = get(server, path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    if code in {80001, 80002}:
        [[entry]] = json.loads(reply.headers["X-Business-Use-Case-Usage"]).values()
        assert (entry["call_count"], entry["estimated_time_to_regain_access"]) == (100, 47)
    assert get(server, path).status_code == 200


def test_a_token_tells_its_scopes_accounts_and_when_its_data_access_ends(server: SandboxServer) -> None:
    facts = good(server, f"debug_token?input_token={server.sandbox.token('meta')}")["data"]
    assert facts["is_valid"]
    assert facts["expires_at"] == 0
    assert datetime.fromtimestamp(facts["data_access_expires_at"], UTC).date() == date(2027, 1, 10)
    assert {"scope": "read_insights", "target_ids": [PAGE, ACCOUNT]} in facts["granular_scopes"]
    assert not good(server, "debug_token?input_token=other")["data"]["is_valid"]
