"""Search Console's connector against replies as Google documents them, served from this machine.

Under test: what is asked, how rows become figures, which days count as answered, and what each error means.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.columns import columns_of
from connectors.core.errors import BadReply, NotYet, PermissionMissing, SourceError, Unavailable
from connectors.core.http import Http
from connectors.core.shape import BadShape, Node
from connectors.google.errors import classifier
from connectors.search_console.report import first_incomplete, lines, lines_by_node, shape_of_rows
from connectors.search_console.settings import SearchConsole
from connectors.search_console.source import DAILY, KEPT_DAYS, PAGES, SearchConsoleSource
from okr_models.client.sources import EnvRef
from okr_models.periods import Window, add_months, month_end, month_start
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

WINDOW = Window(date(2026, 11, 14), date(2026, 11, 18))
"""Up to the Pacific yesterday of 05:00 on 20 November in Stockholm."""


def source(server: Vendor, *, site: str = "sc-domain:example.se", naps: Naps | None = None) -> SearchConsoleSource:
    inside = context(base_url=server.url, sleep=naps or Naps())
    cure = "add okr@p.iam.gserviceaccount.com as a user"
    classify = classifier(now=NOW, auth_cure="new key", permission_cure=cure, api="Search Console API")
    http = Http(context=inside, source="search", base_url=server.url, classify=classify)
    settings = SearchConsole(id="search", site_url=site, credentials=EnvRef(env="X"))
    return SearchConsoleSource(settings=settings, context=inside, http=http)


def row(day: str, *more: str, clicks: float = 1.0, impressions: float = 10.0, position: float = 4.5) -> dict[str, Any]:
    ctr = clicks / impressions
    return {"keys": [day, *more], "clicks": clicks, "impressions": impressions, "ctr": ctr, "position": position}


def reply(*rows: dict[str, Any], incomplete: str | None = None, name: str = "first_incomplete_date") -> dict[str, Any]:
    body: dict[str, Any] = {"responseAggregationType": "byProperty"}
    if rows:
        body["rows"] = list(rows)
    if incomplete:
        body["metadata"] = {name: incomplete}
    return body


def by_day(days: dict[str, int]) -> Callable[[Asked], Says]:
    """A server of so many pages on each day, by the query's own paging rules."""

    def answer(asked: Asked) -> Says:
        body = asked.json()
        names = [d for d in sorted(days) if body["startDate"] <= d <= body["endDate"]]
        rows = [row(day, f"https://example.se/{n}/") for day in names for n in range(days[day])]
        return Says(reply(*rows[body["startRow"] : body["startRow"] + body["rowLimit"]], incomplete="2026-11-18"))

    return answer


def test_totals_are_asked_by_date_alone_with_fresh_days_and_the_site_encoded_whole() -> None:
    with vendor([Says(reply(row("2026-11-18")))]) as server:
        source(server, site="https://www.example.se/").read(DAILY, WINDOW)
    (asked,) = server.asked
    assert asked.target == "/webmasters/v3/sites/https%3A%2F%2Fwww.example.se%2F/searchAnalytics/query"
    body = asked.json()
    assert body["dimensions"] == ["date"]
    assert (body["dataState"], body["type"], body["aggregationType"]) == ("all", "web", "auto")
    assert (body["startDate"], body["endDate"]) == ("2026-11-14", "2026-11-18")
    with vendor([Says(reply(row("2026-11-18", "https://example.se/")))]) as server:
        source(server).read(PAGES, WINDOW)
    assert server.asked[0].target.startswith("/webmasters/v3/sites/sc-domain%3Aexample.se/")
    assert server.asked[0].json()["dimensions"] == ["date", "page"]
    assert server.asked[0].json()["aggregationType"] == "byPage"


@pytest.mark.parametrize("name", ["first_incomplete_date", "firstIncompleteDate"])
def test_days_from_the_first_incomplete_one_on_are_not_final_however_it_is_spelled(name: str) -> None:
    rows = [row(f"2026-11-{day}") for day in (14, 15, 16, 17, 18)]
    with vendor([Says(reply(*rows, incomplete="2026-11-16", name=name))]) as server:
        batch = source(server).read(DAILY, WINDOW)
    assert batch.rows.column("is_final").to_pylist() == [True, True, False, False, False]
    assert batch.covers == WINDOW
    assert batch.quality["first_incomplete"] == "2026-11-16"
    assert batch.quality["aggregation"] == "byProperty"


