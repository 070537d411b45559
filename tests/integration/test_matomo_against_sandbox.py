"""Matomo read from the sandbox over HTTP, against truth computed from the world's events with sets and sums.

Under test: the connector's figures for days, months and pages where they are easy to get wrong (DST, leap day, month's
end, an empty day, late events, a deleted article), the sandbox's Matomo as Matomo documents itself, and faults.
"""

from __future__ import annotations

from collections import Counter, defaultdict
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
from connectors.matomo.settings import Matomo
from connectors.matomo.source import DAILY, MONTHLY, OTHER, PAGES
from connectors.registry import open_source
from connectors.sandbox.environment import demo_environment
from connectors.sandbox.faults import AuthReject, EmptyDay, Fault, RateLimit, Status, TruncatedJson, VersionReject
from connectors.sandbox.server import SandboxServer
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, STOCKHOLM, Naps, doubts

SETTINGS = Matomo(
    id="web",
    site_id="3",
    token=EnvRef(env="OKR_DEMO_MATOMO_TOKEN"),
    base_url=EnvRef(env="OKR_SANDBOX_URL"),
)
YESTERDAY = date(2026, 11, 19)
WINDOWS = {
    "spring forward": Window(date(2026, 3, 28), date(2026, 3, 30)),
    "fall back": Window(date(2026, 10, 24), date(2026, 10, 26)),
    "leap day": Window(date(2024, 2, 28), date(2024, 3, 1)),
    "month's end": Window(date(2026, 9, 29), date(2026, 10, 2)),
    "year's end": Window(date(2025, 12, 30), date(2026, 1, 2)),
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
    return views_known_at(running, NOW)


def views_known_at(server: SandboxServer, at: datetime) -> pd.DataFrame:
    frame = server.world.events_visits("lindhs", arrived_by=at)
    on = frame["at"].dt.tz_convert(STOCKHOLM).dt.date
    return frame.assign(on=on, number=[day.toordinal() for day in on])


def opened(environ: Mapping[str, str], *, now: datetime = NOW) -> Source:
    inside = build_context(
        SETTINGS, client="lindhs", client_zone=STOCKHOLM, now=now, home=Path("."), environ=environ, sleep=Naps()
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
        assert row["visitors"] == len(set(seen["visitor_id"]))
        assert row["page_views"] == len(seen)


def test_months_have_the_worlds_distinct_visitors_which_are_fewer_than_their_days_sum(
    sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    rows = read(environ, MONTHLY, Window(date(2026, 2, 1), date(2026, 4, 30)))
    assert [row["month"] for row in rows] == [date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)]
    for row in rows:
        days = Window(row["month"], row["asked_through"])
        assert row["visitors"] == len(set(of_days(views, days.start, days.end)["visitor_id"]))
        assert row["visitors"] < sum(day["visitors"] for day in read(environ, DAILY, days))


def test_the_running_month_holds_some_of_today_as_matomo_counts_no_range(
    sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    [row] = read(environ, MONTHLY, Window(date(2026, 11, 1), YESTERDAY))
    with_today = set(of_days(views, date(2026, 11, 1), date(2026, 11, 20))["visitor_id"])
    assert row["visitors"] == len(with_today)
    assert row["asked_through"] == YESTERDAY
    assert len(with_today) >= len(set(of_days(views, date(2026, 11, 1), YESTERDAY)["visitor_id"]))


@pytest.mark.parametrize("name", ["fall back", "leap day", "newest"])
def test_pages_add_up_to_the_worlds_views_and_seconds_by_path(
    name: str, sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    seen = of_days(views, WINDOWS[name].start, WINDOWS[name].end)
    truth: dict[tuple[date, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for on, path, seconds in zip(seen["on"], seen["path"], seen["engagement_seconds"], strict=True):
        before = truth[on, path]
        truth[on, path] = (before[0] + 1, before[1] + int(seconds))
    rows = read(environ, PAGES, WINDOWS[name])
    assert {(row["day"], row["path"]): (row["page_views"], row["engagement_seconds"]) for row in rows} == dict(truth)
    assert {row["host"] for row in rows} == {"www.lindhscykel.se"}


def test_a_deleted_article_is_read_until_it_is_gone_and_not_after(
    sandbox: SandboxServer, environ: Mapping[str, str], views: pd.DataFrame
) -> None:
    def days_of(window: Window) -> set[date]:
        return {row["day"] for row in read(environ, PAGES, window) if "cykelsemester-med-barn" in row["path"].lower()}

    deleted = date(2026, 10, 1)
    before, after = Window(date(2026, 9, 1), deleted), Window(deleted + timedelta(days=1), date(2026, 10, 20))
    truth = {on for on, page in zip(views["on"], views["page"], strict=True) if "cykelsemester" in page}
    assert days_of(before) == {on for on in truth if on in before} != set()
    assert days_of(after) == set()


def test_an_empty_day_is_a_zero_and_its_neighbours_are_untouched(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    window = Window(date(2026, 9, 1), date(2026, 9, 3))
    usual = read(environ, DAILY, window)
    sandbox.faults.set(vendor="matomo", brand="lindhs", fault=EmptyDay(day=date(2026, 9, 2)))
    rows = read(environ, DAILY, window)
    assert (rows[0], rows[2]) == (usual[0], usual[2])
    assert (rows[1]["sessions"], rows[1]["page_views"], rows[1]["visitors"]) == (0, 0, 0)
    assert all(row["day"] != date(2026, 9, 2) for row in read(environ, PAGES, window))


def test_fresh_days_grow_until_they_settle_and_final_days_do_not(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    window = Window(date(2026, 11, 10), YESTERDAY)
    early = {row["day"]: row for row in read(environ, DAILY, window)}
    later_now = NOW + timedelta(days=5)
    sandbox.set_now(later_now)
    later = {row["day"]: row for row in read(environ, DAILY, window, now=later_now)}
    assert later[YESTERDAY]["page_views"] > early[YESTERDAY]["page_views"]
    for day, row in early.items():
        if row["is_final"]:
            assert row == later[day]
    assert {row["is_final"] for row in early.values()} == {True, False}


def test_the_first_month_of_the_site_is_the_first_that_is_answered(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    batch = opened(environ).read(MONTHLY, Window(date(2023, 7, 1), date(2024, 2, 29)))
    assert [row["month"] for row in batch.rows.to_pylist()] == [date(2024, 1, 1), date(2024, 2, 1)]
    assert batch.covers == Window(date(2024, 1, 1), date(2024, 2, 29))


# --- the sandbox's Matomo as Matomo documents itself -----------------------------------------------------------------


def api(server: SandboxServer, method: str, *, http: str = "POST", **given: str) -> Any:
    form = {
        "module": "API",
        "method": method,
        "idSite": "3",
        "format": "JSON",
        "token_auth": server.sandbox.token("matomo"),
        **given,
    }
    if http == "GET":
        return requests.get(f"{server.url}/index.php", params=form, timeout=60).json()
    return requests.post(f"{server.url}/index.php", data=form, timeout=60).json()


@pytest.mark.parametrize(
    ("period", "moment", "has_them"),
    [
        ("day", "2026-10-01", True),
        ("week", "2026-10-01", True),
        ("month", "2026-10-01", True),
        ("year", "2025-10-01", False),
        ("range", "2026-10-01,2026-10-31", False),
    ],
)
def test_distinct_visitors_are_counted_for_no_year_and_no_range(
    period: str, moment: str, has_them: bool, sandbox: SandboxServer
) -> None:
    assert ("nb_uniq_visitors" in api(sandbox, "VisitsSummary.get", period=period, date=moment)) == has_them


def test_several_months_are_keyed_by_month_and_days_before_the_site_are_empty_lists(sandbox: SandboxServer) -> None:
    found = api(sandbox, "VisitsSummary.get", period="month", date="2023-11-15,2024-01-15")
    assert list(found) == ["2023-11", "2023-12", "2024-01"]
    assert found["2023-12"] == []
    assert found["2024-01"]["nb_visits"] > 0


def test_a_list_has_a_hundred_rows_unless_it_is_asked_for_all(sandbox: SandboxServer) -> None:
    given = {"period": "year", "date": "2026-10-01", "flat": "1"}
    short = api(sandbox, "Actions.getPageUrls", **given)
    whole = api(sandbox, "Actions.getPageUrls", filter_limit="-1", **given)
    assert len(short) == 100 < len(whole)
    assert whole[:100] == short
    assert "sum_daily_nb_uniq_visitors" in whole[0]
    assert "nb_uniq_visitors" not in whole[0]


def test_pages_beyond_the_servers_limit_are_one_row_that_loses_no_view(
    sandbox: SandboxServer, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def views_by_day(rows: list[dict[str, Any]]) -> Counter[date]:
        counted: Counter[date] = Counter()
        for row in rows:
            counted[row["day"]] += row["page_views"]
        return counted

    whole = read(environ, PAGES, WINDOWS["newest"])
    monkeypatch.setattr("connectors.sandbox.vendors.matomo.MOST_PAGES", 10)
    batch = opened(environ).read(PAGES, WINDOWS["newest"])
    folded = batch.rows.to_pylist()
    assert views_by_day(folded) == views_by_day(whole)
    other = [row["page_views"] for row in folded if row["path"] == OTHER]
    assert len(other) == 8
    assert doubts(batch)["other_row"]["quantity"] == sum(other)
    assert {row["host"] for row in folded} == {"www.lindhscykel.se"}


def test_actions_are_more_than_page_views(sandbox: SandboxServer) -> None:
    given = {"period": "day", "date": "2026-10-01"}
    pages = api(sandbox, "Actions.get", **given)
    assert api(sandbox, "VisitsSummary.get", **given)["nb_actions"] == pages["nb_pageviews"] + pages["nb_outlinks"]
    assert pages["nb_outlinks"] > 0


@pytest.mark.parametrize(
    ("given", "http", "words"),
    [
        ({}, "GET", "required to be sent as a POST parameter"),
        ({"token_auth": "wrong"}, "POST", "Unable to authenticate"),
        ({"token_auth": ""}, "POST", "requires 'view' access"),
        ({"idSite": "99"}, "POST", "unexpected website"),
        ({"period": "decade"}, "POST", "not supported"),
        ({"date": "soon"}, "POST", "YYYY-MM-DD"),
    ],
)
def test_errors_are_sentences(given: dict[str, str], http: str, words: str, sandbox: SandboxServer) -> None:
    said = api(sandbox, "VisitsSummary.get", http=http, **{"period": "day", "date": "2026-10-01", **given})
    assert said["result"] == "error"
    assert words in said["message"]


def test_figures_are_formatted_unless_told_not_to(sandbox: SandboxServer) -> None:
    given = {"period": "day", "date": "2026-10-01"}
    assert str(api(sandbox, "VisitsSummary.get", **given)["bounce_rate"]).endswith("%")
    assert isinstance(api(sandbox, "VisitsSummary.get", format_metrics="0", **given)["bounce_rate"], float)


FAULTS: list[tuple[Fault, str, bool]] = [
    (AuthReject(), "auth", False),
    (VersionReject(), "not_found", False),
    (RateLimit(), "rate_limited", True),
    (Status(code=503), "unavailable", True),
    (Status(code=404), "not_found", False),
    (TruncatedJson(), "bad_reply", True),
]


@pytest.mark.parametrize(("fault", "error_class", "retried"), FAULTS, ids=str)
def test_a_fault_has_its_class_is_retried_only_where_that_helps_and_heals(
    fault: Fault, error_class: str, retried: bool, sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    week = Window(date(2026, 11, 9), date(2026, 11, 15))
    usual = read(environ, DAILY, week)
    sandbox.calls.clear()
    sandbox.faults.set(vendor="matomo", brand="lindhs", fault=fault)
    with pytest.raises(SourceError) as raised:
        read(environ, DAILY, week)
    assert raised.value.error_class == error_class
    assert (len(sandbox.calls.of(vendor="matomo")) > 1) == retried
    sandbox.faults.clear()
    assert read(environ, DAILY, week) == usual


def test_a_night_after_utc_midnight_still_asks_for_the_sites_own_yesterday(
    sandbox: SandboxServer, environ: Mapping[str, str]
) -> None:
    just_after_midnight = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    sandbox.set_now(just_after_midnight)
    source = opened(environ, now=just_after_midnight)
    batch = source.read(DAILY, Window(date(2026, 10, 30), date(2026, 10, 31)))
    assert batch.covers == Window(date(2026, 10, 30), date(2026, 10, 31))
