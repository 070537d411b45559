"""A list of uploads that shows fewer than there are: known videos that it hides are asked for by id, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.core.doubt import codes
from connectors.core.protocol import Batch
from connectors.registry import open_source
from connectors.youtube.settings import YouTube
from connectors.youtube.source import YOUTUBE
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Asked, Naps, Vendor, context, doubts, vendor
from tests.unit.connectors.youtube.test_source import CHANNEL, KEY, channel, item, serving

POSTS, COUNTERS = YOUTUBE.stream("social_posts"), YOUTUBE.stream("post_counters")
KNOWN = frozenset({"a", "b", "c", "hidden", "unlisted", "sold", "gone"})
OF: dict[str, dict[str, Any]] = {
    "hidden": {"channelId": CHANNEL, "privacyStatus": "public"},
    "unlisted": {"channelId": CHANNEL, "privacyStatus": "unlisted"},
    "sold": {"channelId": "UC_another", "privacyStatus": "public"},
}


def read(server: Vendor, stream: Any, *, known: frozenset[str] = KNOWN) -> Batch:
    inside = replace(context(secrets={"api_key": KEY}, base_url=server.url, sleep=Naps()), listed=dict.fromkeys(known))
    source = open_source(YouTube(id="film", channel_id=CHANNEL, api_key=EnvRef(env="X")), inside)
    try:
        return source.read(stream, None)
    finally:
        source.close()


def videos(asked: Asked) -> dict[str, Any]:
    found = []
    for name in asked.query["id"].split(","):
        if name in {"a", "b", "c", *OF}:
            of = OF.get(name, {"channelId": CHANNEL})
            snippet = {"channelId": of["channelId"], "title": name, "publishedAt": "2026-10-01T08:00:00Z"}
            status = {"privacyStatus": of["privacyStatus"]} if "privacyStatus" in of else {}
            found.append({"id": name, "snippet": snippet, "status": status, "statistics": {"likeCount": "1"}})
    return {"items": found}


def hiding(*shown: str, of: int) -> dict[str, Any]:
    listed = {"pageInfo": {"totalResults": of}, "items": [item(name) for name in shown]}
    return {"channels": channel(videos=of), "playlistItems": listed, "videos": videos}


@pytest.mark.parametrize("stream", [POSTS, COUNTERS])
def test_a_known_video_that_the_list_hides_is_asked_for_and_loses_no_day(stream: Any) -> None:
    with vendor(serving(hiding("a", "b", "c", of=4))) as server:
        batch = read(server, stream)
    assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c", "hidden"]
    assert "list_not_whole" not in codes(batch.quality)
    assert batch.listed_since is None


def test_a_list_that_is_whole_asks_for_none_that_it_no_longer_names() -> None:
    with vendor(serving(hiding("a", "b", "c", of=3))) as server:
        batch = read(server, COUNTERS)
    assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c"]
    assert all("hidden" not in asked.query.get("id", "") for asked in server.asked)


def test_each_pass_has_another_page_size_so_that_a_shift_is_no_doubled_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.youtube.api.PAGE_VIDEOS", 4)
    names = [f"v{number}" for number in range(10)]

    def shifting(asked: Asked) -> dict[str, Any]:
        start, size = int(asked.query.get("pageToken", "0")), int(asked.query["maxResults"])
        seen = names if not start else [names[-1], *names[:-1]]  # one comes to the top as soon as the list is paged
        body: dict[str, Any] = {
            "pageInfo": {"totalResults": 10},
            "items": [item(one) for one in seen[start : start + size]],
        }
        return body | ({"nextPageToken": str(start + size)} if start + size < 10 else {})

    def all_of_them(asked: Asked) -> dict[str, Any]:
        snippet = {"channelId": CHANNEL, "title": "t", "publishedAt": "2026-10-01T08:00:00Z"}
        return {"items": [{"id": name, "snippet": snippet} for name in asked.query["id"].split(",")]}

    routes = {"channels": channel(videos=10), "playlistItems": shifting, "videos": all_of_them}
    with vendor(serving(routes)) as server:
        alone = read(server, POSTS, known=frozenset())
        helped = read(server, POSTS, known=frozenset(names))
    assert doubts(alone)["list_not_whole"]["quantity"] == 9
    assert sorted(helped.rows.column("post_id").to_pylist()) == names
    sizes = {asked.query["maxResults"] for asked in server.asked if asked.path.endswith("playlistItems")}
    assert sizes == {"4", "3", "2"}


@pytest.mark.parametrize(("counted", "is_whole"), [(3, True), (4, False)])
def test_a_page_token_that_leads_back_ends_the_list_and_not_the_night(counted: int, is_whole: bool) -> None:
    def circling(asked: Asked) -> dict[str, Any]:
        names = ["c"] if "pageToken" in asked.query else ["a", "b"]
        listed = {"pageInfo": {"totalResults": counted}, "items": [item(name) for name in names]}
        return {**listed, "nextPageToken": "again"}

    routes = {"channels": channel(videos=counted), "playlistItems": circling, "videos": videos}
    with vendor(serving(routes)) as server:
        batch = read(server, POSTS, known=frozenset())
    assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c"]
    assert (batch.listed_since is None, "list_not_whole" in codes(batch.quality)) == (is_whole, not is_whole)
    assert len(server.asked) < 10