def test_where_google_names_no_incomplete_day_the_last_three_are_not_final() -> None:
    with vendor([Says(reply(*[row(f"2026-11-{day}") for day in (14, 15, 16, 17, 18)]))]) as server:
        batch = source(server).read(DAILY, WINDOW)
    # Pacific today is the 19th
    assert batch.rows.column("is_final").to_pylist() == [True, True, False, False, False]


def test_a_fresh_day_without_a_row_is_not_answered_and_an_old_one_is_0() -> None:
    with vendor([Says(reply(row("2026-11-14"), row("2026-11-17"), incomplete="2026-11-16"))]) as server:
        batch = source(server).read(DAILY, WINDOW)
    assert batch.covers == Window(date(2026, 11, 14), date(2026, 11, 17))
    with vendor([Says(reply(incomplete="2026-11-16"))]) as server:
        batch = source(server).read(DAILY, WINDOW)
    assert batch.rows.num_rows == 0
    assert batch.covers == Window(date(2026, 11, 14), date(2026, 11, 15))


def test_days_of_which_nothing_is_processed_are_no_empty_answer() -> None:
    yesterday = Window(date(2026, 11, 18), date(2026, 11, 18))
    with vendor([Says(reply(incomplete="2026-11-18"))]) as server, pytest.raises(NotYet, match="not processed"):
        source(server).read(DAILY, yesterday)


def test_days_that_google_should_long_have_processed_are_a_failure() -> None:
    long_ago = Window(date(2026, 11, 4), date(2026, 11, 18))
    with vendor([Says(reply(incomplete="2026-11-04"))]) as server, pytest.raises(Unavailable) as raised:
        source(server).read(DAILY, long_ago)
    assert not isinstance(raised.value, NotYet)


@pytest.mark.parametrize(
    ("body", "rows"),
    [({"rows": [row("2026-11-18")]}, 1), ({"metadata": {"first_incomplete_date": "2026-11-18"}}, 0), ({}, 0)],
)
def test_how_google_counted_is_a_note_without_which_the_figures_stand(body: dict[str, Any], rows: int) -> None:
    with vendor([Says(body)]) as server:
        batch = source(server).read(DAILY, WINDOW)
    assert batch.rows.num_rows == rows
    assert batch.quality["aggregation"] is None


def test_what_is_older_than_sixteen_months_is_clipped_or_refused() -> None:
    with vendor([Says(reply(row("2026-11-18")))]) as server:
        batch = source(server).read(DAILY, Window(date(2024, 1, 1), date(2026, 11, 18)))
    assert batch.covers is not None
    assert batch.covers.start == date(2026, 11, 19) - timedelta(days=KEPT_DAYS)
    with vendor([]) as server, pytest.raises(SourceError, match="csv"):
        source(server).read(DAILY, Window(date(2024, 1, 1), date(2024, 1, 31)))


@given(st.dates(date(2023, 1, 1), date(2040, 1, 1)))
def test_the_days_kept_never_reach_beyond_sixteen_months(today: date) -> None:
    month = add_months(month_start(today), -16)
    sixteen_back = min(month + timedelta(days=today.day - 1), month_end(month))
    assert today - timedelta(days=KEPT_DAYS) >= sixteen_back


@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), st.integers(10, 1_000).map(lambda tenths: tenths / 10)),
        min_size=1,
        max_size=8,
    )
)
def test_position_sums_combine_to_the_mean_weighted_by_impressions(days: list[tuple[int, float]]) -> None:
    report = columns_of(
        json.dumps(reply(*(row("2026-11-14", impressions=n, position=p) for n, p in days))).encode(), shape_of_rows()
    )
    assert report is not None
    shown = sum(n for n, _ in days)
    combined = sum(lines(report, ("date",)).column("position_sum").to_pylist()) / shown
    assert combined == pytest.approx(sum(n * p for n, p in days) / shown)
    assert min(p for _, p in days) - 1e-9 <= combined <= max(p for _, p in days) + 1e-9


# --- paging ------------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.search_console.source.PAGE_ROWS", 3)


