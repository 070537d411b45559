"""YouTube end to end over real HTTP: Google's own client, Google's discovery documents, and the event log.

Under test: the sandbox speaks the wire format of both APIs, and the connector's figures are those that people's events
add up to, whatever a day's length; truth is counted from the events without either (``tests/sandbox_truth.py``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, Source
from connectors.core.secrets import build_context
from connectors.registry import SOURCE_TYPES, open_source
from connectors.sandbox.environment import demo_environment
from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    EmptyDay,
    Fault,
    MetricRemoved,
    PageDrift,
    RateLimit,
    Status,
    TruncatedJson,
)
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.vendors.youtube.server import COMMENTS_OFF, LIKES_HIDDEN, rounded
from connectors.youtube.settings import YouTube
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.discovery import validator
from tests.fake_vendor import STOCKHOLM, Naps, doubts
from tests.sandbox_fixture import google_bearer
from tests.sandbox_truth import follower_changes_by_day, followers, interactions_by_day, post_totals

TODAY = date(2026, 11, 20)
NEWEST = date(2026, 11, 16)
"""Two days before yesterday in California at 05:00 in Stockholm."""
CHANNEL = "UCfjallglas0000000000000"
PACIFIC = "America/Los_Angeles"
ANALYTICS = "https://www.googleapis.com/auth/yt-analytics.readonly"


@pytest.fixture(scope="module", autouse=True)
def a_home_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The current folder is the home here, and an owner's token is locked in it while it is fetched."""
    with contextlib.chdir(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()
    running.set_today(TODAY)


@lru_cache
def variables(url: str) -> dict[str, str]:
    """Made once: each asking makes new credentials."""
    return demo_environment(url)


def opened(server: SandboxServer, *, owner: bool = True) -> Source:
    settings = YouTube(
        id="film",
        channel_id=CHANNEL,
        api_key=EnvRef(env="OKR_DEMO_YOUTUBE_KEY"),
        credentials=EnvRef(env="OKR_DEMO_YOUTUBE_OWNER") if owner else None,
        base_url=EnvRef(env="OKR_SANDBOX_URL"),
    )
    context = build_context(
        settings,
        client="fjallglas",
        client_zone=STOCKHOLM,
        now=server.world.now,
        home=Path(),
        environ=variables(server.url),
        sleep=Naps(),
    )
    return open_source(settings, context)


def read(server: SandboxServer, stream: str, window: Window | None = None) -> Batch:
    source = opened(server)
    try:
        return source.read(SOURCE_TYPES["youtube"].stream(stream), window)
    finally:
        source.close()


# --- what people's events add up to ------------------------------------------------------------------------------

AROUND = {
    "the clocks go forward in California": Window(date(2026, 3, 5), date(2026, 3, 12)),
    "the clocks go forward in Stockholm": Window(date(2026, 3, 26), date(2026, 4, 2)),
    "the clocks go back in Stockholm, and the month ends": Window(date(2026, 10, 23), date(2026, 11, 3)),
    "a leap day": Window(date(2024, 2, 26), date(2024, 3, 2)),
    "long ago": Window(date(2023, 7, 2), date(2024, 7, 1)),
}


@pytest.mark.parametrize("window", AROUND.values(), ids=AROUND)
def test_daily_figures_are_those_of_the_event_log(sandbox: SandboxServer, window: Window) -> None:
    changes = follower_changes_by_day(sandbox.world, "fjallglas", "youtube", zone=PACIFIC)
    batch = read(sandbox, "follower_changes_daily", window)
    assert dict(zip(window, batch.rows.column("change").to_pylist(), strict=True)) == {
        day: changes.get(day, 0) for day in window
    }
    happened = interactions_by_day(sandbox.world, "fjallglas", "youtube", zone=PACIFIC)
    nothing = {"like": 0, "comment": 0, "share": 0}
    for row in read(sandbox, "interactions_daily", window).rows.to_pylist():
        truth = happened.get(row["day"], nothing)
        assert (row["likes"], row["comments"], row["shares"]) == (truth["like"], truth["comment"], truth["share"])


def test_a_day_on_which_more_likes_are_taken_back_than_given_is_negative(sandbox: SandboxServer) -> None:
    rows = read(sandbox, "interactions_daily", Window(date(2023, 7, 2), NEWEST)).rows.to_pylist()
    assert min(row["likes"] for row in rows) < 0


def test_subscribers_of_any_day_follow_from_now_and_what_came_and_went(sandbox: SandboxServer) -> None:
    first = date(2026, 6, 1)
    rows = read(sandbox, "follower_changes_daily", Window(first, NEWEST)).rows.to_pylist()
    begin = datetime(2026, 6, 1, 7, tzinfo=UTC)  # midnight in California
    then = followers(sandbox.world, "fjallglas", "youtube", at=begin)
    settled = sum(row["change"] for row in rows if row["is_final"])
    end = datetime.combine(max(row["day"] for row in rows if row["is_final"]), datetime.min.time(), UTC)
    end += timedelta(days=1, hours=8)
    assert then + settled == followers(sandbox.world, "fjallglas", "youtube", at=end)


def test_the_snapshot_is_the_true_number_to_three_figures(sandbox: SandboxServer) -> None:
    true = followers(sandbox.world, "fjallglas", "youtube")
    (row,) = read(sandbox, "follower_snapshots").rows.to_pylist()
    assert 0 <= true - row["followers"] < 10
    assert row["followers"] % 10 == 0
    assert row["day"] == date(2026, 11, 19)


@pytest.mark.parametrize(("true", "shown"), [(0, 0), (999, 999), (1_009, 1_000), (12_399, 12_300), (123_999, 123_000)])
def test_counts_are_rounded_down_to_three_figures(true: int, shown: int) -> None:
    assert rounded(true) == shown


def test_counters_are_each_live_videos_events_but_for_what_is_hidden(sandbox: SandboxServer) -> None:
    truth = post_totals(sandbox.world, "fjallglas", "youtube")
    posts = {post.post_id: post.number for post in sandbox.world.social("fjallglas", "youtube").posts}
    rows = read(sandbox, "post_counters").rows.to_pylist()
    assert {row["post_id"] for row in rows} == set(truth)
    for row in rows:
        number, counted = posts[row["post_id"]], truth[row["post_id"]]
        assert row["likes"] == (None if number == LIKES_HIDDEN else counted["like"])
        assert row["comments"] == (None if number == COMMENTS_OFF else counted["comment"])
        assert row["shares"] is None


def test_a_deleted_video_is_on_no_list_any_more(sandbox: SandboxServer) -> None:
    gone = next(p for p in sandbox.world.social("fjallglas", "youtube").posts if p.deleted_at is not None)
    assert gone.deleted_at is not None
    before, after = gone.deleted_at - timedelta(hours=1), gone.deleted_at + timedelta(hours=1)
    for now, there in ((before, True), (after, False)):
        sandbox.set_now(now)
        for stream in ("social_posts", "post_counters"):
            assert (gone.post_id in read(sandbox, stream).rows.column("post_id").to_pylist()) is there


def test_fresh_days_are_restated_and_said_to_be(sandbox: SandboxServer) -> None:
    window = Window(date(2026, 11, 10), NEWEST)
    before = read(sandbox, "interactions_daily", window).rows
    sandbox.set_today(TODAY + timedelta(days=12))
    after = read(sandbox, "interactions_daily", window).rows
    assert not any(before.column("is_final").to_pylist())
    assert all(after.column("is_final").to_pylist())
    assert not before.drop_columns(["is_final"]).equals(after.drop_columns(["is_final"]))


def test_an_empty_day_is_left_out_and_the_others_stay(sandbox: SandboxServer) -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 10))
    sandbox.faults.set(vendor="youtube_analytics", fault=EmptyDay(day=date(2026, 11, 4)))
    batch = read(sandbox, "interactions_daily", window)
    assert set(window) - set(batch.rows.column("day").to_pylist()) == {date(2026, 11, 4)}
    assert batch.covers == window


