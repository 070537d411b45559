"""Plausible's Stats API v2 in its documented wire format from a local server: paging, months, first day, errors.

Really under test: ``connectors.plausible.source``. Figures against a truth are
``tests/integration/test_plausible_against_sandbox.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.columns import columns_of
from connectors.core.errors import SourceError
from connectors.core.http import Http
from connectors.core.protocol import Source
from connectors.core.shape import BadShape, Node
from connectors.plausible.report import lines, lines_by_node, shape_of_results, zone_at
from connectors.plausible.settings import Plausible
from connectors.plausible.source import DAILY, MONTHLY, PAGES, QUERY, VISITORS_DEFINITION, PlausibleSource, build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

TOKEN = "plausible-key-000111222333"
WEEK = Window(date(2026, 11, 12), date(2026, 11, 18))
Rows = list[tuple[list[str], list[Any]]]


def reply(rows: Rows, *, total: int | None = None, **meta: Any) -> dict[str, Any]:
    return {
        "results": [{"dimensions": names, "metrics": values} for names, values in rows],
        "meta": {"total_rows": len(rows) if total is None else total, **meta},
        "query": {"site_id": "skargard.se", "date_range": ["2016-11-12T00:00:00+01:00", "2026-11-20T23:59:59+01:00"]},
    }


SINCE: Rows = [(["2024-03-05"], [4]), (["2026-11-19"], [7])]
"""Visitors by day over all history, which tells the first day."""


def asks_all_history(body: dict[str, Any]) -> bool:
    return bool(body["date_range"][0] < "2020")


def answers(of: Callable[[dict[str, Any]], Any], *, since: Any = None) -> Callable[[Asked], Says]:
    def answer(asked: Asked) -> Says:
        body = asked.json()
        said = (since or reply(SINCE)) if asks_all_history(body) else of(body)
        return said if isinstance(said, Says) else Says(said)

    return answer


def opened(server: Vendor) -> Source:
    settings = Plausible(id="web", site_id="skargard.se", token=EnvRef(env="T"))
    return build(settings, context(secrets={"token": TOKEN}, base_url=server.url, sleep=Naps()))


def in_pages(server: Vendor, *, page_rows: int) -> Source:
    inside = context(secrets={"token": TOKEN}, base_url=server.url, sleep=Naps())
    http = Http(context=inside, source="web", base_url=server.url)
    return PlausibleSource(context=inside, http=http, site_id="skargard.se", page_rows=page_rows)


def test_a_query_carries_the_key_in_its_header_and_a_stable_order() -> None:
    with vendor(answers(lambda body: reply([(["2026-11-12"], [9, 30, 8])]))) as server:
        batch = opened(server).read(DAILY, WEEK)
        asked = server.asked[-1]
    assert (asked.method, asked.target) == ("POST", QUERY)
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    body = asked.json()
    assert body["date_range"] == ["2026-11-12", "2026-11-18"]
    assert body["order_by"] == [["time:day", "asc"]]
    assert body["include"] == {"imports": True, "total_rows": True}
    [row] = batch.rows.to_pylist()
    assert (row["sessions"], row["page_views"], row["visitors"]) == (9, 30, 8)
    assert row["engagement_seconds"] is None


def test_days_that_are_left_out_give_no_row_and_are_covered() -> None:
    with vendor(answers(lambda body: reply([]))) as server:
        batch = opened(server).read(DAILY, WEEK)
    assert (batch.rows.num_rows, batch.covers) == (0, WEEK)
    assert DAILY.zero_by_absence


def test_what_lies_before_the_first_statistics_is_not_answered() -> None:
    with vendor(answers(lambda body: reply([]))) as server:
        source = opened(server)
        batch = source.read(DAILY, Window(date(2023, 1, 1), date(2026, 11, 19)))
        assert batch.covers == Window(date(2024, 3, 5), date(2026, 11, 19))
        months = source.read(MONTHLY, Window(date(2024, 1, 1), date(2024, 3, 31)))
        assert months.covers == Window(date(2024, 3, 1), date(2024, 3, 31))
        with pytest.raises(SourceError, match="csv") as raised:
            source.read(PAGES, Window(date(2023, 1, 1), date(2024, 3, 4)))
    assert raised.value.error_class == "not_found"


def test_each_month_is_a_request_of_exactly_its_days_and_the_running_one_ends_yesterday() -> None:
    with vendor(answers(lambda body: reply([([body["date_range"][0]], [100])]))) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 11, 19)))
        asked = [(a.json()["date_range"], a.json()["dimensions"]) for a in server.asked[1:]]
    assert asked == [
        (["2026-10-01", "2026-10-31"], ["time:month"]),
        (["2026-11-01", "2026-11-19"], ["time:month"]),
    ]
    october, november = batch.rows.to_pylist()
    assert (october["is_final"], november["is_final"]) == (True, False)
    assert november["asked_through"] == date(2026, 11, 19)
    assert october["visitors_definition"] == VISITORS_DEFINITION
    assert "once for each day" in VISITORS_DEFINITION


def test_a_month_that_is_left_out_had_nobody_and_another_month_is_refused() -> None:
    october = Window(date(2026, 10, 1), date(2026, 10, 31))
    with vendor(answers(lambda body: reply([]))) as server:
        batch = opened(server).read(MONTHLY, october)
    assert (batch.rows.num_rows, batch.covers, "doubts" in batch.quality) == (0, october, False)
    wrong = answers(lambda body: reply([(["2026-09-01"], [100])]))
    with vendor(wrong) as server, pytest.raises(SourceError, match="2026-09-01"):
        opened(server).read(MONTHLY, october)


@pytest.mark.parametrize(
    ("since", "zone"),
    [
        (reply(SINCE), "Europe/Stockholm"),
        (reply(SINCE) | {"query": {"date_range": ["2016-11-12", "2026-11-20"]}}, "Europe/Stockholm"),
        (reply(SINCE) | {"query": {"date_range": "all"}}, "Europe/Stockholm"),
        (reply(SINCE) | {"query": {}}, "Europe/Stockholm"),
        ({"results": reply(SINCE)["results"], "meta": {}}, "Europe/Stockholm"),
        ({"results": reply(SINCE)["results"]}, "Europe/Stockholm"),
        (reply(SINCE) | {"query": {"date_range": ["x", "2026-11-20T23:59:59-05:00"]}}, "Etc/GMT+5"),
    ],
)
def test_the_first_day_is_learned_from_rows_however_little_of_the_query_is_said_back(since: Any, zone: str) -> None:
    with vendor(answers(lambda body: reply([]), since=since)) as server:
        source = opened(server)
        assert source.read(DAILY, Window(date(2023, 1, 1), date(2026, 11, 18))).covers == Window(
            date(2024, 3, 5), date(2026, 11, 18)
        )
        assert source.zone().key == zone


def test_of_a_site_without_statistics_only_yesterday_is_known_to_have_had_nobody() -> None:
    with vendor(answers(lambda body: reply([]), since=reply([]))) as server:
        batch = opened(server).read(DAILY, Window(date(2026, 1, 1), date(2026, 11, 19)))
    assert batch.covers == Window(date(2026, 11, 19), date(2026, 11, 19))


def test_imported_statistics_are_named_in_the_definition_and_the_quality() -> None:
    with vendor(answers(lambda body: reply([(["2026-10-01"], [100])], imports_included=True))) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert "imported" in batch.rows.to_pylist()[0]["visitors_definition"]
    assert doubts(batch)["imports_included"]["moves"] == "nothing"


def test_a_month_that_is_left_out_though_its_days_have_visits_has_no_visitors() -> None:
    def months_missing(body: dict[str, Any]) -> dict[str, Any]:
        return reply([]) if body["dimensions"] == ["time:month"] else reply([(["2026-10-05"], [40])])

    with vendor(answers(months_missing)) as server:
        batch = opened(server).read(MONTHLY, Window(date(2026, 10, 1), date(2026, 10, 31)))
    assert batch.rows.num_rows == 0
    told = doubts(batch)["report_not_made"]
    assert (told["from"], told["to"], told["quantity"]) == ("2026-10-01", "2026-10-31", 40)


SKIPPED = {"imports_included": False, "imports_skip_reason": "unsupported_query"}


def test_imports_that_are_left_out_are_a_doubt_on_the_days_asked_for() -> None:
    with vendor(answers(lambda body: reply([([body["date_range"][0], "/a", "h.se"], [3])], **SKIPPED)
                        if len(body["dimensions"]) == 3 else reply([([body["date_range"][0], "/a"], [3])], **SKIPPED)
                        )) as server:  # fmt: skip
        batch = opened(server).read(PAGES, WEEK)
    told = doubts(batch)["imports_skipped"]
    assert (told["moves"], told["what"], told["from"], told["to"]) == (
        "no_value",
        "unsupported_query",
        "2026-11-12",
        "2026-11-18",
    )


@pytest.mark.parametrize("reason", ["no_imported_data", "out_of_range"])
def test_imports_of_other_days_or_of_no_day_leave_nothing_out(reason: str) -> None:
    meta = {"imports_included": False, "imports_skip_reason": reason}
    with vendor(answers(lambda body: reply([(["2026-11-12"], [9, 30, 8])], **meta))) as server:
        assert "doubts" not in opened(server).read(DAILY, WEEK).quality


def test_imports_that_know_no_hosts_are_read_without_them() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if "event:hostname" in body["dimensions"]:
            return reply([(["2026-11-12", "/a", "h.se"], [1])], **SKIPPED)
        return reply([(["2026-11-12", "/a"], [9])], imports_included=True)

    with vendor(answers(answer)) as server:
        batch = opened(server).read(PAGES, WEEK)
    assert [(row["host"], row["page_views"]) for row in batch.rows.to_pylist()] == [("", 9)]
    assert doubts(batch).keys() == {"imports_included"}


def listed(rows: Rows) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def page(body: dict[str, Any]) -> dict[str, Any]:
        start, limit = body["pagination"]["offset"], body["pagination"]["limit"]
        return reply(rows[start : start + limit], total=len(rows))

    return page


PAGE_ROWS: Rows = [([f"2026-11-{12 + n // 2}", f"/p{n}/", "skargard.se"], [n + 1]) for n in range(7)]


@pytest.mark.parametrize("page_rows", [1, 2, 3, 7, 10])
def test_every_page_is_read_whatever_its_size(page_rows: int) -> None:
    with vendor(answers(listed(PAGE_ROWS))) as server:
        batch = in_pages(server, page_rows=page_rows).read(PAGES, WEEK)
    assert {(row["path"], row["page_views"]) for row in batch.rows.to_pylist()} == {
        (f"/p{n}/", n + 1) for n in range(7)
    }
    assert {row["host"] for row in batch.rows.to_pylist()} == {"skargard.se"}


@pytest.mark.parametrize("page_rows", [1, 3, 7, 10])
def test_pages_end_where_one_is_short_if_no_total_is_said(page_rows: int) -> None:
    def untold(body: dict[str, Any]) -> dict[str, Any]:
        return listed(PAGE_ROWS)(body) | {"meta": {}}

    with vendor(answers(untold)) as server:
        batch = in_pages(server, page_rows=page_rows).read(PAGES, WEEK)
    assert sorted(batch.rows.column("path").to_pylist()) == [f"/p{n}/" for n in range(7)]


@pytest.mark.parametrize("meta", [{"total_rows": 400}, {}])
def test_one_who_gives_the_same_page_for_ever_is_soon_given_up(meta: dict[str, int]) -> None:
    with vendor(answers(lambda _body: reply(PAGE_ROWS[:2]) | {"meta": meta})) as server:
        with pytest.raises(SourceError, match="held still"):
            in_pages(server, page_rows=2).read(PAGES, WEEK)
        assert len(server.asked) <= 10


def test_where_hosts_are_not_told_apart_pages_are_asked_for_without_them_from_then_on() -> None:
    def hostless(body: dict[str, Any]) -> Says | dict[str, Any]:
        if "event:hostname" in body["dimensions"]:
            return Says({"error": "#/dimensions/2: Invalid dimension event:hostname"}, status=400)
        return reply([([body["date_range"][0], "/a"], [3])])

    with vendor(answers(hostless)) as server:
        batch = opened(server).read(PAGES, Window(date(2026, 9, 1), date(2026, 11, 18)))
    assert {(row["host"], row["path"], row["page_views"]) for row in batch.rows.to_pylist()} == {("", "/a", 3)}
    assert [len(asked.json()["dimensions"]) for asked in server.asked] == [1, 3, 2, 2, 2]


def test_a_query_that_is_refused_with_and_without_hosts_is_an_error() -> None:
    refused = Says({"error": "Invalid metric pageviews"}, status=400)
    with vendor(answers(lambda body: refused)) as server, pytest.raises(SourceError, match="pageviews") as raised:
        opened(server).read(PAGES, WEEK)
    assert raised.value.error_class == "bad_reply"
    assert len(server.asked) == 3


def test_pages_that_shift_while_they_are_read_are_read_again() -> None:
    calls = 0

    def shifting(body: dict[str, Any]) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        rows = PAGE_ROWS if calls != 2 else [PAGE_ROWS[-1], *PAGE_ROWS[:-1]]
        return listed(rows)(body)

    with vendor(answers(shifting)) as server:
        batch = in_pages(server, page_rows=4).read(PAGES, WEEK)
    assert batch.rows.num_rows == 7


def test_a_list_that_is_the_same_each_time_is_read_though_plausible_counts_more() -> None:
    def short(body: dict[str, Any]) -> dict[str, Any]:
        return reply(PAGE_ROWS[:3], total=7) if not body["pagination"]["offset"] else reply([], total=7)

    with vendor(answers(short)) as server:
        batch = in_pages(server, page_rows=4).read(PAGES, WEEK)
    told = doubts(batch)["list_not_whole"]
    assert (batch.rows.num_rows, told["quantity"], told["of"]) == (3, 3, 7)


def test_a_list_that_never_holds_still_is_an_error_and_not_half_a_list() -> None:
    lengths = iter([3, 0, 4, 0, 2, 0])

    def growing(body: dict[str, Any]) -> dict[str, Any]:
        return reply(PAGE_ROWS[: next(lengths)], total=7)

    with vendor(answers(growing)) as server, pytest.raises(SourceError, match="held still") as raised:
        in_pages(server, page_rows=4).read(PAGES, WEEK)
    assert raised.value.error_class == "bad_reply"


@pytest.mark.parametrize(
    ("status", "message", "error_class"),
    [
        (400, "#/metrics/0: Invalid metric", "bad_reply"),
        (401, "Invalid API key or site ID.", "auth"),
        (402, "This Plausible site is locked due to missing active subscription.", "permission"),
        (404, "Not found", "not_found"),
        (429, "Too many API requests. Your API key is limited to 600 requests per hour.", "quota"),
    ],
)
def test_each_status_has_its_class_and_is_not_asked_twice(status: int, message: str, error_class: str) -> None:
    with vendor(lambda _: Says({"error": message}, status=status)) as server, pytest.raises(SourceError) as raised:
        opened(server).read(DAILY, WEEK)
    assert raised.value.error_class == error_class
    assert message[:20] in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_asked_again(status: int) -> None:
    replies = [Says({"error": "later"}, status=status), Says(reply(SINCE)), Says(reply([(["2026-11-19"], [5])]))]
    with vendor(replies) as server:
        assert opened(server).probe().rows == 5


@pytest.mark.parametrize(
    "row",
    [
        {"dimensions": [], "metrics": [1, 2, 3]},
        {"dimensions": ["2026-11-12"], "metrics": [1, 2]},
        {"dimensions": ["12/11"], "metrics": [1, 2, 3]},
        {"dimensions": [None], "metrics": [1, 2, 3]},
        {"dimensions": ["2026-11-12"], "metrics": [1, None, 3]},
        {"dimensions": ["2026-10-12"], "metrics": [1, 2, 3]},
    ],
)
def test_rows_of_another_shape_are_refused(row: dict[str, Any]) -> None:
    wrong = reply([]) | {"results": [row], "meta": {"total_rows": 1}}
    with vendor(answers(lambda body: wrong)) as server, pytest.raises(SourceError) as raised:
        opened(server).read(DAILY, WEEK)
    assert raised.value.error_class == "bad_reply"


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        ("2026-11-20T23:59:59+01:00", "Europe/Stockholm"),
        ("2026-07-20T23:59:59+02:00", "Europe/Stockholm"),
        ("2026-11-20T23:59:59+00:00", "UTC"),
        ("2026-11-20T23:59:59-05:00", "Etc/GMT+5"),
        ("2026-11-20T23:59:59+09:00", "Etc/GMT-9"),
        ("2026-11-20T23:59:59+05:30", "Europe/Stockholm"),
    ],
)
def test_the_zone_is_the_clients_unless_the_offset_says_another(moment: str, key: str) -> None:
    zone = zone_at(datetime.fromisoformat(moment), usual=ZoneInfo("Europe/Stockholm"))
    assert zone.key == key


CELL = st.one_of(st.text(max_size=2), st.integers(-1, 3), st.booleans(), st.none(), st.floats(0, 3))
LINE = st.fixed_dictionaries(
    {"dimensions": st.lists(CELL, min_size=1, max_size=3), "metrics": st.lists(CELL, max_size=2)}
)


@given(st.lists(st.fixed_dictionaries({"dimensions": st.lists(st.text(max_size=2), min_size=2, max_size=2),
                                       "metrics": st.lists(st.integers(0, 9), min_size=1, max_size=1)})
                | LINE | CELL, max_size=4))  # fmt: skip
def test_the_quick_way_through_a_report_gives_what_the_thorough_one_gives(results: list[Any]) -> None:
    names, document = (("time:day", "event:page"), ("pageviews",)), {"results": results, "meta": {"total_rows": 9}}
    report = columns_of(json.dumps(document).encode(), shape_of_results())
    if report is None:
        return
    assert report.document["meta"].whole("total_rows") == 9
    try:
        quick = lines(report, *names)
    except BadShape:
        with pytest.raises(BadShape):
            lines_by_node(Node(document), *names)
    else:
        assert quick.equals(lines_by_node(Node(document), *names))


def test_a_documented_reply_takes_the_quick_way() -> None:
    assert (
        columns_of(json.dumps(reply([(["2026-11-12", "/å", "skargard.se"], [3])])).encode(), shape_of_results())
        is not None
    )
