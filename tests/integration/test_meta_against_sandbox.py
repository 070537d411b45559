"""Facebook and Instagram read from the sandbox over real HTTP, against truth from the world's event log.

Really under test: ``connectors.meta.facebook_page`` and ``connectors.meta.instagram`` as the registry opens them,
with figures held to plain sums of events by Pacific day: around both clock changes there, a month's end, an empty
day, a deleted post, and faults in Meta's own shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, Source
from connectors.core.secrets import build_context
from connectors.meta.settings import FacebookPage, Instagram
from connectors.registry import SOURCE_TYPES, open_source
from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    EmptyDay,
    Fault,
    MetricRemoved,
    RateLimit,
    Status,
    TruncatedJson,
    VersionReject,
)
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.vendors.meta.instagram import hides_likes
from connectors.sandbox.world import five_in_stockholm
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from pipelines.warehouse.ingest.ledger import Load
from pipelines.warehouse.ingest.planning import Asked, windows_to_read
from tests.fake_vendor import STOCKHOLM, Naps, doubts
from tests.sandbox_truth import followers, interactions_by_day, post_totals

ZONE = "America/Los_Angeles"
TODAY = date(2026, 11, 20)
NEWEST = date(2026, 11, 18)
"""Yesterday in Los Angeles at 05:00 in Stockholm."""
SLUG = "fjallglas"
TYPES = {"facebook_page": "facebook", "instagram": "instagram"}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as server:
        yield server


@pytest.fixture(scope="module")
def environ(running: SandboxServer) -> Mapping[str, str]:
    return running.environment()


@pytest.fixture
def server(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()
    running.calls.clear()
    running.set_today(TODAY)


def opened(type_name: str, environ: Mapping[str, str], *, today: date = TODAY, **extra: Any) -> Source:
    url = EnvRef(env="OKR_SANDBOX_URL")
    secrets = {"token": EnvRef(env="OKR_DEMO_META_TOKEN"), "app_secret": EnvRef(env="OKR_DEMO_META_APP_SECRET")}
    settings: FacebookPage | Instagram
    if type_name == "facebook_page":
        settings = FacebookPage(id="fb", page_id="101234567890123", base_url=url, **secrets, **extra)
    else:
        settings = Instagram(id="ig", account_id="17841400000000001", base_url=url, **secrets, **extra)
    inside = build_context(
        settings, client=SLUG, client_zone=STOCKHOLM, now=five_in_stockholm(today), home=Path("."), environ=environ,
        sleep=Naps(),
    )  # fmt: skip
    return open_source(settings, inside)


def read(
    type_name: str, stream_name: str, environ: Mapping[str, str], window: Window | None = None, *, today: date = TODAY
) -> Batch:
    source = opened(type_name, environ, today=today)
    try:
        return source.read(SOURCE_TYPES[type_name].stream(stream_name), window)
    finally:
        source.close()


def totals(environ: Mapping[str, str], first: date, last: date) -> dict[date, int]:
    rows = read("facebook_page", "follower_totals_daily", environ, Window(first, last)).rows.to_pylist()
    return {row["day"]: row["followers"] for row in rows}


def interactions(environ: Mapping[str, str], first: date, last: date) -> dict[date, dict[str, int]]:
    rows = read("instagram", "interactions_daily", environ, Window(first, last)).rows.to_pylist()
    return {row["day"]: {kind: row[f"{kind}s"] for kind in ("like", "comment", "share")} for row in rows}


def end_of(day: date) -> datetime:
    """The last second of a Pacific day, found by walking back from two noons later."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=2)
    while moment.astimezone(ZoneInfo(ZONE)).date() > day:
        moment -= timedelta(minutes=30)
    return moment + timedelta(minutes=30, seconds=-1)