# --- faults ------------------------------------------------------------------------------------------------------

LASTING: list[tuple[str, str, Fault, str]] = [
    ("youtube", "follower_snapshots", AuthReject(reason="invalid"), "auth"),
    ("youtube", "follower_snapshots", AuthReject(reason="expired"), "auth"),
    ("youtube", "post_counters", RateLimit(kind="day"), "quota"),
    ("youtube", "post_counters", RateLimit(kind="concurrent"), "rate_limited"),
    ("youtube", "social_posts", RateLimit(after=1, kind="day"), "quota"),
    ("youtube", "social_posts", Status(code=503), "unavailable"),
    ("youtube", "social_posts", TruncatedJson(), "bad_reply"),
    ("youtube_analytics", "interactions_daily", AuthReject(reason="expired"), "auth"),
    ("google_oauth", "interactions_daily", AuthReject(reason="expired"), "auth"),
    ("youtube_analytics", "interactions_daily", RateLimit(kind="day"), "quota"),
    ("youtube_analytics", "interactions_daily", RateLimit(kind="concurrent"), "rate_limited"),
    ("youtube_analytics", "follower_changes_daily", Status(code=500), "unavailable"),
    ("youtube_analytics", "follower_changes_daily", Status(code=403), "permission"),
    ("youtube_analytics", "follower_changes_daily", MetricRemoved(name="subscribersLost"), "bad_reply"),
    ("youtube_analytics", "follower_changes_daily", TruncatedJson(), "bad_reply"),
]


