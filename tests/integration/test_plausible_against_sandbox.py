"""Plausible read from the sandbox over HTTP, against truth computed from the world's events with sets and sums.

Under test: the connector's figures where they are easy to get wrong (DST, leap day, month's end, an empty day, a
deleted post), that a month's visitors are visitor-days and said to be, the sandbox's Plausible as its source documents
it, and faults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from connectors.core.errors import SourceError
from connectors.core.protocol import Source, Stream
from connectors.core.secrets import build_context
from connectors.plausible.settings import Plausible
from connectors.plausible.source import DAILY, MONTHLY, PAGES
from connectors.registry import open_source
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
    VersionReject,
)
from connectors.sandbox.server import SandboxServer
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, STOCKHOLM, Naps

SETTINGS = Plausible(
    id="web",
    site_id="skargard.se",
    token=EnvRef(env="OKR_DEMO_PLAUSIBLE_TOKEN"),
    base_url=EnvRef(env="OKR_SANDBOX_URL"),
)
YESTERDAY = date(2026, 11, 19)
WINDOWS = {
    "spring forward": Window(date(2026, 3, 28), date(2026, 3, 30)),
    "fall back": Window(date(2026, 10, 24), date(2026, 10, 26)),
    "leap day": Window(date(2024, 2, 28), date(2024, 3, 1)),
    "month's end": Window(date(2026, 9, 29), date(2026, 10, 2)),
    "newest": Window(date(2026, 11, 12), YESTERDAY),
}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    yield running
    running.faults.clear()
    running.set_now(NOW)


@pytest.fixture(scope="module")
def environ(running: SandboxServer) -> Mapping[str, str]:
    return demo_environment(running)


@pytest.fixture(scope="module")
def views(running: SandboxServer) -> pd.DataFrame:
    """Every view that has happened: Plausible knows at once.

    ``number``: of its day; ``hashed``: the person on the UTC day of the visit.
    """
    frame = running.world.events_visits("skargard", arrived_by=NOW + timedelta(days=4))
    frame = frame[frame["at"] <= NOW]
    begun: dict[int, date] = {}
    for session, moment in zip(frame["session_id"], frame["at"], strict=True):
        begun.setdefault(session, moment.astimezone(UTC).date())
    on = frame["at"].dt.tz_convert(STOCKHOLM).dt.date
    return frame.assign(
        on=on,
        number=[day.toordinal() for day in on],
        hashed=[f"{v} on {begun[s]}" for v, s in zip(frame["visitor_id"], frame["session_id"], strict=True)],
    )


def opened(environ: Mapping[str, str], *, now: datetime = NOW) -> Source:
    inside = build_context(
        SETTINGS, client="skargard", client_zone=STOCKHOLM, now=now, home=Path("."), environ=environ, sleep=Naps()
    )
    return open_source(SETTINGS, inside)


def read(environ: Mapping[str, str], stream: Stream, window: Window, *, now: datetime = NOW) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = opened(environ, now=now).read(stream, window).rows.to_pylist()
    return rows


def of_days(views: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    return views[views["number"].between(first.toordinal(), last.toordinal())]


@pytest.mark.parametrize("name", WINDOWS)
def test_days_have_the_worlds_visits_views_and_visitors(
    name: str, sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    rows = read(environ, DAILY, WINDOWS[name])
    assert [row["day"] for row in rows] == list(WINDOWS[name])
    for row in rows:
        seen = of_days(views, row["day"], row["day"])
        assert row["sessions"] == len(set(seen["session_id"]))
        assert row["visitors"] == len(set(seen["hashed"]))
        assert row["page_views"] == len(seen)


def test_a_months_visitors_count_a_person_once_for_each_day_and_the_row_says_so(
    sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    rows = read(environ, MONTHLY, Window(date(2026, 9, 1), YESTERDAY))
    assert [row["asked_through"] for row in rows] == [date(2026, 9, 30), date(2026, 10, 31), YESTERDAY]
    for row in rows:
        seen = of_days(views, row["month"], row["asked_through"])
        assert row["visitors"] == len(set(seen["hashed"]))
        assert row["visitors"] > len(set(seen["visitor_id"]))
        assert "once for each day" in row["visitors_definition"]


@pytest.mark.parametrize("name", ["fall back", "leap day", "newest"])
def test_pages_add_up_to_the_worlds_views_by_path_and_host(
    name: str, sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    seen = of_days(views, WINDOWS[name].start, WINDOWS[name].end)
    hosts = [host.removeprefix("www.") for host in seen["host"]]
    truth = Counter(zip(seen["on"], hosts, seen["path"], strict=True))
    rows = read(environ, PAGES, WINDOWS[name])
    assert {(row["day"], row["host"], row["path"]): row["page_views"] for row in rows} == dict(truth)
    assert {row["engagement_seconds"] for row in rows} == {None}


def test_a_deleted_post_is_read_until_it_is_gone_and_not_after(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    deleted = date(2026, 9, 1)

    def views_of(window: Window) -> int:
        pages = read(environ, PAGES, window)
        return sum(row["page_views"] for row in pages if "ppettider-i-sommar" in row["path"].lower())

    assert views_of(Window(date(2026, 8, 1), deleted)) > 0
    assert views_of(Window(deleted + timedelta(days=1), date(2026, 9, 30))) == 0


def test_an_empty_day_has_no_row_and_is_covered(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    window = Window(date(2026, 9, 1), date(2026, 9, 3))
    sandbox.faults.set(vendor="plausible", brand="skargard", fault=EmptyDay(day=date(2026, 9, 2)))
    batch = opened(environ).read(DAILY, window)
    assert [row["day"] for row in batch.rows.to_pylist()] == [date(2026, 9, 1), date(2026, 9, 3)]
    assert batch.covers == window


def test_nothing_is_restated(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    window = Window(date(2026, 11, 10), YESTERDAY)
    early = [{**row, "is_final": None} for row in read(environ, DAILY, window)]
    later_now = NOW + timedelta(days=5)
    sandbox.set_now(later_now)
    assert [{**row, "is_final": None} for row in read(environ, DAILY, window, now=later_now)] == early


def test_the_first_statistics_bound_what_is_answered(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    batch = opened(environ).read(DAILY, Window(date(2023, 1, 1), date(2023, 7, 3)))
    assert batch.covers == Window(date(2023, 7, 1), date(2023, 7, 3))
    assert [row["day"] for row in batch.rows.to_pylist()] == [date(2023, 7, 1), date(2023, 7, 2), date(2023, 7, 3)]


# --- the sandbox's Plausible as its source documents it --------------------------------------------------------------


def query(server: SandboxServer, *, token: str | None = None, **body: Any) -> requests.Response:
    asked = {"site_id": "skargard.se", "metrics": ["visitors"], "date_range": ["2026-10-01", "2026-10-31"], **body}
    headers = {"Authorization": f"Bearer {token or server.sandbox.token('plausible')}"} if token != "" else {}
    return requests.post(f"{server.url}/api/v2/query", json=asked, headers=headers, timeout=60)


def test_a_reply_has_results_by_position_meta_and_the_resolved_query(sandbox: SandboxServer) -> None:
    include = {"imports": True, "time_labels": True, "total_rows": True}
    said = query(sandbox, metrics=["visits", "pageviews"], dimensions=["time:day"], include=include).json()
    assert list(said) == ["results", "meta", "query"]
    assert said["meta"]["total_rows"] == len(said["results"]) == len(said["meta"]["time_labels"]) == 31
    assert said["meta"]["imports_included"] is False
    assert said["query"]["date_range"] == ["2026-10-01T00:00:00+02:00", "2026-10-31T23:59:59+01:00"]
    assert [len(row["metrics"]) for row in said["results"]] == [2] * 31


def test_months_grouped_in_one_query_equal_months_asked_alone(sandbox: SandboxServer) -> None:
    grouped = query(sandbox, dimensions=["time:month"], date_range=["2026-09-01", "2026-10-31"]).json()["results"]
    alone = query(sandbox).json()["results"]
    assert [row["dimensions"] for row in grouped] == [["2026-09-01"], ["2026-10-01"]]
    assert grouped[1]["metrics"] == alone[0]["metrics"]


def test_visit_metrics_describe_visits(sandbox: SandboxServer) -> None:
    metrics = ["visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"]
    visits, views, per_visit, bounced, seconds = query(sandbox, metrics=metrics).json()["results"][0]["metrics"]
    assert per_visit == round(views / visits, 2)
    assert 0 < bounced < 100
    assert seconds > 0


def test_pages_of_a_query_join_to_the_whole(sandbox: SandboxServer) -> None:
    asked: dict[str, Any] = {
        "metrics": ["pageviews"],
        "dimensions": ["time:day", "event:page"],
        "order_by": [["time:day", "asc"], ["event:page", "asc"]],
    }
    whole = query(sandbox, **asked).json()["results"]
    parts = [
        row
        for offset in range(0, len(whole), 300)
        for row in query(sandbox, pagination={"limit": 300, "offset": offset}, **asked).json()["results"]
    ]
    assert parts == whole
    assert len(whole) > 600


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"token": ""}, 401, "Missing API key"),
        ({"token": "wrong"}, 401, "Invalid API key or site ID"),
        ({"site_id": "annan.se"}, 401, "Invalid API key or site ID"),
        ({"site_id": None}, 400, "Missing site ID"),
        ({"metrics": ["fame"]}, 400, "Invalid metric"),
        ({"metrics": []}, 400, "minimum"),
        ({"dimensions": ["event:mood"]}, 400, "Invalid dimension"),
        ({"date_range": "soon"}, 400, "date range"),
        ({"metrics": ["bounce_rate"], "dimensions": ["event:page"]}, 400, "cannot be queried"),
        ({"order_by": [["visits", "asc"]]}, 400, "order_by"),
        ({"pagination": {"limit": 10_001}}, 400, "10000"),
    ],
)
def test_errors_are_sentences(changed: dict[str, Any], status: int, words: str, sandbox: SandboxServer) -> None:
    said = query(sandbox, **changed)
    assert said.status_code == status
    assert words in said.json()["error"]


FAULTS: list[tuple[Fault, str, bool]] = [
    (AuthReject(reason="revoked"), "auth", False),
    (RateLimit(kind="hour"), "quota", False),
    (VersionReject(), "not_found", False),
    (Status(code=402), "permission", False),
    (Status(code=503), "unavailable", True),
    (TruncatedJson(), "bad_reply", True),
]


@pytest.mark.parametrize(("fault", "error_class", "retried"), FAULTS, ids=str)
def test_a_fault_has_its_class_is_retried_only_where_that_helps_and_heals(
    fault: Fault, error_class: str, retried: bool, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    week = Window(date(2026, 11, 9), date(2026, 11, 15))
    usual = read(environ, DAILY, week)
    sandbox.calls.clear()
    sandbox.faults.set(vendor="plausible", brand="skargard", fault=fault)
    with pytest.raises(SourceError) as raised:
        read(environ, DAILY, week)
    assert raised.value.error_class == error_class
    assert (len(sandbox.calls.of(vendor="plausible")) > 1) == retried
    sandbox.faults.clear()
    assert read(environ, DAILY, week) == usual


def test_a_metric_that_is_gone_is_named(sandbox: SandboxServer, environ: Mapping[str, str]) -> None:
    sandbox.faults.set(vendor="plausible", fault=MetricRemoved(name="pageviews"))
    with pytest.raises(SourceError, match="pageviews") as raised:
        read(environ, DAILY, Window(date(2026, 11, 9), date(2026, 11, 15)))
    assert raised.value.error_class == "bad_reply"


@pytest.mark.parametrize("fault", [PageDrift(), DuplicateRow()], ids=["drift", "duplicate"])
def test_a_list_that_moves_once_is_read_again_and_one_that_always_moves_is_refused(
    fault: Fault, sandbox: SandboxServer, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    week = Window(date(2026, 11, 9), date(2026, 11, 15))
    usual = read(environ, PAGES, week)
    source = opened(environ)
    monkeypatch.setattr(source, "_page_rows", 200)
    assert source.read(PAGES, week).rows.to_pylist() == usual
    sandbox.faults.set(vendor="plausible", fault=fault, calls=2)
    assert source.read(PAGES, week).rows.to_pylist() == usual
    sandbox.faults.clear()
    sandbox.faults.set(vendor="plausible", fault=fault)
    with pytest.raises(SourceError, match="held still"):
        source.read(PAGES, week)
