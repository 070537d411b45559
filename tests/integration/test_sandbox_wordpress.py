"""The sandbox speaks WordPress's REST API: discovery, paging headers, filters in site time, WordPress's own errors.

Really under test: ``connectors.sandbox.vendors.wordpress`` over real HTTP, and the server around it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from connectors.sandbox.environment import demo_environment
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status, TruncatedJson
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.vendors.wordpress import USERNAME

TODAY = date(2026, 11, 20)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(server: SandboxServer) -> Iterator[None]:
    yield
    server.faults.clear()
    server.set_today(TODAY)


def get(server: SandboxServer, path: str, **more: object) -> requests.Response:
    return requests.get(f"{server.url}/sites/fjallglas{path}", timeout=30, **more)  # type: ignore[arg-type]


def ids(reply: requests.Response) -> list[int]:
    return [int(post["id"]) for post in reply.json()]


def test_the_front_page_names_the_api_which_names_its_zone(server: SandboxServer) -> None:
    link = get(server, "/").links["https://api.w.org/"]["url"]
    root = requests.get(link, timeout=30).json()
    assert (root["timezone_string"], root["gmt_offset"]) == ("Europe/Stockholm", 1)
    assert "wp/v2" in root["namespaces"]
    server.set_today(date(2026, 7, 1))
    assert requests.get(link, timeout=30).json()["gmt_offset"] == 2


def test_all_pages_together_are_the_live_posts(server: SandboxServer) -> None:
    found: list[int] = []
    reply = get(server, "/wp-json/wp/v2/posts?per_page=20&orderby=id&order=asc")
    found += ids(reply)
    while "next" in reply.links:
        reply = requests.get(reply.links["next"]["url"], timeout=30)
        found += ids(reply)
    live = [post.post_id for post in server.world.blog_posts("fjallglas")]
    assert found == sorted(live)
    assert (reply.headers["X-WP-Total"], reply.headers["X-WP-TotalPages"]) == (str(len(live)), str(-(-len(live) // 20)))
    assert "prev" in reply.links


def test_a_post_says_when_in_site_time_and_in_utc_without_offsets(server: SandboxServer) -> None:
    posts = {post.post_id: post for post in server.world.blog_posts("fjallglas")}
    for shown in get(server, "/wp-json/wp/v2/posts?per_page=100").json():
        published = posts[shown["id"]].published_at
        assert shown["date_gmt"] == published.strftime("%Y-%m-%dT%H:%M:%S")
        assert shown["date"] == published.astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S")
        assert html.unescape(shown["title"]["rendered"]) == posts[shown["id"]].title
        assert unquote(urlsplit(shown["link"]).path) == posts[shown["id"]].path
    titles = [shown["title"]["rendered"] for shown in get(server, "/wp-json/wp/v2/posts?per_page=100").json()]
    assert any("&#8211;" in title for title in titles)
    assert any("&#038;" in title for title in titles)


def test_a_deleted_post_was_listed_before_and_is_not_now(server: SandboxServer) -> None:
    deleted = next(post for post in server.world.web("fjallglas").posts if post.deleted_at)
    assert deleted.post_id not in ids(get(server, "/wp-json/wp/v2/posts?per_page=100"))
    gone = get(server, f"/wp-json/wp/v2/posts/{deleted.post_id}")
    assert (gone.status_code, gone.json()["code"]) == (404, "rest_post_invalid_id")
    server.set_now(deleted.published_at + timedelta(days=2))
    assert deleted.post_id in ids(get(server, "/wp-json/wp/v2/posts?per_page=100"))
    assert get(server, f"/wp-json/wp/v2/posts/{deleted.post_id}").json()["id"] == deleted.post_id


def test_modified_after_is_site_time_unless_it_has_an_offset(server: SandboxServer) -> None:
    post = max(server.world.blog_posts("fjallglas"), key=lambda post: post.published_at)
    changed = post.modified_at(server.world.now)
    just_before = (changed - timedelta(minutes=1)).astimezone(STOCKHOLM)

    def found(stamp: str) -> bool:
        return post.post_id in ids(get(server, "/wp-json/wp/v2/posts", params={"modified_after": stamp}))

    assert found(just_before.strftime("%Y-%m-%dT%H:%M:%S"))
    assert found(just_before.isoformat())
    assert not found((just_before + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert not found(changed.strftime("%Y-%m-%dT%H:%M:%S+00:00"))


def test_filters_orders_and_fields_work_together(server: SandboxServer) -> None:
    asked = "/wp-json/wp/v2/posts?after=2026-01-01T00:00:00&before=2026-07-01T00:00:00&orderby=title&order=asc"
    reply = get(server, f"{asked}&_fields=id,title.rendered&per_page=100")
    assert all(set(post) == {"id", "title"} and set(post["title"]) == {"rendered"} for post in reply.json())
    expected = [
        post.post_id
        for post in sorted(server.world.blog_posts("fjallglas"), key=lambda post: post.title)
        if datetime(2026, 1, 1, tzinfo=STOCKHOLM) < post.published_at < datetime(2026, 7, 1, tzinfo=STOCKHOLM)
    ]
    assert ids(reply) == expected
    assert ids(get(server, f"/wp-json/wp/v2/posts?include={expected[0]},{expected[1]}&exclude={expected[0]}")) == [
        expected[1]
    ]


def test_plain_permalinks_reach_the_same_posts(server: SandboxServer) -> None:
    plain = get(server, "/", params={"rest_route": "/wp/v2/posts", "per_page": "5"})
    assert ids(plain) == ids(get(server, "/wp-json/wp/v2/posts?per_page=5"))
    assert get(server, "/", params={"rest_route": "/wp/v9/posts"}).json()["code"] == "rest_no_route"
    assert "wp/v2" in get(server, "/", params={"rest_route": "/"}).json()["namespaces"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/wp-json/wp/v2/posts?page=99", 400, "rest_post_invalid_page_number"),
        ("/wp-json/wp/v2/posts?per_page=101", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?per_page=0", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?page=one", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?orderby=views", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?order=up", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?status=draft", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/posts?modified_after=yesterday", 400, "rest_invalid_param"),
        ("/wp-json/wp/v2/pages", 404, "rest_no_route"),
    ],
)
def test_refusals_are_wordpresss_own(server: SandboxServer, path: str, status: int, code: str) -> None:
    reply = get(server, path)
    assert (reply.status_code, reply.json()["code"], reply.json()["data"]["status"]) == (status, code, status)


def test_an_application_password_opens_drafts_and_a_wrong_one_nothing(server: SandboxServer) -> None:
    right = (USERNAME, server.sandbox.token("wordpress"))
    assert get(server, "/wp-json/wp/v2/posts?status=any", auth=right).status_code == 200
    assert get(server, "/wp-json/wp/v2/posts", auth=(USERNAME, "x")).json()["code"] == "incorrect_password"
    assert get(server, "/wp-json/wp/v2/posts", auth=("kim", "x")).json()["code"] == "invalid_username"


def test_an_unknown_site_is_404(server: SandboxServer) -> None:
    assert requests.get(f"{server.url}/sites/nobody/wp-json/", timeout=30).status_code == 404


def test_faults_come_in_wordpresss_shape(server: SandboxServer) -> None:
    path = "/wp-json/wp/v2/posts?per_page=5"
    server.faults.set(vendor="wordpress", fault=AuthReject(), calls=1)
    assert get(server, path).json()["code"] == "rest_not_logged_in"
    server.faults.set(vendor="wordpress", fault=RateLimit(retry_after_seconds=7), calls=1)
    assert (get(server, path).headers["Retry-After"], get(server, path).status_code) == ("7", 200)
    server.faults.set(vendor="wordpress", fault=Status(code=500), calls=1)
    assert get(server, path).status_code == 500
    server.faults.set(vendor="wordpress", fault=TruncatedJson(), calls=1)
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(server, path).content)
    first = ids(get(server, path))
    server.faults.set(vendor="wordpress", fault=DuplicateRow())
    assert ids(get(server, f"{path}&page=2"))[0] == first[-1]
    server.faults.clear()
    honest = ids(get(server, f"{path}&page=2"))
    server.faults.set(vendor="wordpress", fault=PageDrift())
    assert ids(get(server, f"{path}&page=2"))[:4] == honest[1:]


def test_the_demo_environment_is_complete_and_its_keys_are_fresh(server: SandboxServer) -> None:
    one, two = demo_environment(server), demo_environment(server.url)
    assert one.keys() == two.keys()
    # both keys are made anew each time; everything else is the same for the same server
    assert {name for name in one if one[name] != two[name]} == {"OKR_DEMO_GOOGLE_KEY", "OKR_DEMO_YOUTUBE_OWNER"}
    assert json.loads(one["OKR_DEMO_GOOGLE_KEY"])["token_uri"] == f"{server.url}/token"
    assert requests.get(f"{one['OKR_SANDBOX_SKARGARD_SITE']}/wp-json/", timeout=30).json()["name"].startswith("Skär")


def test_a_stopped_server_has_no_url_and_answers_nothing() -> None:
    with SandboxServer(today=TODAY) as running:
        url = running.url
        assert requests.get(f"{url}/sites/fjallglas/", timeout=30).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/sites/fjallglas/", timeout=5)
    with pytest.raises(RuntimeError, match="not running"):
        _ = running.url