def window_of(stream: str) -> Window | None:
    return Window(date(2026, 11, 1), NEWEST) if stream.endswith("_daily") else None


@pytest.mark.parametrize(("vendor", "stream", "fault", "error_class"), LASTING, ids=lambda value: str(value)[:40])
def test_a_lasting_fault_is_named_and_the_next_read_is_whole_again(
    sandbox: SandboxServer, vendor: str, stream: str, fault: Fault, error_class: str
) -> None:
    before = read(sandbox, stream, window_of(stream)).rows
    sandbox.faults.set(vendor=vendor, fault=fault)
    with pytest.raises(SourceError) as raised:
        read(sandbox, stream, window_of(stream))
    assert raised.value.error_class == error_class
    said = f"{raised.value!r} {raised.value} {vars(raised.value)}"
    assert not [name for name, value in variables(sandbox.url).items() if name.startswith("OKR_DEMO") and value in said]
    sandbox.faults.clear()
    assert read(sandbox, stream, window_of(stream)).rows.equals(before)


@pytest.mark.parametrize("fault", [Status(code=500), TruncatedJson(), RateLimit(kind="concurrent")], ids=str)
@pytest.mark.parametrize(
    ("vendor", "stream"), [("youtube", "social_posts"), ("youtube_analytics", "interactions_daily")]
)
def test_a_passing_fault_is_healed_within_the_read(
    sandbox: SandboxServer, vendor: str, stream: str, fault: Fault
) -> None:
    before = read(sandbox, stream, window_of(stream)).rows
    sandbox.faults.set(vendor=vendor, fault=fault, calls=1)
    batch = read(sandbox, stream, window_of(stream))
    assert batch.attempts == 2
    assert batch.rows.equals(before)


def test_without_analytics_the_public_streams_are_read_all_the_same(sandbox: SandboxServer) -> None:
    sandbox.faults.set(vendor="youtube_analytics", fault=AuthReject(reason="revoked"))
    sandbox.faults.set(vendor="google_oauth", fault=AuthReject(reason="revoked"))
    assert read(sandbox, "follower_snapshots").rows.num_rows == 1
    assert read(sandbox, "social_posts").rows.num_rows > 0


@pytest.mark.parametrize("name", ["likes", "shares"])
def test_a_removed_metric_is_missing_and_the_others_are_read(sandbox: SandboxServer, name: str) -> None:
    sandbox.faults.set(vendor="youtube_analytics", fault=MetricRemoved(name=name))
    batch = read(sandbox, "interactions_daily", Window(date(2026, 11, 1), NEWEST))
    assert batch.quality["unavailable"] == name
    assert batch.rows.column(name).null_count == batch.rows.num_rows
    assert batch.rows.column("comments").null_count == 0


def test_hidden_subscribers_are_no_row(sandbox: SandboxServer) -> None:
    sandbox.faults.set(vendor="youtube", fault=MetricRemoved(name="subscriberCount"))
    batch = read(sandbox, "follower_snapshots")
    assert batch.rows.num_rows == 0
    assert batch.quality["unavailable"]