SPANS = [
    pytest.param(date(2026, 3, 6), date(2026, 3, 10), id="spring forward"),
    pytest.param(date(2025, 10, 30), date(2025, 11, 4), id="fall back and a month's end"),
    pytest.param(date(2026, 10, 24), date(2026, 10, 26), id="Stockholm's clock change"),
    pytest.param(date(2024, 12, 30), date(2025, 1, 2), id="a year's end"),
]


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_follower_totals_are_those_at_the_end_of_each_pacific_day(
    first: date, last: date, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    found = totals(environ, first, last)
    truth = {day: followers(server.world, SLUG, "facebook", at=end_of(day)) for day in Window(first, last)}
    assert found == truth


@pytest.mark.parametrize(("first", "last"), SPANS)
def test_interactions_are_those_of_each_pacific_day(
    first: date, last: date, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    truth = interactions_by_day(server.world, SLUG, "instagram", zone=ZONE)
    assert interactions(environ, first, last) == {day: truth[day] for day in Window(first, last)}


def test_all_that_meta_keeps_can_be_asked_to_the_day_and_nothing_before(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    oldest = date(2026, 11, 19) - timedelta(days=728)
    for type_name, stream in (("facebook_page", "follower_totals_daily"), ("instagram", "interactions_daily")):
        batch = read(type_name, stream, environ, Window(oldest - timedelta(days=40), oldest + timedelta(days=2)))
        assert batch.covers == Window(oldest, oldest + timedelta(days=2))
        assert batch.rows.num_rows == 3
        with pytest.raises(SourceError, match="csv") as raised:
            read(type_name, stream, environ, Window(oldest - timedelta(days=9), oldest - timedelta(days=1)))
        assert raised.value.error_class == "not_found"


def test_two_years_of_followers_come_in_slices_that_meta_accepts(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    stream = SOURCE_TYPES["facebook_page"].stream("follower_totals_daily")
    source = opened("facebook_page", environ)
    days: list[date] = []
    for window in Window(date(2024, 11, 21), NEWEST).slices(stream.slice_days):
        days += source.read(stream, window).rows.column("day").to_pylist()
    assert days == list(Window(date(2024, 11, 21), NEWEST))
    assert len(server.calls.of(vendor="meta")) == 9


def test_two_years_of_interactions_load_over_some_nights_newest_first_within_the_budget() -> None:
    """Night by night as the planner has it: never more calls than the budget, yesterday always among them."""
    stream = SOURCE_TYPES["instagram"].stream("interactions_daily")
    loads: list[Load] = []
    missing: set[date] = set()
    for night in range(8):
        now, yesterday = five_in_stockholm(TODAY + timedelta(days=night)), NEWEST + timedelta(days=night)
        asked = Asked(start=date(2024, 1, 1))
        windows = windows_to_read(stream, asked=asked, loads=loads, now=now, zone=ZoneInfo(ZONE))
        assert windows[0].end == yesterday
        assert sum(window.days for window in windows) <= 150
        loads += [loaded(stream.name, window, now) for window in windows]
        kept = Window(yesterday - timedelta(days=727), yesterday)
        missing = set(kept) - {day for load in loads for day in load.window}
        if not missing:
            break
    assert not missing
    assert 4 <= night <= 6


def loaded(stream: str, window: Window, at: datetime) -> Load:
    return Load(
        client=SLUG,
        source="ig",
        stream=stream,
        window=window,
        rows=window.days,
        status="loaded",
        attempts=1,
        started_at=at,
        finished_at=at,
        run_id="night",
    )


def test_a_day_is_one_call_and_restated_until_it_is_final(server: SandboxServer, environ: Mapping[str, str]) -> None:
    window = Window(NEWEST - timedelta(days=9), NEWEST)
    fresh = read("instagram", "interactions_daily", environ, window).rows.to_pylist()
    assert len(server.calls.of(vendor="meta")) == 10
    # today is the 19th there: a day is final once it is more than a week old
    assert [row["is_final"] for row in fresh] == [row["day"] < date(2026, 11, 12) for row in fresh]
    server.set_today(TODAY + timedelta(days=9))
    later = read("instagram", "interactions_daily", environ, window, today=TODAY + timedelta(days=9)).rows.to_pylist()
    truth = interactions_by_day(server.world, SLUG, "instagram", zone=ZONE)
    assert {row["day"]: row["likes"] for row in later} == {day: truth[day]["like"] for day in window}
    assert fresh[-1]["likes"] < later[-1]["likes"]
    assert all(row["is_final"] for row in later)


def test_a_day_that_meta_does_not_give_is_missing_and_not_zero(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    empty = date(2026, 11, 3)
    window = Window(date(2026, 11, 1), date(2026, 11, 5))
    server.faults.set(vendor="meta", brand=SLUG, fault=EmptyDay(day=empty))
    for type_name, stream in (("facebook_page", "follower_totals_daily"), ("instagram", "interactions_daily")):
        batch = read(type_name, stream, environ, window)
        assert batch.rows.column("day").to_pylist() == [day for day in window if day != empty]
        assert batch.covers == window
        assert batch.quality["days_without_value"] == 1
        assert not SOURCE_TYPES[type_name].stream(stream).zero_by_absence


@pytest.mark.parametrize(("type_name", "platform"), TYPES.items())
def test_followers_now_stand_for_the_pacific_day(
    type_name: str, platform: str, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    [row] = read(type_name, "follower_snapshots", environ).rows.to_pylist()
    assert row["followers"] == followers(server.world, SLUG, platform, at=server.world.now)
    assert row["platform"] == platform
    assert row["day"] == date(2026, 11, 19)
    assert row["taken_at"] == server.world.now


@pytest.mark.parametrize(("type_name", "platform"), TYPES.items())
def test_every_live_post_is_listed_once_and_a_deleted_one_no_longer(
    type_name: str, platform: str, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    rows = read(type_name, "social_posts", environ).rows.to_pylist()
    live = {post.post_id: post for post in server.world.social_posts(SLUG, platform)}
    assert sorted(row["post_id"] for row in rows) == sorted(live)
    assert all(row["published_at"] == live[row["post_id"]].published_at for row in rows)
    assert all(row["text"] == live[row["post_id"]].text for row in rows)
    deleted = next(post for post in server.world.social(SLUG, platform).posts if post.deleted_at)
    assert deleted.post_id not in live
    before = deleted.published_at.date() + timedelta(days=2)
    server.set_today(before)
    assert deleted.post_id in read(type_name, "social_posts", environ, today=before).rows.column("post_id").to_pylist()


def test_facebooks_counters_are_running_totals_with_replies_and_shares_left_out_as_zero(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    batch = read("facebook_page", "post_counters", environ)
    truth = post_totals(server.world, SLUG, "facebook")
    rows = {row["post_id"]: row for row in batch.rows.to_pylist()}
    assert {
        post: {kind: row[f"{kind}s"] for kind in ("like", "comment", "share")} for post, row in rows.items()
    } == truth
    assert 0 in {row["shares"] for row in rows.values()}
    assert batch.replies
    # a hundred posts with two summaries are too much data for one page
    assert [seen.status for seen in server.calls.of(vendor="meta")][:2] == [500, 200]


def test_instagrams_counters_are_running_totals_and_hidden_likes_are_not_known(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    batch = read("instagram", "post_counters", environ)
    truth = post_totals(server.world, SLUG, "instagram")
    hidden = {post.post_id for post in server.world.social_posts(SLUG, "instagram") if hides_likes(post)}
    rows = {row["post_id"]: row for row in batch.rows.to_pylist()}
    assert set(rows) == set(truth)
    assert hidden
    told = doubts(batch)["counters_hidden"]
    assert (told["quantity"], told["of"]) == (len(hidden), len(rows))
    for post, row in rows.items():
        assert row["likes"] == (None if post in hidden else truth[post]["like"])
        assert (row["comments"], row["shares"]) == (truth[post]["comment"], truth[post]["share"])


def test_the_token_is_in_no_reply_that_is_kept(server: SandboxServer, environ: Mapping[str, str]) -> None:
    secrets = [environ["OKR_DEMO_META_TOKEN"], environ["OKR_DEMO_META_APP_SECRET"]]
    for type_name in TYPES:
        replies = read(type_name, "post_counters", environ).replies
        assert any(b"access_token" in body for _, body in replies)
        kept = b"".join(request.encode() + body for request, body in replies)
        assert not [secret for secret in secrets if secret.encode() in kept]


@pytest.mark.parametrize("type_name", TYPES)
def test_a_probe_tells_followers_version_and_when_the_token_ends(
    type_name: str, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    probe = opened(type_name, environ, api_version="v25.0").probe()
    assert probe.reachable
    assert probe.rows == followers(server.world, SLUG, TYPES[type_name], at=server.world.now)
    assert probe.token_expires_on == date(2027, 1, 10)
    assert (probe.version, probe.version_sunset_on) == ("v25.0", date(2028, 7, 29))
    old = opened(type_name, environ, api_version="v20.0").probe()
    assert "answered as v21.0" in old.detail
    assert old.version_sunset_on == date(2026, 9, 24)


def test_a_metric_that_dies_leaves_the_others_and_is_noted(server: SandboxServer, environ: Mapping[str, str]) -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 3))
    truth = interactions_by_day(server.world, SLUG, "instagram", zone=ZONE)
    server.faults.set(vendor="meta", fault=MetricRemoved(name="shares"))
    batch = read("instagram", "interactions_daily", environ, window)
    assert batch.quality["unavailable"] == "shares"
    assert batch.rows.column("shares").to_pylist() == [None] * 3
    assert batch.rows.column("likes").to_pylist() == [truth[day]["like"] for day in window]


def test_a_page_whose_only_metric_dies_fails_and_is_whole_again_once_it_is_back(
    server: SandboxServer, environ: Mapping[str, str]
) -> None:
    before = totals(environ, date(2026, 11, 1), date(2026, 11, 3))
    server.faults.set(vendor="meta", fault=MetricRemoved(name="page_follows"))
    with pytest.raises(SourceError, match="page_follows") as raised:
        totals(environ, date(2026, 11, 1), date(2026, 11, 3))
    assert raised.value.error_class == "bad_reply"
    assert read("facebook_page", "follower_snapshots", environ).rows.num_rows == 1
    server.faults.clear()
    assert totals(environ, date(2026, 11, 1), date(2026, 11, 3)) == before


def test_media_without_share_counts_have_unknown_shares(server: SandboxServer, environ: Mapping[str, str]) -> None:
    for name in ("shares_count", "reposts_count"):
        server.faults.set(vendor="meta", fault=MetricRemoved(name=name))
    batch = read("instagram", "post_counters", environ)
    assert batch.quality["unavailable"] == "reposts_count, shares_count"
    assert set(batch.rows.column("shares").to_pylist()) == {None}
    assert None not in batch.rows.column("comments").to_pylist()


@pytest.mark.parametrize("type_name", TYPES)
def test_a_list_that_repeats_rows_across_pages_loses_and_doubles_nothing(
    type_name: str, server: SandboxServer, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.meta.graph.PAGE_LIMIT", 12)
    before = read(type_name, "social_posts", environ).rows
    server.faults.set(vendor="meta", fault=DuplicateRow())
    moved = read(type_name, "social_posts", environ)
    assert sorted(moved.rows.column("post_id").to_pylist()) == sorted(before.column("post_id").to_pylist())
    assert isinstance(moved.quality["requests"], int)
    assert moved.quality["requests"] >= before.num_rows // 12


LASTING: list[tuple[Fault, str, int]] = [
    (AuthReject(reason="empty"), "auth", 1),
    (AuthReject(reason="invalid"), "auth", 1),
    (AuthReject(reason="expired"), "auth", 1),
    (AuthReject(reason="revoked"), "auth", 1),
    (RateLimit(kind="day"), "quota", 1),
    (RateLimit(kind="hour"), "quota", 1),
    (RateLimit(kind="concurrent"), "rate_limited", 4),
    (VersionReject(), "version", 1),
    (Status(code=500), "unavailable", 4),
    (Status(code=403), "permission", 1),
    (Status(code=404), "not_found", 1),
    (TruncatedJson(), "bad_reply", 2),
]


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("lasting", LASTING, ids=lambda lasting: f"{lasting[0]}"[:40])
def test_a_lasting_fault_is_named_asked_for_no_more_than_helps_and_heals(
    lasting: tuple[Fault, str, int], type_name: str, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    fault, error_class, calls = lasting
    before = read(type_name, "follower_snapshots", environ).rows
    server.calls.clear()
    server.faults.set(vendor="meta", fault=fault)
    with pytest.raises(SourceError) as raised:
        read(type_name, "follower_snapshots", environ)
    assert raised.value.error_class == error_class
    assert len(server.calls.of(vendor="meta")) == calls
    said = f"{raised.value!r} {raised.value} {vars(raised.value)}"
    assert not [name for name, value in environ.items() if name.startswith("OKR_DEMO") and value in said]
    server.faults.clear()
    assert read(type_name, "follower_snapshots", environ).rows.equals(before)


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("fault", [Status(code=500), TruncatedJson(), RateLimit(kind="concurrent")], ids=str)
def test_a_passing_fault_is_healed_within_the_read(
    fault: Fault, type_name: str, server: SandboxServer, environ: Mapping[str, str]
) -> None:
    before = read(type_name, "social_posts", environ).rows
    server.faults.set(vendor="meta", brand=SLUG, fault=fault, calls=1)
    batch = read(type_name, "social_posts", environ)
    assert batch.attempts == 2
    assert batch.rows.equals(before)
