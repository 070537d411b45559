"""Fault by source where a single read shows all of it: reasons of a refusal, slowness, quiet days, late figures.

Really under test: ``connectors`` over real HTTP, as each night's threads read them. What a whole night makes of a fault
is ``test_fault_matrix.py``. The matrix is printed at the end, made of what was observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connectors.core.errors import SourceError
from connectors.core.protocol import Stream
from connectors.core.reply import send
from connectors.registry import SOURCE_TYPES
from connectors.sandbox.faults import AuthReject, EmptyDay, Latency, MetricRemoved
from connectors.sandbox.server import SandboxServer
from okr_models.periods import ONE_DAY, Window
from tests.fault_print import Matrix, printed
from tests.fault_rig import NIGHT, vendors_of
from tests.source_reader import Reader

NETWORKED = tuple(kind for kind in SOURCE_TYPES if vendors_of(kind))
REASONS = ("empty", "invalid", "expired", "revoked")
SLOW_SECONDS, PATIENCE_SECONDS = 0.5, 0.15
DAY = date(2026, 11, 10)
AROUND = Window(DAY - ONE_DAY, DAY + ONE_DAY)
WINDOWED = [
    (kind, stream.name)
    for kind in NETWORKED
    for stream in SOURCE_TYPES[kind].streams
    if stream.delivery == "window" and stream.grain == "day"
]
RESTATED: Mapping[str, str] = {
    "ga4": "web_daily",
    "search_console": "search_daily",
    "instagram": "interactions_daily",
    "youtube": "interactions_daily",
    "matomo": "web_daily",
}
"""Streams whose newest days grow afterwards; LinkedIn shows only days that are counted, Plausible restates none."""


DROPPED = [
    ("bluesky", "followersCount", "follower_snapshots", "bad_reply"),
    ("facebook_page", "page_follows", "follower_totals_daily", "bad_reply"),
    ("facebook_page", "followers_count", "follower_snapshots", "bad_reply"),
    ("instagram", "likes", "interactions_daily", "likes"),
    ("instagram", "like_count", "post_counters", "bad_reply"),
    ("linkedin", "likeCount", "interactions_daily", "bad_reply"),
    ("linkedin", "shareCount", "post_counters", "bad_reply"),
    ("matomo", "nb_visits", "web_daily", "bad_reply"),
    ("matomo", "nb_hits", "web_pages_daily", "bad_reply"),
    ("matomo", "nb_uniq_visitors", "web_daily", "visitors"),
    ("search_console", "page", "search_pages_daily", "bad_reply"),
    ("youtube", "shares", "interactions_daily", "shares"),
    ("youtube", "likeCount", "post_counters", "likes"),
]
"""A figure that a vendor drops: the class of the error, or the column that is missing while the others are read."""


@pytest.fixture(scope="module")
def matrix(request: pytest.FixtureRequest) -> Iterator[Matrix]:
    with printed(request.config, "fault x source, read by read: what came of it") as it:
        yield it


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(today=NIGHT) as server:
        yield server


@pytest.fixture
def server(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()
    running.set_today(NIGHT)


@pytest.fixture(scope="module")
def _reader(running: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(running, tmp_path_factory.mktemp("reasons"))


@pytest.fixture
def reader(server: SandboxServer, _reader: Reader) -> Reader:
    return _reader


def first_stream(kind: str) -> Stream:
    return SOURCE_TYPES[kind].streams[0]


@pytest.mark.parametrize("kind", NETWORKED)
@pytest.mark.parametrize("reason", REASONS)
def test_every_way_to_refuse_credentials_is_one_class_and_is_not_argued_with(
    reason: Any, kind: str, reader: Reader, matrix: Matrix
) -> None:
    reader.set(kind, AuthReject(reason=reason))
    before = reader.calls(kind)
    with pytest.raises(SourceError) as raised:
        reader.read(kind, first_stream(kind), AROUND)
    asked = reader.calls(kind) - before
    assert raised.value.error_class == "auth"
    assert asked <= {"ga4": 3, "wordpress": 6}.get(kind, 1)
    assert raised.value.cure
    assert not [secret for secret in reader.secrets(kind) if secret in f"{raised.value!r} {vars(raised.value)}"]
    matrix.say(f"credentials {reason}", kind, f"{raised.value.error_class}, {asked} calls")


@pytest.mark.parametrize("kind", NETWORKED)
def test_a_vendor_that_is_too_slow_is_a_timeout_that_is_asked_again_and_one_that_is_slow_is_read(
    kind: str, reader: Reader, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = first_stream(kind)
    clean = reader.read(kind, stream, AROUND)
    reader.set(kind, Latency(seconds=0.02))
    assert reader.read(kind, stream, AROUND).rows == clean.rows
    reader.server.faults.clear()

    def impatient(*given: Any, **named: Any) -> Any:
        return send(*given, **{**named, "timeout": (PATIENCE_SECONDS, PATIENCE_SECONDS)})

    monkeypatch.setattr("connectors.core.http.send", impatient)
    monkeypatch.setattr("connectors.ga4.client.CALL_SECONDS", PATIENCE_SECONDS)
    reader.set(kind, Latency(seconds=SLOW_SECONDS))
    with pytest.raises(SourceError) as raised:
        reader.read(kind, stream, AROUND)
    assert raised.value.error_class == "timeout"
    assert raised.value.attempts > 1
    matrix.say("too slow", kind, f"timeout, {raised.value.attempts} attempts")


@pytest.mark.parametrize(("kind", "name"), WINDOWED)
def test_a_quiet_day_is_a_zero_where_the_source_says_so_by_silence_and_else_missing(
    kind: str, name: str, reader: Reader, matrix: Matrix
) -> None:
    stream = SOURCE_TYPES[kind].stream(name)
    clean = reader.read(kind, stream, AROUND)
    reader.set(kind, EmptyDay(day=DAY))
    quiet = reader.read(kind, stream, AROUND)
    of_day = [row for row in quiet.rows.to_pylist() if row["day"] == DAY]
    figures = [value for row in of_day for value in row.values() if type(value) in {int, float}]
    assert not any(figures)
    assert quiet.covers == clean.covers == AROUND
    # its neighbours are as they were
    others = [[row for row in batch.rows.to_pylist() if row["day"] != DAY] for batch in (quiet, clean)]
    assert others[0] == others[1]
    assert [row for row in clean.rows.to_pylist() if row["day"] == DAY]
    if not stream.zero_by_absence:
        assert of_day == []
    means = "a row of 0" if of_day else ("left out: 0" if stream.zero_by_absence else "left out: missing")
    matrix.say(f"quiet day: {name}", kind, means)


@pytest.mark.parametrize(("kind", "name"), RESTATED.items(), ids=RESTATED)
def test_the_newest_days_grow_afterwards_and_are_not_called_final_before(
    kind: str, name: str, reader: Reader, matrix: Matrix
) -> None:
    stream = SOURCE_TYPES[kind].stream(name)
    newest = NIGHT - (2 + stream.lag_days) * ONE_DAY
    window = Window(newest - timedelta(days=stream.settle_days + 4), newest)
    nights = []
    for ahead in range(4):
        reader.server.set_today(NIGHT + ahead * ONE_DAY)
        rows = reader.read(kind, stream, window, today=NIGHT + ahead * ONE_DAY).rows.to_pylist()
        nights.append({row["day"]: row for row in rows})
    changed = set()
    for before, after in pairwise(nights):
        for day in window:
            then, now = ({**night.get(day, {}), "is_final": None} for night in (before, after))
            if then != now:
                changed.add(day)
                assert not before.get(day, {"is_final": False})["is_final"], day
    assert changed
    oldest = (newest - min(changed)).days
    matrix.say("figures come late", kind, f"{len(changed)} days, the oldest {oldest} before")


@pytest.mark.parametrize("dropped", DROPPED, ids=lambda dropped: " ".join(dropped[:2]))
def test_a_figure_that_a_vendor_drops_is_missing_or_an_error_and_never_a_zero(
    dropped: tuple[str, str, str, str], reader: Reader, matrix: Matrix
) -> None:
    kind, figure, name, outcome = dropped
    stream = SOURCE_TYPES[kind].stream(name)
    clean = reader.read(kind, stream, AROUND)
    reader.set(kind, MetricRemoved(name=figure))
    if outcome in clean.rows.column_names:
        read = reader.read(kind, stream, AROUND)
        assert set(read.rows.column(outcome).to_pylist()) == {None}
        kept = [column for column in clean.rows.column_names if column != outcome]
        assert read.rows.select(kept) == clean.rows.select(kept)
        matrix.say(f"dropped: {name}", kind, f"{outcome} missing, others read")
        return
    with pytest.raises(SourceError, match=figure if outcome == "bad_reply" else "visitors") as raised:
        reader.read(kind, stream, AROUND)
    assert raised.value.error_class == outcome
    matrix.say(f"dropped: {name}", kind, outcome)
