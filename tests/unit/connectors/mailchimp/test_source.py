"""Mailchimp's Marketing API in its documented wire format from a local server.

Really under test: ``connectors.mailchimp``.
"""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest

from connectors.core.errors import AuthFailed, BadReply, Misconfigured, PermissionMissing, RateLimited, SourceError
from connectors.core.protocol import Source
from connectors.mailchimp import source as under
from connectors.mailchimp.settings import Mailchimp
from connectors.mailchimp.source import CAMPAIGNS, HISTORY, SUBSCRIBERS, build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import NOW, Asked, Naps, Says, Vendor, context, doubts, vendor

KEY = "0123456789abcdef-us19"
OCTOBER = Window(date(2026, 10, 1), date(2026, 10, 31))


def report(number: str, sent: str, **rest: Any) -> dict[str, Any]:
    return {
        "id": number,
        "send_time": sent,
        "emails_sent": 100,
        "bounces": {"hard_bounces": 3, "soft_bounces": 2},
        "clicks": {"clicks_total": 12, "unique_clicks": 9, "unique_subscriber_clicks": 8, "click_rate": 0.08},
        **rest,
    }


REPORTS = [
    report("a", "2026-09-30T22:30:00+00:00"),  # 1 October in Stockholm
    report("b", "2026-10-31T22:59:59+00:00"),
    report("c", "2026-10-31T23:00:00+00:00"),  # 1 November
    report("d", "2026-10-01T08:00:00+00:00"),
]
GROWTH = {
    "one": [{"month": "2026-09", "subscribed": 90, "existing": 0}, {"month": "2026-10", "subscribed": 95}],
    "two": [{"month": "2026-10", "subscribed": 10}, {"month": "2026-11", "subscribed": 99}],
}


def mailchimp(asked: Asked) -> Says:
    assert asked.headers["Authorization"] == f"Basic {base64.b64encode(f'okr:{KEY}'.encode()).decode()}"
    offset, count = int(asked.query.get("offset", 0)), int(asked.query.get("count", 10))
    if asked.path == "/3.0/":
        return Says({"account_id": "acc1", "account_timezone": "Europe/Stockholm"})
    if asked.path == "/3.0/lists":
        lists = [{"id": "one", "stats": {"member_count": 96}}, {"id": "two", "stats": {"member_count": 11}}]
        return Says({"lists": lists[offset : offset + count], "total_items": 2})
    if asked.path.endswith("/growth-history"):
        rows = GROWTH[asked.path.split("/")[3]]
        return Says({"history": rows[offset : offset + count], "total_items": len(rows)})
    assert asked.path == "/3.0/reports"
    return Says({"reports": REPORTS[offset : offset + count], "total_items": len(REPORTS)})


def opened(server: Vendor) -> Source:
    inside = context(secrets={"api_key": KEY}, base_url=server.url, sleep=Naps())
    return build(Mailchimp(id="news", api_key=EnvRef(env="K")), inside)


def test_newsletters_count_on_the_accounts_day_with_deliveries_and_unique_clicks() -> None:
    with vendor(mailchimp) as server:
        rows = opened(server).read(CAMPAIGNS, OCTOBER).rows.to_pylist()
        query = server.asked[-1].query
    found = {row["day"]: (row["campaigns"], row["delivered"], row["clicks"], row["unique_clicks"]) for row in rows}
    assert found == {date(2026, 10, 1): (2, 190, 24, 18), date(2026, 10, 31): (1, 95, 12, 9)}
    assert (query["since_send_time"], query["before_send_time"]) < ("2026-09-30", "2026-12")


def test_every_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under, "PAGE", 1)
    with vendor(mailchimp) as server:
        source = opened(server)
        assert sum(row["campaigns"] for row in source.read(CAMPAIGNS, OCTOBER).rows.to_pylist()) == 3
        (row,) = source.read(SUBSCRIBERS, None).rows.to_pylist()
    assert (row["subscribers"], row["day"]) == (107, date(2026, 11, 19))


def test_past_months_have_the_subscribers_of_all_lists_at_their_end_and_the_running_one_none() -> None:
    with vendor(mailchimp) as server:
        rows = opened(server).read(HISTORY, None).rows.to_pylist()
    assert {row["month"]: row["subscribers"] for row in rows} == {date(2026, 9, 1): 90, date(2026, 10, 1): 105}


def failing(said: Says) -> SourceError:
    with vendor(lambda _: said) as server, pytest.raises(SourceError) as raised:
        opened(server).read(SUBSCRIBERS, None)
    return raised.value


def test_errors_are_told_apart_and_a_bare_403_is_a_throttle() -> None:
    problem = {"type": "x", "title": "API Key Invalid", "status": 401, "detail": "Your API key may be invalid"}
    assert isinstance(failing(Says(problem, status=401)), AuthFailed)
    assert isinstance(failing(Says(problem | {"title": "Forbidden", "status": 403}, status=403)), PermissionMissing)
    assert isinstance(failing(Says("<html>Forbidden</html>", status=403)), RateLimited)
    assert isinstance(failing(Says({"title": "Too Many Requests"}, status=429)), RateLimited)