@pytest.mark.usefixtures("tiny_pages")
def test_what_fills_a_page_is_asked_day_by_day_and_page_by_page() -> None:
    days = {"2026-11-14": 2, "2026-11-15": 7, "2026-11-16": 0, "2026-11-17": 3, "2026-11-18": 1}
    with vendor(by_day(days)) as server:
        batch = source(server).read(PAGES, WINDOW)
    rows = batch.rows.to_pylist()
    assert {day: sum(str(r["day"]) == day for r in rows) for day in days} == days
    assert batch.quality["most_rows_a_day"] == 7
    assert "doubts" not in batch.quality
    assert batch.quality["first_incomplete"] == "2026-11-18"
    asked = [(a.json()["startDate"], a.json()["endDate"], a.json()["startRow"]) for a in server.asked]
    assert asked[0] == ("2026-11-14", "2026-11-18", 0)
    assert ("2026-11-15", "2026-11-15", 6) in asked


@pytest.mark.usefixtures("tiny_pages")
def test_a_day_at_the_cap_says_that_pages_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.search_console.source.DAY_CAP_ROWS", 6)
    day = Window(date(2026, 11, 15), date(2026, 11, 15))
    with vendor(by_day({"2026-11-15": 6})) as server:
        batch = source(server).read(PAGES, day)
    assert batch.rows.num_rows == 6
    told = doubts(batch)["rows_capped"]
    assert (told["moves"], told["from"], told["quantity"]) == ("too_low", "2026-11-15", 1)


@pytest.mark.usefixtures("tiny_pages")
def test_rows_that_move_between_pages_are_read_again_and_at_last_refused() -> None:
    day = Window(date(2026, 11, 15), date(2026, 11, 15))
    moved = [1, 2, 3]

    def answer(asked: Asked) -> Says:
        pages = [f"https://example.se/{n}/" for n in range(6)]
        start = asked.json()["startRow"]
        if start == 3 and moved:
            for _ in range(moved.pop()):
                pages.insert(0, pages.pop())
        return Says(reply(*[row("2026-11-15", page) for page in pages[start : start + 3]]))

    with vendor(answer) as server, pytest.raises(BadReply, match="holds still"):
        source(server).read(PAGES, day)
    moved[:] = [1]
    with vendor(answer) as server:
        assert source(server).read(PAGES, day).rows.num_rows == 6


@pytest.mark.usefixtures("tiny_pages")
def test_a_row_that_stands_twice_in_a_list_that_holds_still_is_one_row() -> None:
    day = Window(date(2026, 11, 15), date(2026, 11, 15))
    pages = [f"https://example.se/{n}/" for n in (0, 1, 2, 2, 3)]

    def answer(asked: Asked) -> Says:
        start = asked.json()["startRow"]
        return Says(reply(*[row("2026-11-15", page) for page in pages[start : start + 3]]))

    with vendor(answer) as server:
        batch = source(server).read(PAGES, day)
    assert sorted(batch.rows.column("page").to_pylist()) == sorted(set(pages))
    assert (doubts(batch)["list_not_whole"]["quantity"], doubts(batch)["list_not_whole"]["of"]) == (4, 5)


# --- errors ------------------------------------------------------------------------------------------------------


def said(code: int, reason: str, *, domain: str = "usageLimits", message: str = "Sorry") -> Says:
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return Says({"error": {"code": code, "message": message, "errors": errors}}, status=code)


def exhausted(status: int, message: str) -> Says:
    """A limit as the newer bodies tell it: by their status, without reasons."""
    return Says({"error": {"code": status, "message": message, "status": "RESOURCE_EXHAUSTED"}}, status=status)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_a_rate_is_waited_for_whatever_the_status(status: int, reason: str) -> None:
    naps = Naps()
    with vendor([said(status, reason), Says(reply(row("2026-11-18")))]) as server:
        batch = source(server, naps=naps).read(DAILY, WINDOW)
    assert batch.attempts == 2
    assert len(naps.taken) == 1


