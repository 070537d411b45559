"""Search Console end to end over real HTTP: Google's own client, Google's discovery document, and the event log.

Under test: the sandbox speaks the wire format, and the connector's figures are those that people's searches add up to,
whatever a day's length; truth is counted from the events without either (``tests/sandbox_truth.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import requests
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from connectors.core.errors import SourceError
from connectors.core.protocol import Batch, Source
from connectors.core.secrets import build_context
from connectors.google.auth import KeyToken
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
)
from connectors.sandbox.server import SandboxServer
from connectors.search_console.settings import SearchConsole
from okr_models.client.sources import EnvRef
from okr_models.periods import Window, month_end
from tests.discovery import validator
from tests.fake_vendor import STOCKHOLM, Naps, doubts
from tests.sandbox_fixture import google_bearer, google_credentials
from tests.sandbox_truth import searches_by_day

TODAY = date(2026, 11, 20)
NEWEST = date(2026, 11, 18)
"""Yesterday in California at 05:00 in Stockholm."""
SITE = "sc-domain:fjallglas.se"
SCOPE = "https://www.googleapis.com/auth/webmasters.readonly"
DOCUMENT = "searchconsole.v1"


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
    """Made once: each asking makes a new key."""
    return demo_environment(url)


def opened(server: SandboxServer) -> Source:
    settings = SearchConsole(
        id="search",
        site_url=SITE,
        credentials=EnvRef(env="OKR_DEMO_GOOGLE_KEY"),
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


def read(server: SandboxServer, stream: str, window: Window) -> Batch:
    source = opened(server)
    try:
        return source.read(SOURCE_TYPES["search_console"].stream(stream), window)
    finally:
        source.close()


def figures(batch: Batch) -> dict[tuple[date, str], tuple[int, int, Any]]:
    return {
        (row["day"], row.get("page", "")): (row["clicks"], row["impressions"], pytest.approx(row["position_sum"]))
        for row in batch.rows.to_pylist()
    }


# --- what people's searches add up to ----------------------------------------------------------------------------

AROUND = {
    "the clocks go forward in California": Window(date(2026, 3, 5), date(2026, 3, 12)),
    "the clocks go forward in Stockholm": Window(date(2026, 3, 26), date(2026, 4, 2)),
    "the clocks go back in Stockholm, and the month ends": Window(date(2026, 10, 23), date(2026, 11, 3)),
    "the newest days": Window(date(2026, 11, 8), NEWEST),
    "the oldest days": Window(date(2025, 7, 23), date(2025, 7, 31)),
}


@pytest.mark.parametrize("window", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("stream", ["search_daily", "search_pages_daily"])
def test_figures_are_those_of_the_event_log(sandbox: SandboxServer, stream: str, window: Window) -> None:
    batch = read(sandbox, stream, window)
    by_page = stream == "search_pages_daily"
    truth = searches_by_day(sandbox.world, "fjallglas", window.start, window.end, by_page=by_page)
    assert figures(batch) == truth
    assert batch.covers == window
    assert batch.quality["aggregation"] == ("byPage" if by_page else "byProperty")


def test_a_leap_day_is_a_day(sandbox: SandboxServer) -> None:
    sandbox.set_today(date(2024, 3, 20))
    window = Window(date(2024, 2, 28), date(2024, 3, 1))
    truth = searches_by_day(sandbox.world, "fjallglas", window.start, window.end)
    assert figures(read(sandbox, "search_daily", window)) == truth
    assert (date(2024, 2, 29), "") in truth


def test_a_month_in_california_is_not_a_month_in_stockholm(sandbox: SandboxServer) -> None:
    october = Window(date(2026, 10, 1), month_end(date(2026, 10, 1)))
    read_days = read(sandbox, "search_daily", october).rows
    events = sandbox.world.events_search("fjallglas")
    local = events["at"].dt.tz_convert("Europe/Stockholm")
    in_stockholm = events[(local.dt.year == 2026) & (local.dt.month == 10)]["search_id"].nunique()
    assert sum(read_days.column("impressions").to_pylist()) != in_stockholm


def test_fresh_days_are_partial_and_said_to_be_until_they_stand(sandbox: SandboxServer) -> None:
    window = Window(date(2026, 11, 12), NEWEST)
    before = {row["day"]: row for row in read(sandbox, "search_daily", window).rows.to_pylist()}
    sandbox.set_today(TODAY + timedelta(days=10))
    after = {row["day"]: row for row in read(sandbox, "search_daily", window).rows.to_pylist()}
    for day, row in before.items():
        grown = after[day]["impressions"] - row["impressions"]
        assert grown == 0 if row["is_final"] else grown > 0
    assert [row["is_final"] for row in before.values()] == [True] * 5 + [False] * 2
    assert all(row["is_final"] for row in after.values())


def test_pages_never_add_up_to_less_than_the_site(sandbox: SandboxServer) -> None:
    window = Window(date(2026, 10, 1), date(2026, 10, 31))
    site = sum(read(sandbox, "search_daily", window).rows.column("impressions").to_pylist())
    pages = sum(read(sandbox, "search_pages_daily", window).rows.column("impressions").to_pylist())
    assert site < pages < 1.2 * site


def test_a_deleted_post_is_shown_for_some_days_more_and_then_no_longer(sandbox: SandboxServer) -> None:
    post = next(p for p in sandbox.world.web("fjallglas").posts if p.deleted_at is not None)
    assert post.deleted_at is not None
    gone = post.deleted_at.date()
    batch = read(sandbox, "search_pages_daily", Window(gone - timedelta(days=5), gone + timedelta(days=40)))
    days = [r["day"] for r in batch.rows.to_pylist() if r["page"].endswith(f"/{post.slug}/")]
    assert days
    assert gone < max(days) < gone + timedelta(days=15)


def test_sixteen_months_are_given_to_the_day_and_what_is_older_is_refused(sandbox: SandboxServer) -> None:
    batch = read(sandbox, "search_daily", Window(date(2024, 1, 1), NEWEST))
    assert batch.covers is not None
    assert batch.rows.num_rows == batch.covers.days
    assert batch.covers.start <= date(2025, 7, 23)
    with pytest.raises(SourceError, match="csv"):
        read(sandbox, "search_daily", Window(date(2024, 1, 1), date(2024, 12, 31)))


def test_an_empty_day_is_left_out_and_the_others_stay(sandbox: SandboxServer) -> None:
    window = Window(date(2026, 11, 1), date(2026, 11, 10))
    sandbox.faults.set(vendor="search_console", fault=EmptyDay(day=date(2026, 11, 4)))
    batch = read(sandbox, "search_daily", window)
    assert set(window) - set(batch.rows.column("day").to_pylist()) == {date(2026, 11, 4)}
    assert batch.covers == window


@pytest.mark.parametrize("pages", [7, 20, 61])
def test_pages_of_a_report_give_each_row_once(
    sandbox: SandboxServer, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window(date(2026, 11, 10), date(2026, 11, 14))
    whole = figures(read(sandbox, "search_pages_daily", window))
    monkeypatch.setattr("connectors.search_console.source.PAGE_ROWS", pages)
    batch = read(sandbox, "search_pages_daily", window)
    assert figures(batch) == whole
    assert int(str(batch.quality["requests"])) > window.days


@pytest.mark.parametrize("fault", [PageDrift(), DuplicateRow()], ids=str)
def test_a_list_that_moves_is_read_again_and_said_to_lack_a_row_that_another_hides(
    sandbox: SandboxServer, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Window(date(2026, 11, 10), date(2026, 11, 10))
    whole = figures(read(sandbox, "search_pages_daily", day))
    monkeypatch.setattr("connectors.search_console.source.PAGE_ROWS", 20)
    sandbox.faults.set(vendor="search_console", fault=fault, calls=3)
    assert figures(read(sandbox, "search_pages_daily", day)) == whole
    sandbox.faults.set(vendor="search_console", fault=fault)
    batch = read(sandbox, "search_pages_daily", day)
    assert set(figures(batch)) <= set(whole)
    told = doubts(batch)["list_not_whole"]
    assert told["quantity"] == batch.rows.num_rows < told["of"]


# --- faults ------------------------------------------------------------------------------------------------------

LASTING: list[tuple[str, Fault, str]] = [
    ("search_console", AuthReject(reason="expired"), "auth"),
    ("google_oauth", AuthReject(reason="revoked"), "auth"),
    ("search_console", RateLimit(kind="concurrent"), "rate_limited"),
    ("search_console", RateLimit(kind="hour"), "quota"),
    ("search_console", RateLimit(kind="day"), "quota"),
    ("search_console", Status(code=403), "permission"),
    ("search_console", Status(code=503), "unavailable"),
    ("search_console", TruncatedJson(), "bad_reply"),
]


@pytest.mark.parametrize(("vendor", "fault", "error_class"), LASTING, ids=lambda value: str(value)[:40])
def test_a_lasting_fault_is_named_and_the_next_read_is_whole_again(
    sandbox: SandboxServer, vendor: str, fault: Fault, error_class: str
) -> None:
    window = Window(date(2026, 11, 1), NEWEST)
    before = read(sandbox, "search_daily", window).rows
    sandbox.faults.set(vendor=vendor, fault=fault)
    with pytest.raises(SourceError) as raised:
        read(sandbox, "search_daily", window)
    assert raised.value.error_class == error_class
    sandbox.faults.clear()
    assert read(sandbox, "search_daily", window).rows.equals(before)


@pytest.mark.parametrize("fault", [Status(code=500), TruncatedJson(), RateLimit(kind="concurrent")], ids=str)
def test_a_passing_fault_is_healed_within_the_read(sandbox: SandboxServer, fault: Fault) -> None:
    window = Window(date(2026, 11, 1), NEWEST)
    before = read(sandbox, "search_daily", window).rows
    sandbox.faults.set(vendor="search_console", fault=fault, calls=1)
    batch = read(sandbox, "search_daily", window)
    assert batch.attempts == 2
    assert batch.rows.equals(before)


def test_the_probe_says_which_property_and_how_fresh(sandbox: SandboxServer) -> None:
    probe = opened(sandbox).probe()
    assert probe.reachable
    assert probe.rows == 10
    assert probe.detail == f"{SITE}, newest day {NEWEST}"


# --- what Google's own client and document say -------------------------------------------------------------------


def client(server: SandboxServer, *, scope: str = SCOPE) -> Any:
    return build(
        "searchconsole",
        "v1",
        credentials=KeyToken(google_credentials(server, scope=scope)),
        static_discovery=True,
        client_options={"api_endpoint": server.url},
    )


def body(**changed: Any) -> dict[str, Any]:
    return {"startDate": "2026-10-01", "endDate": "2026-10-07", "dimensions": ["date"], **changed}


def query(server: SandboxServer, **changed: Any) -> dict[str, Any]:
    asked = client(server).searchanalytics().query(siteUrl=SITE, body=body(**changed))
    reply: dict[str, Any] = asked.execute()
    return reply


def as_documented(reply: dict[str, Any]) -> dict[str, Any]:
    """The two names that live replies spell otherwise than the discovery document."""
    spelled = dict(reply)
    kinds = {"byPage": "BY_PAGE", "byProperty": "BY_PROPERTY"}
    spelled["responseAggregationType"] = kinds[spelled["responseAggregationType"]]
    if "metadata" in spelled:
        spelled["metadata"] = {"firstIncompleteDate": spelled["metadata"]["first_incomplete_date"]}
    return spelled


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"dimensions": []},
        {"dimensions": ["page", "query", "country", "device"]},
        {"dimensions": ["DATE", "PAGE"], "aggregationType": "BY_PAGE", "dataState": "ALL"},
        {"endDate": "2026-11-19", "dataState": "all"},
        {"startDate": "2024-01-01", "endDate": "2024-01-31"},
        {"type": "image"},
    ],
    ids=str,
)
def test_googles_client_reads_replies_that_are_valid_by_googles_document(
    sandbox: SandboxServer, changed: dict[str, Any]
) -> None:
    reply = query(sandbox, **changed)
    validator(DOCUMENT, "SearchAnalyticsQueryResponse").validate(as_documented(reply))
    broken = as_documented(reply) | {"rows": [{"clicks": "many"}]}
    assert not validator(DOCUMENT, "SearchAnalyticsQueryResponse").is_valid(broken)


def test_googles_client_lists_the_sites(sandbox: SandboxServer) -> None:
    reply = client(sandbox).sites().list().execute()
    assert [entry["siteUrl"] for entry in reply["siteEntry"]] == [SITE]
    one = client(sandbox).sites().get(siteUrl=SITE).execute()
    assert one == {"siteUrl": SITE, "permissionLevel": "siteFullUser"}


def test_rows_are_a_thousand_unless_more_are_asked_for_and_come_by_clicks(sandbox: SandboxServer) -> None:
    reply = query(sandbox, dimensions=["date", "page"], startDate="2026-09-01", endDate="2026-10-31")
    assert len(reply["rows"]) == 1000
    clicks = [row["clicks"] for row in query(sandbox, dimensions=["page"])["rows"]]
    assert clicks == sorted(clicks, reverse=True)
    rest = query(sandbox, dimensions=["page"], startRow=5, rowLimit=3)["rows"]
    assert rest == query(sandbox, dimensions=["page"])["rows"][5:8]
    assert "rows" not in query(sandbox, dimensions=["page"], startRow=25_000)


def test_grouped_by_query_the_rare_ones_are_gone(sandbox: SandboxServer) -> None:
    total = query(sandbox, dimensions=[])["rows"][0]
    told = query(sandbox, dimensions=["query"], rowLimit=25_000)["rows"]
    assert 0.4 * total["clicks"] < sum(row["clicks"] for row in told) < 0.8 * total["clicks"]


def test_final_data_leaves_the_fresh_days_out_and_says_nothing_of_them(sandbox: SandboxServer) -> None:
    final = query(sandbox, endDate="2026-11-19")
    fresh = query(sandbox, endDate="2026-11-19", dataState="all")
    assert "metadata" not in final
    incomplete = fresh["metadata"]["first_incomplete_date"]
    assert max(row["keys"][0] for row in final["rows"]) < incomplete
    assert max(row["keys"][0] for row in fresh["rows"]) >= incomplete


def test_filters_are_applied_before_grouping(sandbox: SandboxServer) -> None:
    groups = [{"filters": [{"dimension": "page", "operator": "contains", "expression": "/blogg/"}]}]
    blog = query(sandbox, dimensions=["page"], dimensionFilterGroups=groups)
    assert blog["responseAggregationType"] == "byPage"
    assert {"/blogg/" in row["keys"][0] for row in blog["rows"]} == {True}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"dimensions": ["page"], "aggregationType": "byProperty"}, 400),
        ({"dimensions": ["mood"]}, 400),
        ({"rowLimit": 25_001}, 400),
        ({"startRow": -1}, 400),
        ({"startDate": "2026-10-09"}, 400),
        ({"startDate": "1 October"}, 400),
        ({"dataState": "stale"}, 400),
    ],
    ids=str,
)
def test_what_google_refuses_is_refused_in_its_shape(
    sandbox: SandboxServer, changed: dict[str, Any], status: int
) -> None:
    with pytest.raises(HttpError) as raised:
        query(sandbox, **changed)
    assert raised.value.resp.status == status
    assert raised.value.error_details[0]["domain"] == "global"


def test_another_site_or_another_scope_is_403_and_a_bare_address_404(sandbox: SandboxServer) -> None:
    with pytest.raises(HttpError) as raised:
        client(sandbox).searchanalytics().query(siteUrl="sc-domain:other.se", body=body()).execute()
    assert raised.value.resp.status == 403
    other = client(sandbox, scope="https://www.googleapis.com/auth/analytics.readonly")
    with pytest.raises(HttpError) as raised:
        other.searchanalytics().query(siteUrl=SITE, body=body()).execute()
    assert raised.value.resp.status == 403
    url = f"{sandbox.url}/webmasters/v3/sites/https://www.fjallglas.se//searchAnalytics/query"
    headers = {"Authorization": f"Bearer {google_bearer(sandbox, scope=SCOPE)}"}
    assert requests.post(url, json=body(), headers=headers, timeout=30).status_code == 404


def test_googles_client_waits_out_a_rate_and_raises_a_spent_quota(sandbox: SandboxServer) -> None:
    sandbox.faults.set(vendor="search_console", fault=RateLimit(kind="hour"))
    with pytest.raises(HttpError) as raised:
        query(sandbox)
    assert raised.value.resp.status == 403
    assert raised.value.error_details[0]["reason"] == "quotaExceeded"
    sandbox.faults.clear()
    sandbox.faults.set(vendor="search_console", fault=RateLimit(kind="concurrent"), calls=1)
    asked = client(sandbox).searchanalytics().query(siteUrl=SITE, body=body())
    asked._sleep = lambda seconds: None  # the client's own hook for its waits
    assert asked.execute(num_retries=2)["rows"]
