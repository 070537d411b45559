"""Conversions and channels read from the sandbox over HTTP, against truth computed from the world's events.

Under test: the connectors of GA4, Matomo and Plausible around a DST change, a month's end, an empty day and a key event
that was marked late. Whole nights are ``tests/e2e/test_demo_night.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from connectors.core.channels import channel_of
from connectors.core.protocol import Stream
from connectors.ga4 import conversions as ga4
from connectors.matomo import conversions as matomo
from connectors.plausible import conversions as plausible
from connectors.sandbox.faults import EmptyDay
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.world.conversions import CONVERSIONS
from okr_models.periods import Window
from tests.fault_rig import NIGHT, SOURCES
from tests.source_reader import Reader

WINDOWS = {
    "spring forward": Window(date(2026, 3, 28), date(2026, 3, 30)),
    "fall back": Window(date(2026, 10, 24), date(2026, 10, 26)),
    "month's end and the late mark": Window(date(2026, 4, 29), date(2026, 6, 2)),
}
STREAMS = {"ga4": ga4, "matomo": matomo, "plausible": plausible}
GOALS = {each.event: each.goal for each in CONVERSIONS}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with SandboxServer(today=NIGHT) as server:
        yield Reader(server, tmp_path_factory.mktemp("homes"))


def views(reader: Reader, kind: str, window: Window) -> pd.DataFrame:
    """The site's views of these days, as its vendor knows them by now."""
    frame = reader.server.world.events_visits(SOURCES[kind][0])
    first, last = pd.Timestamp(window.start), pd.Timestamp(window.end)
    inside = frame[(frame["day"] >= first) & (frame["day"] <= last)]
    return inside.assign(on=inside["day"].dt.date)


def read(reader: Reader, kind: str, stream: Stream, window: Window) -> list[dict[str, object]]:
    return [dict(row) for row in reader.read(kind, stream, window).rows.to_pylist()]


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_leads_by_event_are_those_that_happened(reader: Reader, kind: str, window: Window) -> None:
    happened = views(reader, kind, window)
    happened = happened[happened["conversion"] != ""]
    truth: Counter[tuple[date, str]] = Counter()
    for row in happened.itertuples():
        one = next(each for each in CONVERSIONS if each.event == row.conversion)
        once = kind == "matomo" or (kind == "ga4" and one.counting == "ONCE_PER_SESSION")
        if kind == "ga4" and row.at < one.marked_at:
            continue
        truth[row.on, one.event if kind == "ga4" else one.goal] += 1 if once else int(row.firings)
    found = {
        (row["day"], row["event"]): row["conversions"]
        for row in read(reader, kind, STREAMS[kind].EVENTS, window)
        if row["conversions"]
    }
    assert found == dict(truth)
    assert found


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_sessions_by_channel_are_those_that_began(reader: Reader, kind: str, window: Window) -> None:
    seen = views(reader, kind, window)
    if kind != "matomo":
        truth = seen.groupby(["on", "channel"])["session_id"].nunique().to_dict()
    else:
        keys = seen.assign(visit=seen["session_id"].astype(str) + seen["on"].astype(str))
        truth = keys.groupby(["on", "channel"])["visit"].nunique().to_dict()
    wanted: Counter[tuple[date, str]] = Counter()
    for (day, label), count in truth.items():
        # Matomo has everything tagged in one bucket
        channel = "other" if kind == "matomo" and label == "Email" else channel_of(label)
        wanted[day, channel] += int(count)
    found: Counter[tuple[object, object]] = Counter()
    for row in read(reader, kind, STREAMS[kind].CHANNELS, window):
        found[row["day"], row["channel"]] += int(str(row["sessions"]))
    assert found == wanted


@pytest.mark.parametrize("kind", STREAMS)
def test_visits_that_converted_are_part_of_all_visits(reader: Reader, kind: str) -> None:
    window = WINDOWS["fall back"]
    seen = views(reader, kind, window)
    converted = seen[seen["conversion"] != ""].groupby("on")["session_id"].nunique().to_dict()
    rows = read(reader, kind, STREAMS[kind].RATES, window)
    assert {row["day"]: row["converted_visits"] for row in rows} == converted
    assert all(int(str(row["visits"])) > int(str(row["converted_visits"])) for row in rows)


@pytest.mark.parametrize("kind", STREAMS)
def test_an_empty_day_has_no_row(reader: Reader, kind: str) -> None:
    window, empty = WINDOWS["spring forward"], date(2026, 3, 29)
    reader.set(kind, EmptyDay(day=empty))
    try:
        for stream in (STREAMS[kind].EVENTS, STREAMS[kind].CHANNELS):
            assert empty not in {row["day"] for row in read(reader, kind, stream, window)}
    finally:
        reader.server.faults.clear()


def test_the_key_event_that_was_marked_late_is_listed_with_its_first_whole_day(reader: Reader) -> None:
    rows = {row["event"]: row for row in reader.read("ga4", ga4.KEY_EVENTS, None).rows.to_pylist()}
    assert rows["newsletter_signup"]["counted_from"] == date(2026, 5, 18)
    assert rows["generate_lead"]["counting"] == "ONCE_PER_SESSION"


@pytest.mark.parametrize("kind", ["matomo", "plausible"])
def test_goals_are_listed_by_name(reader: Reader, kind: str, tmp_path: Path) -> None:
    rows = reader.read(kind, STREAMS[kind].KEY_EVENTS, None).rows.to_pylist()
    assert sorted(row["event"] for row in rows) == sorted(GOALS.values())
