"""The connectors opened through the registry, reading the sandbox over real HTTP: every stream, its types and bounds.

Whether the figures are the world's true figures is another test's business; here it is that each stream is read, that
what a vendor can't give is refused or clipped, and that faults become the right error class and heal.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, Source, Stream
from connectors.core.secrets import build_context
from connectors.ga4.settings import Ga4
from connectors.linkedin.settings import LinkedIn
from connectors.registry import SOURCE_TYPES, open_source
from connectors.sandbox.environment import demo_environment
from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    EmptyDay,
    Fault,
    PageDrift,
    RateLimit,
    Status,
    TruncatedJson,
    VersionReject,
)
from connectors.sandbox.server import SandboxServer
from connectors.wordpress.settings import WordPress
from okr_models.client.sources import EnvRef, SourceSettings
from okr_models.periods import Window
from tests.fake_vendor import NOW, STOCKHOLM, Naps, doubts

URL = EnvRef(env="OKR_SANDBOX_URL")
SETTINGS: dict[str, SourceSettings] = {
    "ga4": Ga4(id="web", property_id="412345678", credentials=EnvRef(env="OKR_DEMO_GOOGLE_KEY"), base_url=URL),
    "linkedin": LinkedIn(
        id="linkedin", organization_id="2414183", token=EnvRef(env="OKR_DEMO_LINKEDIN_TOKEN"), base_url=URL
    ),
    "wordpress": WordPress(id="blog", base_url=EnvRef(env="OKR_SANDBOX_FJALLGLAS_SITE")),
}
TODAY = date(2026, 11, 20)
STREAMS = [(name, stream.name) for name in SETTINGS for stream in SOURCE_TYPES[name].streams]


@pytest.fixture(scope="module", autouse=True)
def a_home_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The current folder is the home here, and a probe notes in it since when it knows a token."""
    with contextlib.chdir(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="module")
def environ(running: SandboxServer) -> Mapping[str, str]:
    return demo_environment(running.url)


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()


def opened(type_name: str, environ: Mapping[str, str]) -> Source:
    settings = SETTINGS[type_name]
    inside = build_context(
        settings, client="fjallglas", client_zone=STOCKHOLM, now=NOW, home=Path("."), environ=environ, sleep=Naps()
    )
    return open_source(settings, inside)


def newest(stream: Stream, days: int) -> Window | None:
    if stream.delivery != "window":
        return None
    end = TODAY - timedelta(days=1 + stream.lag_days)
    return Window(end - timedelta(days=days - 1), end)


def read(type_name: str, stream_name: str, environ: Mapping[str, str], *, days: int = 14) -> Batch:
    stream = SOURCE_TYPES[type_name].stream(stream_name)
    source = opened(type_name, environ)
    try:
        return source.read(stream, newest(stream, days))
    finally:
        source.close()


