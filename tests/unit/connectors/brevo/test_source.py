"""Brevo's API v3 in its documented wire format from a local server.

Really under test: ``connectors.brevo``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from connectors.brevo import source as under
from connectors.brevo.settings import Brevo
from connectors.brevo.source import CAMPAIGNS, SUBSCRIBERS, build
from connectors.core.doubt import not_made_days
from connectors.core.errors import AuthFailed, BadReply, QuotaExhausted, RateLimited, SourceError
from connectors.core.protocol import Source
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 19))
LONG_AGO = Window(date(2026, 1, 1), date(2026, 1, 31))


def campaign(number: int, sent: str, *, clickers: int = 12) -> dict[str, Any]:
    stats = {"sent": 100, "delivered": 95, "uniqueClicks": 9, "clickers": clickers, "opensRate": 40}
    return {"id": number, "name": "x", "sentDate": sent, "statistics": {"globalStats": stats}}


LISTED = [
    campaign(1, "2026-11-01T00:30:00.000+01:00"),
    campaign(2, "2026-11-01T09:00:00.000+01:00"),
    campaign(3, "2026-01-10T09:00:00.000+01:00", clickers=0),
    campaign(4, "2026-01-11T09:00:00.000+01:00", clickers=0),
]


def brevo(asked: Asked) -> Says:
    assert asked.headers["api-key"] == "xkeysib-1"
    offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 50))
    if asked.path == "/v3/contacts/lists":
        lists = [{"id": 1, "totalSubscribers": 0, "uniqueSubscribers": 40}, {"id": 2, "uniqueSubscribers": 2}]
        return Says({"count": 2, "lists": lists[offset : offset + limit]})
    if asked.path == "/v3/account":
        return Says({"code": "not_found", "message": "no"}, status=404)
    if asked.path == "/v3/emailCampaigns":
        mine = [one for one in LISTED if asked.query["startDate"][:7] <= one["sentDate"][:10]]
        mine = [one for one in mine if one["sentDate"][:10] <= asked.query["endDate"][:10]]
        return Says({"count": len(mine), "campaigns": mine[offset : offset + limit]})
    return Says(campaign(int(asked.path.rpartition("/")[2]), "2026-01-10T09:00:00.000+01:00", clickers=7))


def opened(server: Vendor) -> Source:
    inside = context(secrets={"api_key": "xkeysib-1"}, base_url=server.url, sleep=Naps())
    return build(Brevo(id="news", api_key=EnvRef(env="K")), inside)


def test_newsletters_are_listed_with_their_statistics_up_to_now_and_not_later() -> None:
    with vendor(brevo) as server:
        rows = opened(server).read(CAMPAIGNS, NOVEMBER).rows.to_pylist()
        query = server.asked[0].query
    assert [(row["day"], row["campaigns"], row["delivered"], row["clicks"]) for row in rows] == [
        (date(2026, 11, 1), 2, 190, 24)
    ]
    assert query == {
        "status": "sent",
        "statistics": "globalStats",
        "startDate": "2026-10-31T23:00:00.000Z",
        "endDate": "2026-11-19T22:59:59.999Z",
        "excludeHtmlContent": "true",
        "limit": "100",
        "offset": "0",
    }
    assert [asked.path for asked in server.asked] == ["/v3/emailCampaigns", "/v3/account"]


@pytest.mark.parametrize("window", [LONG_AGO, Window(LONG_AGO.start, NOVEMBER.end)])
def test_what_is_older_than_six_months_is_asked_one_by_one_and_the_rest_on_a_later_night(
    monkeypatch: pytest.MonkeyPatch, window: Window
) -> None:
    monkeypatch.setattr(under, "MOST_DETAILS", 1)
    with vendor(brevo) as server:
        batch = opened(server).read(CAMPAIGNS, window)
        rest = opened(server).read(CAMPAIGNS, Window(window.start, date(2026, 1, 10)))
    # the list's own figures of an old newsletter are no zeros
    old = [(row["day"], row["clicks"]) for row in batch.rows.to_pylist() if row["day"] < NOVEMBER.start]
    assert old == [(date(2026, 1, 11), 7)]
    assert not_made_days(batch.quality) == set(Window(window.start, date(2026, 1, 10)))
    assert [(row["day"], row["clicks"]) for row in rest.rows.to_pylist()] == [(date(2026, 1, 10), 7)]
    assert not_made_days(rest.quality) == set()


def test_a_day_of_more_newsletters_than_a_read_asks_for_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under, "MOST_DETAILS", 0)
    with vendor(brevo) as server:
        batch = opened(server).read(CAMPAIGNS, LONG_AGO)
    assert [row["day"] for row in batch.rows.to_pylist()] == [date(2026, 1, 11)]


def test_an_older_newsletter_that_is_listed_and_not_found_costs_itself() -> None:
    gone = Says({"code": "document_not_found", "message": "no"}, status=404)
    with vendor(lambda asked: gone if asked.path.endswith("/4") else brevo(asked)) as server:
        batch = opened(server).read(CAMPAIGNS, LONG_AGO)
    assert [(row["day"], row["clicks"]) for row in batch.rows.to_pylist()] == [(date(2026, 1, 10), 7)]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_subscribers_are_the_unique_ones_of_all_lists() -> None:
    with vendor(brevo) as server:
        (row,) = opened(server).read(SUBSCRIBERS, None).rows.to_pylist()
    assert row["subscribers"] == 42


def failing(said: Says) -> SourceError:
    with vendor(lambda _: said) as server, pytest.raises(SourceError) as raised:
        opened(server).read(SUBSCRIBERS, None)
    return raised.value


def test_errors_are_told_apart_and_a_throttle_says_when_it_ends() -> None:
    body = {"code": "unauthorized", "message": "Key not found"}
    assert isinstance(failing(Says(body, status=401)), AuthFailed)
    soon = failing(Says({"code": "x"}, status=429, headers={"x-sib-ratelimit-reset": "2"}))
    assert isinstance(soon, RateLimited)
    later = failing(Says({"code": "x"}, status=429, headers={"x-sib-ratelimit-reset": "1800"}))
    assert isinstance(later, QuotaExhausted)
    assert later.retry_after_seconds == 1800


def listing(*campaigns: dict[str, Any], count: int | None = None) -> Any:
    """An account with these newsletters, of which it says that there are ``count``."""

    def serve(asked: Asked) -> Says:
        if asked.path == "/v3/account":
            return Says({"code": "not_found", "message": "no"}, status=404)
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        counted = {} if count is None else {"count": count}
        return Says({**counted, "campaigns": list(campaigns[offset : offset + limit])})

    return serve


@pytest.mark.parametrize("broken", [{"sentDate": None}, {"statistics": {}}, {"statistics": {"globalStats": {}}}])
def test_a_newsletter_that_can_not_be_read_costs_itself_alone(broken: dict[str, Any]) -> None:
    good = campaign(1, "2026-11-01T09:00:00.000+01:00")
    with vendor(listing(good, campaign(2, "2026-11-02T09:00:00.000+01:00") | broken, count=2)) as server:
        batch = opened(server).read(CAMPAIGNS, NOVEMBER)
    assert [(row["day"], row["campaigns"]) for row in batch.rows.to_pylist()] == [(date(2026, 11, 1), 1)]
    assert doubts(batch)["entries_left_out"]["quantity"] == 1


def test_each_read_says_whose_it_is_and_asks_once() -> None:
    def serve(asked: Asked) -> Says:
        return Says({"organization_id": "org7"}) if asked.path == "/v3/account" else brevo(asked)

    with vendor(serve) as server:
        source = opened(server)
        batches = [source.read(CAMPAIGNS, NOVEMBER), source.read(SUBSCRIBERS, None)]
    assert [batch.identity for batch in batches] == [{"organization_id": frozenset({"org7"})}] * 2
    assert sum(asked.path == "/v3/account" for asked in server.asked) == 1


def test_newsletters_that_are_counted_and_not_listed_are_told_of() -> None:
    with vendor(listing(campaign(1, "2026-11-01T09:00:00.000+01:00"), count=3)) as server:
        said = doubts(opened(server).read(CAMPAIGNS, NOVEMBER))["list_not_whole"]
    assert (said["quantity"], said["of"]) == (1, 3)


def test_a_list_without_its_count_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under, "CAMPAIGN_PAGE", 1)
    sent = [campaign(number, f"2026-11-{number:02d}T09:00:00.000+01:00") for number in (1, 2, 3)]
    with vendor(listing(*sent)) as server:
        assert len(opened(server).read(CAMPAIGNS, NOVEMBER).rows.to_pylist()) == 3


@pytest.mark.parametrize("moves", ["sent", "deleted"])
def test_a_list_that_moves_between_two_pages_leaves_none_out(moves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under, "CAMPAIGN_PAGE", 2)
    sent = [campaign(number, f"2026-11-{number:02d}T09:00:00.000+01:00") for number in range(5, 0, -1)]
    after = [campaign(6, "2026-11-06T09:00:00.000+01:00"), *sent] if moves == "sent" else sent[1:]
    now = [listing(*sent, count=len(sent)), listing(*after, count=len(after))]

    def serve(asked: Asked) -> Says:
        reply: Says = now[0](asked)
        del now[:-1]
        return reply

    with vendor(serve) as server:
        batch = opened(server).read(CAMPAIGNS, NOVEMBER)
    days = sorted(row["day"].day for row in batch.rows.to_pylist())
    assert (days, doubts(batch)) == (sorted(int(one["id"]) for one in after), {})


def test_subscribers_of_lists_that_are_counted_and_not_shown_are_no_sum() -> None:
    short = Says({"count": 3, "lists": [{"id": 1, "uniqueSubscribers": 40}]})
    empty = Says({"count": 3})
    with (
        vendor(lambda asked: short if asked.query["offset"] == "0" else empty) as server,
        pytest.raises(BadReply, match="all 3"),
    ):
        opened(server).read(SUBSCRIBERS, None)


def test_an_account_that_shows_no_list_has_no_reading_rather_than_nobody() -> None:
    with vendor(lambda _: Says({"count": 0})) as server:
        batch = opened(server).read(SUBSCRIBERS, None)
    assert batch.rows.num_rows == 0
    assert doubts(batch)["metric_gone"]["what"] == "subscribers (it shows no list)"