def test_a_key_without_its_data_centre_is_refused() -> None:
    inside = context(secrets={"api_key": "0123456789abcdef"})
    with pytest.raises(Misconfigured, match="data centre"):
        build(Mailchimp(id="news", api_key=EnvRef(env="K")), inside)


def grown(**lists: list[dict[str, Any]]) -> dict[date, int]:
    """The months of an account whose lists grew so."""

    def serve(asked: Asked) -> Says:
        if asked.path.endswith("/growth-history"):
            rows = lists[asked.path.split("/")[3]]
            return Says({"history": rows, "total_items": len(rows)})
        shown = [{"id": name, "stats": {"member_count": 1}} for name in lists]
        return Says({"lists": shown, "total_items": len(shown)})

    with vendor(serve) as server:
        return {row["month"]: row["subscribers"] for row in opened(server).read(HISTORY, None).rows.to_pylist()}


def test_a_month_that_one_list_lacks_or_that_can_not_be_read_of_it_has_no_sum() -> None:
    months = [{"month": f"2026-{month:02d}", "subscribed": 100} for month in range(5, 11)]
    younger = [{"month": "2026-07", "subscribed": 5}, {"month": "2026-09", "subscribed": None}]
    younger += [{"month": "2026-10", "subscribed": 7}]
    assert grown(old=months, new=younger) == {
        date(2026, 5, 1): 100,  # before the other list's first month
        date(2026, 6, 1): 100,
        date(2026, 7, 1): 105,
        date(2026, 10, 1): 107,
    }


@pytest.mark.parametrize("shown", [0, 2])
def test_a_list_of_which_some_months_are_not_shown_takes_no_sum_and_no_known_month_away(shown: int) -> None:
    months = [{"month": f"2026-{month:02d}", "subscribed": 100} for month in range(6, 11)]

    def serve(asked: Asked) -> Says:
        if asked.path.endswith("/growth-history"):
            rows = months if "/old/" in asked.path else months[len(months) - shown :]
            is_more = int(asked.query["offset"]) == 0
            return Says({"history": rows if is_more else [], "total_items": len(months)})
        shown_lists = [{"id": name, "stats": {"member_count": 1}} for name in ("old", "new")]
        return Says({"lists": shown_lists, "total_items": 2})

    with vendor(serve) as server:
        batch = opened(server).read(HISTORY, None)
    assert batch.rows.column("month").to_pylist() == [date(2026, 11 - number, 1) for number in range(shown, 0, -1)]
    assert (batch.listed_since, doubts(batch)["list_not_whole"]["of"]) == (NOW, 5)


def test_a_list_of_which_a_month_can_not_be_told_is_not_taken_for_a_younger_one() -> None:
    months = [{"month": f"2026-{month:02d}", "subscribed": 100} for month in range(9, 11)]
    assert grown(old=months, new=[{"month": "09/2026", "subscribed": 5}, months[1]]) == {date(2026, 10, 1): 200}


def test_a_month_that_can_not_be_read_for_a_night_keeps_what_was_known_of_it() -> None:
    months = [{"month": "2026-09", "subscribed": None}, {"month": "2026-10", "subscribed": 7}]
    served = {"history": months, "total_items": 2}
    lists = {"lists": [{"id": "one", "stats": {"member_count": 1}}], "total_items": 1}
    with vendor(lambda asked: Says(served if "growth" in asked.path else lists)) as server:
        batch = opened(server).read(HISTORY, None)
    assert (batch.rows.num_rows, batch.listed_since) == (1, NOW)


def test_a_list_that_was_made_this_month_changes_no_month_that_is_over() -> None:
    months = [{"month": "2026-10", "subscribed": 100}]
    assert grown(old=months, new=[], newest=[{"month": "2026-11", "subscribed": 3}]) == {date(2026, 10, 1): 100}


def test_what_is_counted_and_not_listed_is_told_of_or_is_no_sum() -> None:
    def serve(asked: Asked) -> Says:
        said = mailchimp(asked)
        assert isinstance(said.body, dict)
        return Says({**said.body, "total_items": 9}) if "total_items" in said.body else said

    with vendor(serve) as server:
        source = opened(server)
        said = doubts(source.read(CAMPAIGNS, OCTOBER))["list_not_whole"]
        with pytest.raises(BadReply, match="all 9"):
            source.read(SUBSCRIBERS, None)
    assert (said["quantity"], said["of"]) == (4, 9)


def test_an_account_that_shows_no_list_has_no_reading_rather_than_nobody() -> None:
    with vendor(lambda asked: Says({"lists": [], "total_items": 0}) if "lists" in asked.path else Says({})) as server:
        batch = opened(server).read(SUBSCRIBERS, None)
    assert batch.rows.num_rows == 0
    assert doubts(batch)["metric_gone"]["what"] == "subscribers (it shows no list)"