@pytest.mark.parametrize(("type_name", "stream_name"), STREAMS)
def test_every_stream_gives_typed_rows(
    type_name: str, stream_name: str, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    stream = SOURCE_TYPES[type_name].stream(stream_name)
    batch = read(type_name, stream_name, environ)
    assert batch.rows.schema == stream.table.arrow_schema()
    assert batch.rows.num_rows > 0
    assert batch.attempts == 1
    assert (batch.covers is None) == (stream.delivery != "window")
    assert bool(batch.replies) == (stream.delivery == "snapshot")


@pytest.mark.parametrize("type_name", list(SETTINGS))
def test_every_probe_answers(type_name: str, sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    probe = opened(type_name, environ).probe()
    assert probe.reachable
    assert probe.rows


@pytest.mark.parametrize("stream_name", ["follower_changes_daily", "interactions_daily"])
def test_linkedins_twelve_months_can_be_asked_to_the_day(
    stream_name: str, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    stream = SOURCE_TYPES["linkedin"].stream(stream_name)
    batch = opened("linkedin", environ).read(stream, Window(date(2024, 1, 1), TODAY - timedelta(days=2)))
    assert batch.covers == Window(TODAY - timedelta(days=365), TODAY - timedelta(days=2))


def test_what_lies_before_a_vendors_history_is_an_error_and_not_an_empty_answer(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    stream = SOURCE_TYPES["linkedin"].stream("interactions_daily")
    with pytest.raises(SourceError, match="csv") as raised:
        opened("linkedin", environ).read(stream, Window(date(2024, 1, 1), date(2024, 1, 31)))
    assert raised.value.error_class == "not_found"


def test_two_readings_of_the_same_window_are_equal(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    for type_name, stream_name in STREAMS:
        assert read(type_name, stream_name, environ).rows.equals(read(type_name, stream_name, environ).rows)


def test_counters_are_taken_of_every_listed_post_of_the_last_year(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    posts = read("linkedin", "social_posts", environ).rows.to_pylist()
    counters = read("linkedin", "post_counters", environ).rows.to_pylist()
    recent = {post["post_id"] for post in posts if post["published_at"] >= NOW - timedelta(days=364)}
    assert {row["post_id"] for row in counters} == recent
    assert {row["day"] for row in counters} == {TODAY - timedelta(days=1)}


LASTING: list[tuple[str, Fault, str]] = [
    ("linkedin", AuthReject(reason="expired"), "auth"),
    ("linkedin", RateLimit(kind="day"), "quota"),
    ("linkedin", VersionReject(), "version"),
    ("linkedin", Status(code=503), "unavailable"),
    ("linkedin", Status(code=404), "not_found"),
    ("linkedin", TruncatedJson(), "bad_reply"),
    ("ga4", AuthReject(reason="invalid"), "auth"),
    ("google_oauth", AuthReject(reason="revoked"), "auth"),
    ("ga4", RateLimit(kind="day"), "quota"),
    ("ga4", RateLimit(kind="hour"), "quota"),
    ("ga4", TruncatedJson(), "bad_reply"),
    ("wordpress", AuthReject(), "auth"),
    ("wordpress", RateLimit(retry_after_seconds=5), "rate_limited"),
    ("wordpress", RateLimit(retry_after_seconds=3600), "rate_limited"),
    ("wordpress", Status(code=500), "unavailable"),
    ("wordpress", TruncatedJson(), "bad_reply"),
]
FIRST = {"ga4": "web_daily", "google_oauth": "web_daily", "linkedin": "follower_snapshots", "wordpress": "blog_posts"}


@pytest.mark.parametrize(("vendor", "fault", "error_class"), LASTING, ids=lambda value: str(value)[:40])
def test_a_lasting_fault_is_named_and_the_next_read_is_whole_again(
    vendor: str, fault: Fault, error_class: str, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    type_name = "ga4" if vendor == "google_oauth" else vendor
    before = read(type_name, FIRST[vendor], environ).rows
    sandbox.faults.set(vendor=vendor, fault=fault)
    if vendor == "wordpress":  # a closed REST API alone is read from the site's feed
        sandbox.faults.set(vendor="feed", fault=fault)
    with pytest.raises(SourceError) as raised:
        read(type_name, FIRST[vendor], environ)
    assert raised.value.error_class == error_class
    assert raised.value.cure or raised.value.transient or error_class == "bad_reply"
    said = f"{raised.value!r} {raised.value} {vars(raised.value)}"
    assert not [name for name, value in environ.items() if name.startswith("OKR_DEMO") and value in said]
    sandbox.faults.clear()
    assert read(type_name, FIRST[vendor], environ).rows.equals(before)


@pytest.mark.parametrize(
    ("type_name", "fault"),
    [
        ("linkedin", Status(code=500)),
        ("linkedin", TruncatedJson()),
        ("wordpress", Status(code=503)),
        ("wordpress", RateLimit(retry_after_seconds=2)),
    ],
)
def test_a_passing_fault_is_healed_within_the_read(
    type_name: str, fault: Fault, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    before = read(type_name, FIRST[type_name], environ).rows
    sandbox.faults.set(vendor=type_name, fault=fault, calls=1)
    batch = read(type_name, FIRST[type_name], environ)
    assert batch.attempts == 2
    assert batch.rows.equals(before)


MOVING = [
    ("linkedin", "social_posts", PageDrift(), 2),
    ("linkedin", "social_posts", DuplicateRow(), None),
    ("wordpress", "blog_posts", PageDrift(), None),
    ("wordpress", "blog_posts", DuplicateRow(), None),
]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.linkedin.source.PAGE_POSTS", 12)
    monkeypatch.setattr("connectors.wordpress.source.PAGE_POSTS", 12)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("moving", MOVING, ids=str)
def test_a_list_that_moves_while_it_is_paged_loses_and_doubles_nothing(
    moving: tuple[str, str, Fault, int | None], sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    type_name, stream_name, fault, calls = moving
    before = sorted(read(type_name, stream_name, environ).rows.column("post_id").to_pylist())
    assert len(before) > 24
    sandbox.faults.set(vendor=type_name, fault=fault, calls=calls)
    moved = read(type_name, stream_name, environ)
    assert sorted(moved.rows.column("post_id").to_pylist()) == before
    assert moved.quality["requests"] > len(before) // 12 + 1


@pytest.mark.usefixtures("small_pages")
def test_a_list_in_which_one_post_hides_another_deletes_nothing(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    # the sandbox moves the last post to the front of every page but the first, so no page ever shows it
    whole = read("linkedin", "social_posts", environ).rows.num_rows
    sandbox.faults.set(vendor="linkedin", fault=PageDrift())
    batch = read("linkedin", "social_posts", environ)
    assert (batch.rows.num_rows, batch.listed_since) == (whole - 1, NOW)
    assert doubts(batch)["list_not_whole"]["of"] == whole


def test_an_empty_day_is_left_out_and_the_others_stay(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    empty = TODAY - timedelta(days=5)
    sandbox.faults.set(vendor="ga4", fault=EmptyDay(day=empty))
    days = read("ga4", "web_daily", environ).rows.column("day").to_pylist()
    assert empty not in days
    assert len(days) == 13


def test_a_months_visitors_are_fewer_than_its_days_summed(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    october = Window(date(2026, 10, 1), date(2026, 10, 31))
    source = opened("ga4", environ)
    month = source.read(SOURCE_TYPES["ga4"].stream("web_monthly"), october).rows.to_pylist()
    daily = source.read(SOURCE_TYPES["ga4"].stream("web_daily"), october).rows.column("visitors").to_pylist()
    assert len(month) == 1
    assert max(daily) < month[0]["visitors"] < sum(daily)


def test_no_log_line_of_any_read_or_failure_holds_a_secret(
    sandbox: SandboxServer, environ: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for type_name, stream_name in STREAMS:
        read(type_name, stream_name, environ)
    for vendor, stream_name in FIRST.items():
        sandbox.faults.set(vendor=vendor, fault=Status(code=500))
        with pytest.raises(SourceError):
            read("ga4" if vendor == "google_oauth" else vendor, stream_name, environ)
        sandbox.faults.clear()
    key = json.loads(environ["OKR_DEMO_GOOGLE_KEY"])
    secrets = [environ[name] for name in environ if name.startswith("OKR_DEMO")]
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert "asking again" in said
    assert not [secret[:6] for secret in [*secrets, *key["private_key"].splitlines()[1:-1]] if secret in said]
    assert "ya29" not in said
