"""Each day's figures at the edges of the calendar against the sandbox's event log, counted here a second time.

Really under test: that a connector asks for the right days and gives each figure to the right one: when clocks change
in Stockholm and in California, at a month's end in either zone and in UTC, on a leap day, on the account's first days.
Search Console, YouTube, Meta, Matomo and Plausible have the same tables in their own files; posts are in
``test_open_sources_against_sandbox.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

import pytest

from connectors.registry import SOURCE_TYPES
from connectors.sandbox.server import SandboxServer
from okr_models.periods import ONE_DAY, Window, month_window
from tests.fake_vendor import STOCKHOLM
from tests.fault_rig import NIGHT
from tests.sandbox_truth import WebTruth, follower_changes_by_day, followers, interactions_by_day
from tests.source_reader import Reader

BRAND = "fjallglas"
EDGES = {
    "clocks forward in California": Window(date(2026, 3, 6), date(2026, 3, 10)),
    "clocks forward in Stockholm, and a month ends": Window(date(2026, 3, 27), date(2026, 4, 2)),
    "clocks back in Stockholm": Window(date(2026, 10, 23), date(2026, 10, 27)),
    "clocks back in California, and a month ends": Window(date(2026, 10, 30), date(2026, 11, 3)),
    "a year ends": Window(date(2025, 12, 30), date(2026, 1, 2)),
    "the newest days": Window(date(2026, 11, 14), date(2026, 11, 18)),
}
LONG_AGO = {
    "a leap day": Window(date(2024, 2, 27), date(2024, 3, 2)),
    "clocks back in Stockholm two years ago": Window(date(2024, 10, 26), date(2024, 10, 28)),
}
"""Before what LinkedIn keeps."""
NIGHTS = [date(2026, 3, day) for day in (8, 29, 30)] + [date(2026, 10, 25), date(2026, 11, 1), date(2026, 11, 2)]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=NIGHT) as running:
        yield running


@pytest.fixture(scope="module")
def reader(server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(server, tmp_path_factory.mktemp("edges"))


@pytest.fixture(scope="module")
def web(server: SandboxServer) -> WebTruth:
    return WebTruth(server.world, BRAND)


def rows(reader: Reader, kind: str, stream: str, window: Window) -> dict[date, dict[str, object]]:
    batch = reader.read(kind, SOURCE_TYPES[kind].stream(stream), window)
    return {row.get("day", row.get("month")): row for row in batch.rows.to_pylist()}


@pytest.mark.parametrize("window", [*EDGES.values(), *LONG_AGO.values()], ids=[*EDGES, *LONG_AGO])
def test_a_days_traffic_is_that_of_the_sites_own_day(window: Window, reader: Reader, web: WebTruth) -> None:
    found = rows(reader, "ga4", "web_daily", window)
    truth = web.by_day()
    assert set(found) == set(window)
    for day in window:
        row = found[day]
        assert (row["sessions"], row["page_views"], row["engagement_seconds"]) == truth[day], day
        assert (row["visitors"], row["total_users"]) == (web.active_visitors(day, day), web.all_visitors(day, day)), day


@pytest.mark.parametrize(
    "month",
    [date(2024, 2, 1), date(2025, 10, 1), date(2025, 12, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 10, 1)],
    ids=str,
)
def test_a_months_visitors_are_those_of_exactly_its_days_whatever_their_length(
    month: date, reader: Reader, web: WebTruth
) -> None:
    whole = month_window(month)
    found = rows(reader, "ga4", "web_monthly", whole)
    assert list(found) == [month]
    assert found[month]["visitors"] == web.active_visitors(whole.start, whole.end)
    assert found[month]["asked_through"] == whole.end


@pytest.mark.parametrize("window", EDGES.values(), ids=EDGES)
def test_linkedins_days_are_utcs(window: Window, reader: Reader, server: SandboxServer) -> None:
    gained = follower_changes_by_day(server.world, BRAND, "linkedin")
    happened = interactions_by_day(server.world, BRAND, "linkedin")
    changes = rows(reader, "linkedin", "follower_changes_daily", window)
    interactions = rows(reader, "linkedin", "interactions_daily", window)
    for day in window:
        assert changes.get(day, {"change": 0})["change"] == gained.get(day, 0), day
        row = interactions.get(day, {"likes": 0, "comments": 0, "shares": 0})
        truth = happened.get(day, {"like": 0, "comment": 0, "share": 0})
        assert (row["likes"], row["comments"], row["shares"]) == (truth["like"], truth["comment"], truth["share"]), day


@pytest.mark.parametrize("night", NIGHTS, ids=str)
@pytest.mark.parametrize("kind", ["linkedin", "mastodon", "bluesky", "youtube"])
def test_a_reading_on_a_night_of_changing_clocks_stands_for_the_evening_before(
    night: date, kind: str, reader: Reader, server: SandboxServer
) -> None:
    server.set_today(night)
    stream = SOURCE_TYPES[kind].stream("follower_snapshots")
    (row,) = reader.read(kind, stream, None, today=night).rows.to_pylist()
    server.set_today(NIGHT)
    # 05:00 in Stockholm is the evening of the day before in California, and the end of it everywhere else
    assert row["day"] == night - ONE_DAY
    at = datetime.combine(night, time(5), STOCKHOLM)
    assert row["taken_at"] == at
    brand = "skargard" if kind in {"mastodon", "bluesky"} else BRAND
    true = followers(server.world, brand, kind, at=at)
    assert 0 <= true - row["followers"] < (10 if kind == "youtube" else 1)