@pytest.mark.parametrize(
    ("answer", "error_class", "calls", "wait"),
    [
        (said(403, "quotaExceeded", message="Search Analytics load quota exceeded"), "quota", 1, 900),
        (said(429, "quotaExceeded"), "quota", 1, 900),
        (said(403, "dailyLimitExceeded"), "quota", 1, 4 * 3600),
        (exhausted(403, "Search Analytics load quota exceeded."), "rate_limited", 4, None),
        (
            exhausted(403, "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'."),
            "quota",
            1,
            4 * 3600,
        ),
        (exhausted(429, "Quota exceeded for quota metric 'Queries' per minute"), "rate_limited", 4, None),
        (said(403, "forbidden", domain="global"), "permission", 1, None),
        (said(403, "accessNotConfigured"), "permission", 1, None),
        (said(401, "authError", domain="global"), "auth", 1, None),
        (said(404, "notFound", domain="global"), "not_found", 1, None),
        (said(400, "invalidParameter", domain="global"), "bad_reply", 1, None),
        (said(503, "backendError", domain="global"), "unavailable", 4, None),
        (said(403, "rateLimitExceeded"), "rate_limited", 4, None),
        (Says("<html>Sorry</html>", status=502), "unavailable", 4, None),
        (Says('{"rows": [', status=200), "bad_reply", 2, None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_errors_are_told_apart_by_reason_and_not_by_status(
    answer: Says, error_class: str, calls: int, wait: float | None
) -> None:
    with vendor(lambda _asked: answer) as server, pytest.raises(SourceError) as raised:
        source(server).read(DAILY, WINDOW)
    assert raised.value.error_class == error_class
    assert len(server.asked) == calls
    assert raised.value.retry_after_seconds == (None if wait is None else pytest.approx(wait))


def test_a_refusal_names_who_is_to_be_let_in() -> None:
    message = "User does not have sufficient permission for site 'sc-domain:example.se'."
    refused = said(403, "forbidden", domain="global", message=message)
    with vendor([refused]) as server, pytest.raises(PermissionMissing, match=r"okr@p\.iam") as raised:
        source(server).probe()
    assert "sufficient permission" in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        reply(row("2026-11-18", "too many")),
        reply(row("18/11/2026")),
        reply(row("2026-02-30")),
        reply({**row("2026-11-18"), "impressions": "many"}),
        reply({**row("2026-11-18"), "position": None}),
        reply(row("2026-12-01")),
        {"message": "down for maintenance"},
        {"rows": {}, "responseAggregationType": "byProperty"},
        [],
    ],
)
def test_a_reply_of_another_shape_is_refused_and_never_empty_data(body: Any) -> None:
    with vendor(lambda _asked: Says(body)) as server, pytest.raises(BadReply):
        source(server).read(DAILY, WINDOW)


@given(st.text(max_size=12))
def test_whatever_stands_as_incomplete_day_gives_a_day_or_a_refusal(text: str) -> None:
    try:
        day = first_incomplete(Node({"metadata": {"first_incomplete_date": text}}))
    except ValueError:
        return
    assert day is None or day.isoformat() == text


FIELD = st.one_of(st.integers(0, 9), st.floats(0, 9), st.text(max_size=2), st.none())


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "keys": st.lists(st.sampled_from(["2026-11-14", "2026-11-15", "x"]), min_size=1, max_size=2),
                "clicks": st.integers(0, 9) | FIELD,
                "impressions": st.integers(0, 9) | FIELD,
                "position": st.floats(1, 99) | FIELD,
            }
        ),
        max_size=4,
    )
)
def test_the_quick_way_through_a_report_gives_what_the_thorough_one_gives(rows: list[Any]) -> None:
    document = {"rows": rows, "responseAggregationType": "byPage"}
    report = columns_of(json.dumps(document).encode(), shape_of_rows())
    if report is None:
        return
    assert report.document.text("responseAggregationType") == "byPage"
    try:
        quick = lines(report, ("date", "page"))
    except BadShape:
        with pytest.raises(BadShape):
            lines_by_node(Node(document), ("date", "page"))
    else:
        assert quick.equals(lines_by_node(Node(document), ("date", "page")))


@pytest.mark.parametrize("clicks", [3, 3.0])
def test_a_documented_reply_takes_the_quick_way(clicks: float) -> None:
    body = json.dumps(reply(row("2026-11-14", "https://example.se/å", clicks=clicks, impressions=9)))
    report = columns_of(body.encode(), shape_of_rows())
    assert report is not None
    assert lines(report, ("date", "page")).column("clicks").to_pylist() == [3]