@pytest.mark.parametrize("fault", [PageDrift(), DuplicateRow()], ids=str)
def test_a_list_that_moves_while_it_is_paged_loses_and_doubles_nothing(
    sandbox: SandboxServer, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.youtube.api.PAGE_VIDEOS", 12)
    before = sorted(read(sandbox, "social_posts").rows.column("post_id").to_pylist())
    assert len(before) > 24
    # the channel and two pages; then the list holds still
    sandbox.faults.set(vendor="youtube", fault=fault, calls=3)
    batch = read(sandbox, "social_posts")
    assert sorted(batch.rows.column("post_id").to_pylist()) == before
    assert int(str(batch.quality["requests"])) > len(before) // 12 + 3


def test_a_list_in_which_one_video_hides_another_is_not_taken_for_whole(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.youtube.api.PAGE_VIDEOS", 12)
    # the last video moves to the front of every page but the first, so that no page ever shows it
    whole = read(sandbox, "social_posts")
    sandbox.faults.set(vendor="youtube", fault=PageDrift())
    batch = read(sandbox, "social_posts")
    assert batch.rows.num_rows == whole.rows.num_rows - 1
    assert doubts(batch)["list_not_whole"]["of"] == whole.rows.num_rows
    oldest = min(whole.rows.column("published_at").to_pylist())
    assert batch.listed_since is not None
    assert batch.listed_since >= oldest


def test_the_probe_says_what_the_key_and_the_owner_can_see(sandbox: SandboxServer) -> None:
    assert "Analytics" in opened(sandbox).probe().detail
    probe = opened(sandbox, owner=False).probe()
    assert probe.rows == read(sandbox, "follower_snapshots").rows.column("followers").to_pylist()[0]
    assert "Analytics" not in probe.detail
    sandbox.faults.set(vendor="youtube_analytics", fault=Status(code=403))
    with pytest.raises(SourceError, match="sign in as the owner"):
        opened(sandbox).probe()


# --- what Google's own client and documents say ------------------------------------------------------------------


def data_client(server: SandboxServer, *, key: str | None = None) -> Any:
    return build(
        "youtube",
        "v3",
        developerKey=key or server.sandbox.token("youtube"),
        static_discovery=True,
        client_options={"api_endpoint": server.url},
    )


def analytics_client(server: SandboxServer) -> Any:
    owner = json.loads(variables(server.url)["OKR_DEMO_YOUTUBE_OWNER"])
    assert owner.pop("type") == "authorized_user"
    return build(
        "youtubeAnalytics",
        "v2",
        credentials=Credentials(None, **owner),  # type: ignore[no-untyped-call]
        static_discovery=True,
        client_options={"api_endpoint": server.url},
    )


def test_googles_client_reads_channel_uploads_and_videos_valid_by_googles_document(sandbox: SandboxServer) -> None:
    youtube = data_client(sandbox)
    channels = youtube.channels().list(part="id,snippet,statistics,contentDetails", id=CHANNEL).execute()
    validator("youtube.v3", "ChannelListResponse").validate(channels)
    playlist = channels["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"]
    asked = youtube.playlistItems().list(part="contentDetails,snippet,status", playlistId=playlist, maxResults=50)
    found: list[str] = []
    while asked is not None:
        page = asked.execute()
        validator("youtube.v3", "PlaylistItemListResponse").validate(page)
        found += [item["contentDetails"]["videoId"] for item in page["items"]]
        asked = youtube.playlistItems().list_next(asked, page)
    assert found == [post.post_id for post in reversed(sandbox.world.social_posts("fjallglas", "youtube"))]
    videos = youtube.videos().list(part="statistics,snippet,status,contentDetails", id=",".join(found[:50])).execute()
    validator("youtube.v3", "VideoListResponse").validate(videos)
    assert [video["id"] for video in videos["items"]] == found[:50]
    assert not validator("youtube.v3", "VideoListResponse").is_valid({**videos, "items": [{"id": 7}]})


def test_googles_client_reads_analytics_valid_by_googles_document(sandbox: SandboxServer) -> None:
    reports = analytics_client(sandbox).reports()
    for ids in (f"channel=={CHANNEL}", "channel==MINE"):
        reply = reports.query(
            ids=ids, startDate="2026-11-01", endDate="2026-11-19", metrics="likes,views", dimensions="day"
        ).execute()
        validator("youtubeAnalytics.v2", "QueryResponse").validate(reply)
        assert [header["name"] for header in reply["columnHeaders"]] == ["day", "likes", "views"]
        # days that are not known yet have no row
        assert [row[0] for row in reply["rows"]][-1] == NEWEST.isoformat()
        assert len(reply["rows"]) == 16


def test_an_unknown_channel_is_an_empty_list_and_an_unknown_playlist_404(sandbox: SandboxServer) -> None:
    youtube = data_client(sandbox)
    reply = youtube.channels().list(part="id", id="UCnobody0000000000000000").execute()
    validator("youtube.v3", "ChannelListResponse").validate(reply)
    assert "items" not in reply
    with pytest.raises(HttpError) as raised:
        youtube.playlistItems().list(part="id", playlistId="UUnobody0000000000000000").execute()
    assert (raised.value.resp.status, raised.value.error_details[0]["reason"]) == (404, "playlistNotFound")


@pytest.mark.parametrize(
    ("params", "status", "reason"),
    [
        ({"part": "statistics", "id": CHANNEL, "key": "wrong"}, 400, "badRequest"),
        ({"part": "statistics", "id": CHANNEL}, 403, "forbidden"),
        ({"part": "mood", "id": CHANNEL, "key": ""}, 400, "unknownPart"),
    ],
    ids=str,
)
def test_what_youtube_refuses_is_refused_in_its_shape(
    sandbox: SandboxServer, params: dict[str, str], status: int, reason: str
) -> None:
    if params.get("key") == "":
        params = {**params, "key": sandbox.sandbox.token("youtube")}
    reply = requests.get(f"{sandbox.url}/youtube/v3/channels", params=params, timeout=30)
    assert reply.status_code == status
    assert reply.json()["error"]["errors"][0]["reason"] == reason


def test_a_page_token_of_ones_own_and_too_many_videos_are_refused(sandbox: SandboxServer) -> None:
    youtube = data_client(sandbox)
    with pytest.raises(HttpError) as raised:
        youtube.playlistItems().list(part="id", playlistId="UU" + CHANNEL[2:], pageToken="zzz").execute()
    assert raised.value.error_details[0]["reason"] == "invalidPageToken"
    with pytest.raises(HttpError) as raised:
        youtube.videos().list(part="id", id=",".join(["x"] * 51)).execute()
    assert raised.value.resp.status == 400


def test_a_service_account_and_another_person_are_not_let_into_analytics(sandbox: SandboxServer) -> None:
    query = {"ids": f"channel=={CHANNEL}", "startDate": "2026-11-01", "endDate": "2026-11-02"}
    query |= {"metrics": "likes", "dimensions": "day"}
    robot = google_bearer(sandbox, scope=ANALYTICS)
    stranger = sandbox.sandbox.google.issue(holder="someone@else.example", scopes=[ANALYTICS])
    for token in (robot, stranger):
        headers = {"Authorization": f"Bearer {token}"}
        reply = requests.get(f"{sandbox.url}/v2/reports", params=query, headers=headers, timeout=30)
        assert (reply.status_code, reply.json()["error"]["errors"][0]["reason"]) == (403, "forbidden")


def test_a_keys_units_of_a_day_run_out_and_come_back_at_midnight_in_california(sandbox: SandboxServer) -> None:
    key = sandbox.sandbox.token("youtube")
    day = date(2026, 12, 1)
    sandbox.sandbox.usage.add(quota="youtube units", account=key, day=day, units=10_000)
    sandbox.set_now(datetime(2026, 12, 2, 7, 59, tzinfo=UTC))
    with pytest.raises(SourceError) as raised:
        read(sandbox, "follower_snapshots")
    assert raised.value.error_class == "quota"
    assert raised.value.retry_after_seconds == pytest.approx(60)
    sandbox.set_now(datetime(2026, 12, 2, 8, 0, tzinfo=UTC))
    assert read(sandbox, "follower_snapshots").rows.num_rows == 1
