"""YouTube's connector against replies as YouTube documents them, served from this machine.

Under test: what is public and what only the owner sees, what is missing and what is 0, paging, what errors mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    NotYet,
    PermissionMissing,
    SourceError,
    Unavailable,
)
from connectors.core.protocol import Batch, Stream
from connectors.registry import open_source
from connectors.youtube.settings import YouTube
from connectors.youtube.source import CHANGES, COUNTERS, INTERACTIONS, POSTS, SNAPSHOTS, YOUTUBE
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

CHANNEL = "UCexample000000000000000"
OWNER = {
    "client_id": "c.apps.googleusercontent.com",
    "client_secret": "s3cret-of-client",
    "refresh_token": "1//refresh",
}
KEY = "AIza-very-secret-key"
WINDOW = Window(date(2026, 11, 1), date(2026, 11, 16))
"""Up to two days before the Pacific yesterday of 05:00 on 20 November in Stockholm."""


def read(
    server: Vendor, stream: Stream, window: Window | None = None, *, owner: Mapping[str, str] | None = OWNER
) -> Batch:
    given = {"api_key": KEY}
    if owner is not None:
        given["credentials"] = json.dumps({**owner, "token_uri": f"{server.url}/token"})
    inside = context(secrets=given, base_url=server.url, sleep=Naps())
    ref = EnvRef(env="X")
    settings = YouTube(id="film", channel_id=CHANNEL, api_key=ref, credentials=ref if owner is not None else None)
    opened = open_source(settings, inside)
    try:
        return opened.read(stream, window)
    finally:
        opened.close()


def channel(*, videos: int = 3, **changed: Any) -> dict[str, Any]:
    statistics = {
        "viewCount": "9",
        "subscriberCount": "1860",
        "hiddenSubscriberCount": False,
        "videoCount": str(videos),
    }
    playlists = {"relatedPlaylists": {"likes": "", "uploads": "UU" + CHANNEL[2:]}}
    kept = {name: value for name, value in (statistics | changed).items() if value is not None}
    return {"items": [{"id": CHANNEL, "statistics": kept, "contentDetails": playlists}]}


def item(video: str, *, public: bool = True) -> dict[str, Any]:
    details = {"videoId": video} | ({"videoPublishedAt": "2026-10-01T08:00:00Z"} if public else {})
    return {"id": f"item-{video}", "contentDetails": details, "snippet": {"title": f"Film {video} å"}}


def uploads(videos: list[str], *, page: int = 50) -> Callable[[Asked], dict[str, Any]]:
    """The list as it is at each call; tests change ``videos`` between calls."""

    def answer(asked: Asked) -> dict[str, Any]:
        start = int(asked.query.get("pageToken", "0"))
        body: dict[str, Any] = {"pageInfo": {"totalResults": len(videos), "resultsPerPage": page}}
        if start + page < len(videos):
            body["nextPageToken"] = str(start + page)
        return {**body, "items": [item(video) for video in videos[start : start + page]]}

    return answer


def serving(routes: dict[str, Callable[[Asked], Any] | Any]) -> Callable[[Asked], Says]:
    def answer(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says({"access_token": "ya29.owner", "expires_in": 3599})
        found = routes.get(asked.path.rpartition("/")[2], {})
        said = found(asked) if callable(found) else found
        return said if isinstance(said, Says) else Says(said)

    return answer


def error(
    code: int, reason: str, *, domain: str = "global", message: str = "Sorry", service: str | None = None
) -> Says:
    body: dict[str, Any] = {"code": code, "message": message}
    body["errors"] = [{"message": message, "domain": domain, "reason": reason}]
    if service:
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": service}]
    return Says({"error": body}, status=code)


# --- what is public ----------------------------------------------------------------------------------------------


def test_subscribers_are_read_with_the_key_as_the_parameter_that_is_documented_and_it_is_kept_nowhere() -> None:
    with vendor(serving({"channels": channel()})) as server:
        batch = read(server, SNAPSHOTS)
    assert batch.rows.column("followers").to_pylist() == [1860]
    # 20:00 Pacific on the 19th: past noon, so it stands for that day
    assert batch.rows.column("day").to_pylist() == [date(2026, 11, 19)]
    assert doubts(batch)["rounded"]["quantity"] == 10
    assert server.asked[0].query["key"] == KEY
    ((request, _),) = batch.replies
    assert KEY not in request
    assert "channels" in request


def test_hidden_subscribers_are_no_row_and_not_0() -> None:
    with vendor(serving({"channels": channel(hiddenSubscriberCount=True, subscriberCount="0")})) as server:
        batch = read(server, SNAPSHOTS)
    assert batch.rows.num_rows == 0
    assert "hides" in str(batch.quality["unavailable"])


def test_a_count_that_is_missing_though_not_hidden_is_a_bad_reply() -> None:
    with vendor(serving({"channels": channel(subscriberCount=None)})) as server, pytest.raises(BadReply):
        read(server, SNAPSHOTS)


def test_subscribers_do_not_need_the_count_of_videos() -> None:
    with vendor(serving({"channels": channel(videoCount=None)})) as server:
        assert read(server, SNAPSHOTS).rows.column("followers").to_pylist() == [1860]


def test_an_unknown_channel_comes_as_an_empty_list_and_is_not_found() -> None:
    with vendor(serving({"channels": {"pageInfo": {"totalResults": 0}}})) as server, pytest.raises(NotFound):
        read(server, SNAPSHOTS)


def test_videos_come_from_the_uploads_and_never_from_search() -> None:
    with vendor(serving({"channels": channel(), "playlistItems": uploads(["a", "b", "c"])})) as server:
        rows = read(server, POSTS).rows.to_pylist()
    assert [row["post_id"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["url"] == "https://www.youtube.com/watch?v=a"
    assert rows[0]["text"] == "Film a å"
    assert [asked.path.rpartition("/")[2] for asked in server.asked] == ["channels", "playlistItems"]
    assert server.asked[1].query["playlistId"] == "UU" + CHANNEL[2:]


def test_stubs_of_private_videos_are_left_out() -> None:
    listed = {"pageInfo": {"totalResults": 2}, "items": [item("a"), item("hidden", public=False)]}
    nobody = {"pageInfo": {"totalResults": 0}, "items": []}
    with vendor(serving({"channels": channel(), "playlistItems": listed, "videos": nobody})) as server:
        batch = read(server, POSTS)
    assert batch.rows.column("post_id").to_pylist() == ["a"]
    assert batch.quality["not_public"] == 1
    assert server.asked[-1].query["id"] == "hidden"


def test_a_list_that_gives_ids_only_is_read_with_what_each_video_says_of_itself() -> None:
    ids = [f"v{n}" for n in range(70)]

    def listed(asked: Asked) -> dict[str, Any]:
        start = int(asked.query.get("pageToken", "0"))
        of_snippet = [{"snippet": {"resourceId": {"videoId": name}}} for name in ids[:35]]
        of_details = [{"contentDetails": {"videoId": name}} for name in ids[35:]]
        page = [*of_snippet, *of_details][start : start + 50]
        return {"items": page} | ({"nextPageToken": str(start + 50)} if start + 50 < len(ids) else {})

    def videos(asked: Asked) -> dict[str, Any]:
        snippet = {"title": "Ny film", "publishedAt": "2026-10-01T08:00:00Z"}
        shown = [name for name in asked.query["id"].split(",") if name != "v3"]
        return {"items": [{"id": name, "snippet": snippet, "statistics": {"likeCount": "1"}} for name in shown]}

    with vendor(serving({"channels": channel(), "playlistItems": listed, "videos": videos})) as server:
        posts, counters = read(server, POSTS), read(server, COUNTERS)
    expected = [name for name in ids if name != "v3"]
    assert posts.rows.column("post_id").to_pylist() == counters.rows.column("post_id").to_pylist() == expected
    assert {row["text"] for row in posts.rows.to_pylist()} == {"Ny film"}
    assert posts.quality["not_public"] == counters.quality["gone"] == 1


def test_a_channel_without_videos_has_no_uploads_list_and_that_is_an_empty_list() -> None:
    gone = error(404, "playlistNotFound", domain="youtube.playlistItem")
    with vendor(serving({"channels": channel(videos=0), "playlistItems": gone})) as server:
        assert read(server, POSTS).rows.num_rows == 0
    with vendor(serving({"channels": channel(videos=4), "playlistItems": gone})) as server, pytest.raises(NotFound):
        read(server, POSTS)


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Callable[[int, Callable[[], None]], Any]]:
    """Uploads in pages of two, and a change to make before the so-many-th page is answered."""
    videos = ["f", "e", "d", "c", "b", "a"]
    listed = uploads(videos, page=2)
    monkeypatch.setattr("connectors.youtube.api.PAGE_VIDEOS", 2)

    def changing(at: int, change: Callable[[], None]) -> Callable[[Asked], dict[str, Any]]:
        calls = iter(range(1_000))

        def answer(asked: Asked) -> dict[str, Any]:
            if next(calls) == at:
                change()
            return listed(asked)

        return answer

    return videos, changing


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_video_deleted_or_published_while_the_list_is_paged_hides_no_other(moving: Any, at: int) -> None:
    videos, changing = moving
    routes = {"channels": channel(), "playlistItems": changing(at, lambda: videos.remove("e"))}
    with vendor(serving(routes)) as server:
        batch = read(server, POSTS)
    assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c", "d", "f"]
    routes = {"channels": channel(), "playlistItems": changing(at, lambda: videos.insert(0, "g"))}
    with vendor(serving(routes)) as server:
        batch = read(server, POSTS)
    assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c", "d", "f", "g"]
    assert "list_moved" not in doubts(batch)


def test_a_video_that_stands_twice_in_the_list_every_night_is_one_video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.youtube.api.PAGE_VIDEOS", 2)
    statistics = {"likeCount": "2", "commentCount": "0"}
    videos = {"items": [{"id": name, "statistics": statistics} for name in ("c", "b", "a")]}
    routes = {"channels": channel(), "playlistItems": uploads(["c", "b", "a", "b"], page=2), "videos": videos}
    with vendor(serving(routes)) as server:
        posts, counters = read(server, POSTS), read(server, COUNTERS)
    for batch in (posts, counters):
        assert sorted(batch.rows.column("post_id").to_pylist()) == ["a", "b", "c"]
    assert posts.listed_since is None
    assert "doubts" not in posts.quality


def test_a_list_shorter_than_youtube_and_the_channel_say_deletes_nothing_older_than_its_end() -> None:
    short = {"pageInfo": {"totalResults": 9}, "items": [item("b"), item("a")]}
    with vendor(serving({"channels": channel(videos=7), "playlistItems": short})) as server:
        batch = read(server, POSTS)
    assert batch.listed_since == datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
    assert (doubts(batch)["list_not_whole"]["quantity"], doubts(batch)["list_not_whole"]["of"]) == (2, 7)
    with vendor(serving({"channels": channel(videos=2), "playlistItems": short})) as server:
        assert "doubts" not in read(server, POSTS).quality  # the other seven are private


def test_a_video_of_another_shape_costs_itself_and_is_not_taken_for_deleted() -> None:
    wrong = item("b")
    wrong["contentDetails"]["videoPublishedAt"] = "last week"
    listed = {"pageInfo": {"totalResults": 3}, "items": [item("c"), wrong, item("a")]}
    videos = {"items": [{"id": "c", "statistics": {"likeCount": "many"}}, {"id": "a", "statistics": {"likeCount": 1}}]}
    with vendor(serving({"channels": channel(), "playlistItems": listed, "videos": videos})) as server:
        posts, counters = read(server, POSTS), read(server, COUNTERS)
    assert (posts.rows.column("post_id").to_pylist(), posts.present) == (["c", "a"], {"b"})
    assert counters.rows.column("post_id").to_pylist() == ["a"]
    assert doubts(posts)["entries_left_out"]["quantity"] == doubts(counters)["entries_left_out"]["quantity"] == 1


def test_hidden_likes_and_comments_are_missing_and_shares_always() -> None:
    videos = {
        "items": [
            {"id": "a", "statistics": {"viewCount": "5", "likeCount": "2", "commentCount": "0"}},
            {"id": "b", "statistics": {"viewCount": "5", "commentCount": "1"}},
            {"id": "c", "statistics": {"viewCount": "5", "likeCount": "7"}},
        ]
    }
    routes = {"channels": channel(), "playlistItems": uploads(["a", "b", "c", "gone"]), "videos": videos}
    with vendor(serving(routes)) as server:
        batch = read(server, COUNTERS)
    found = {row["post_id"]: (row["likes"], row["comments"], row["shares"]) for row in batch.rows.to_pylist()}
    assert found == {"a": (2, 0, None), "b": (None, 1, None), "c": (7, None, None)}
    assert (doubts(batch)["counters_hidden"]["quantity"], batch.quality["gone"]) == (2, 1)
    assert len(batch.replies) == len(server.asked)


def test_counters_are_asked_for_fifty_videos_at_a_time() -> None:
    ids = [f"v{n}" for n in range(120)]

    def videos(asked: Asked) -> dict[str, Any]:
        return {"items": [{"id": name, "statistics": {"likeCount": "1"}} for name in asked.query["id"].split(",")]}

    with vendor(serving({"channels": channel(), "playlistItems": uploads(ids), "videos": videos})) as server:
        assert read(server, COUNTERS).rows.num_rows == 120
    assert [a.query["id"].count(",") + 1 for a in server.asked if a.path.endswith("videos")] == [50, 50, 20]


# --- what the owner sees -----------------------------------------------------------------------------------------


def table(rows: list[list[Any]], *names: str) -> dict[str, Any]:
    headers = [{"name": name, "columnType": "METRIC", "dataType": "INTEGER"} for name in ("day", *names)]
    return {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers} | ({"rows": rows} if rows else {})


def test_changes_are_gains_less_losses_and_may_be_negative() -> None:
    rows = [["2026-11-14", 3, 1], ["2026-11-15", 0.0, 4], ["2026-11-16", 0, 0]]
    with vendor(serving({"reports": table(rows, "subscribersGained", "subscribersLost")})) as server:
        batch = read(server, CHANGES, WINDOW)
    assert batch.rows.column("change").to_pylist() == [2, -4, 0]
    assert batch.covers == WINDOW
    token, asked = server.asked
    assert token.path == "/token"
    assert asked.query["ids"] == f"channel=={CHANNEL}"
    assert (asked.query["dimensions"], asked.query["endDate"]) == ("day", "2026-11-16")
    assert asked.headers["Authorization"] == "Bearer ya29.owner"


def test_columns_are_found_by_name_and_negative_interactions_stay() -> None:
    rows = [[1, "2026-11-05", -3, 2], [0, "2026-11-16", 5, 0]]
    shuffled = table(rows, "likes", "shares")
    shuffled["columnHeaders"] = [{"name": name} for name in ("comments", "day", "likes", "shares")]
    with vendor(serving({"reports": shuffled})) as server:
        found = read(server, INTERACTIONS, WINDOW).rows.to_pylist()
    assert [(r["likes"], r["comments"], r["shares"], r["is_final"]) for r in found] == [
        (-3, 1, 2, True),
        (5, 0, 0, False),
    ]


def test_columns_beside_those_asked_for_are_passed_over() -> None:
    rows = [[9, "2026-11-16", 5, 2]]
    wider = table(rows)
    wider["columnHeaders"] = [{"name": name} for name in ("views", "day", "subscribersGained", "subscribersLost")]
    with vendor(serving({"reports": wider})) as server:
        assert read(server, CHANGES, WINDOW).rows.column("change").to_pylist() == [3]


def test_the_newest_days_without_a_row_are_not_answered_and_old_ones_are_0() -> None:
    with vendor(serving({"reports": table([], "subscribersGained", "subscribersLost")})) as server:
        batch = read(server, CHANGES, WINDOW)
    assert batch.covers == Window(WINDOW.start, date(2026, 11, 15))
    newest = Window(date(2026, 11, 16), date(2026, 11, 16))
    nothing = serving({"reports": table([], "subscribersGained", "subscribersLost")})
    with vendor(nothing) as server, pytest.raises(Unavailable, match="does not know"):
        read(server, CHANGES, newest)


@pytest.mark.parametrize("stream", [CHANGES, INTERACTIONS])
def test_a_second_run_of_one_day_that_asks_for_the_newest_alone_has_not_failed(stream: Stream) -> None:
    newest = Window(date(2026, 11, 16), date(2026, 11, 16))
    nothing = serving({"reports": lambda asked: table([], *asked.query["metrics"].split(","))})
    with vendor(nothing) as server, pytest.raises(NotYet, match="does not know"):
        read(server, stream, newest)


def test_a_metric_that_died_is_missing_and_named_and_the_others_are_read() -> None:
    def reports(asked: Asked) -> Any:
        metrics = asked.query["metrics"].split(",")
        if "shares" in metrics:
            return error(400, "badRequest", message="Unknown identifier (shares) given in field parameters.metrics.")
        return table([["2026-11-16", 4, 1]], *metrics)

    with vendor(serving({"reports": reports})) as server:
        batch = read(server, INTERACTIONS, WINDOW)
    assert [(r["likes"], r["comments"], r["shares"]) for r in batch.rows.to_pylist()] == [(4, 1, None)]
    assert batch.quality["unavailable"] == "shares"


def test_where_every_metric_died_it_fails_instead_of_giving_nothing() -> None:
    def reports(asked: Asked) -> Any:
        first = asked.query["metrics"].split(",")[0]
        return error(400, "badRequest", message=f"Unknown identifier ({first}) given in field parameters.metrics.")

    with vendor(serving({"reports": reports})) as server, pytest.raises(BadReply, match="Unknown identifier"):
        read(server, INTERACTIONS, WINDOW)


def test_days_of_the_lag_are_not_asked_for() -> None:
    rows = [["2026-11-16", 1, 0]]
    with vendor(serving({"reports": table(rows, "subscribersGained", "subscribersLost")})) as server:
        batch = read(server, CHANGES, Window(date(2026, 11, 1), date(2026, 11, 18)))
    assert batch.covers == WINDOW
    assert server.asked[1].query["endDate"] == "2026-11-16"


def test_the_owners_streams_exist_with_credentials_only() -> None:
    ref = EnvRef(env="X")
    public = YouTube(id="film", channel_id=CHANNEL, api_key=ref)
    assert {stream.name for stream in YOUTUBE.streams_for(public)} == {
        "follower_snapshots",
        "social_posts",
        "post_counters",
    }
    owned = YouTube(id="film", channel_id=CHANNEL, api_key=ref, credentials=ref)
    assert YOUTUBE.streams_for(owned) == YOUTUBE.streams
    with vendor([]) as server, pytest.raises(Misconfigured, match="credentials"):
        read(server, CHANGES, WINDOW, owner=None)


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ({"type": "service_account", **OWNER}, "service account"),
        ({**OWNER, "refresh_token": ""}, "not the JSON of an authorised user"),
        ({"client_id": "c"}, "not the JSON of an authorised user"),
    ],
)
def test_credentials_that_are_no_persons_are_refused_before_any_call(owner: dict[str, str], told: str) -> None:
    with vendor([]) as server, pytest.raises(Misconfigured, match=told) as raised:
        read(server, SNAPSHOTS, owner=owner)
    assert server.asked == []
    assert "s3cret" not in str(raised.value)


def test_a_refresh_token_that_ran_out_says_how_to_get_a_new_one() -> None:
    def answer(asked: Asked) -> Says:
        said = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return Says(said, status=400)

    with vendor(answer) as server, pytest.raises(AuthFailed, match="seven days") as raised:
        read(server, CHANGES, WINDOW)
    assert "expired or revoked" in str(raised.value)
    assert [asked.path for asked in server.asked] == ["/token"]
    for secret in OWNER.values():
        assert secret not in f"{raised.value!r} {vars(raised.value)}"


# --- errors ------------------------------------------------------------------------------------------------------

QUOTA = 'The request cannot be completed because you have exceeded your <a href="...">quota</a>.'


@pytest.mark.parametrize(
    ("answer", "error_class", "calls", "wait"),
    [
        (error(403, "quotaExceeded", domain="youtube.quota", message=QUOTA), "quota", 1, 4 * 3600),
        (error(403, "rateLimitExceeded", domain="usageLimits"), "rate_limited", 4, None),
        (error(400, "badRequest", service="API_KEY_INVALID", message="API key not valid."), "auth", 1, None),
        (error(400, "keyInvalid", domain="usageLimits"), "auth", 1, None),
        (error(400, "badRequest", message="API key not valid. Please pass a valid API key."), "auth", 1, None),
        (error(403, "forbidden", message="Method doesn't allow unregistered callers"), "auth", 1, None),
        (error(403, "accessNotConfigured", domain="usageLimits"), "permission", 1, None),
        (error(403, "forbidden", service="API_KEY_SERVICE_BLOCKED"), "permission", 1, None),
        (error(500, "backendError"), "unavailable", 4, None),
    ],
    ids=lambda value: str(value)[:70],
)
def test_errors_are_told_apart_by_reason(answer: Says, error_class: str, calls: int, wait: float | None) -> None:
    with vendor(serving({"channels": answer})) as server, pytest.raises(SourceError) as raised:
        read(server, SNAPSHOTS)
    assert raised.value.error_class == error_class
    assert len(server.asked) == calls
    assert raised.value.retry_after_seconds == (None if wait is None else pytest.approx(wait))
    assert KEY not in f"{raised.value!r} {vars(raised.value)}"


def test_analytics_of_another_persons_channel_names_the_cure() -> None:
    with vendor(serving({"reports": error(403, "forbidden")})) as server, pytest.raises(PermissionMissing) as raised:
        read(server, CHANGES, WINDOW)
    assert f"sign in as the owner of {CHANNEL}" in str(raised.value)
