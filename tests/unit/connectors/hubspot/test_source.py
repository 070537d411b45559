"""HubSpot's CRM search in its documented wire format from a local server: windows, zones, reopened deals, errors.

Really under test: ``connectors.hubspot``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from connectors.core.budget import Limit
from connectors.core.errors import AuthFailed, BadReply, QuotaExhausted, SourceError, Unavailable
from connectors.core.protocol import GIVES, Counting, Source, Stream
from connectors.hubspot import api, source
from connectors.hubspot.api import ScopeMissing
from connectors.hubspot.settings import HubSpot
from connectors.hubspot.source import CONTACTS, DEALS, TICKETS, build
from okr_models.client.sources import EnvRef
from okr_models.periods import Window
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, doubts, vendor

TOKEN = "pat-eu1-0001-1112223"
DETAILS = {"portalId": 77, "timeZone": "US/Arizona", "companyCurrency": "SEK"}
MARCH = Window(date(2026, 3, 1), date(2026, 3, 31))
Records = dict[str, list[dict[str, Any]]]


def matches(record: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a record passes the first filter group, instants in milliseconds."""
    for each in (body["filterGroups"] or [{"filters": []}])[0]["filters"]:
        value = record.get(each["propertyName"])
        if each["operator"] == "EQ":
            if value != each["value"]:
                return False
            continue
        at, edge = millis(str(value)), int(each["value"])
        if not (at >= edge if each["operator"] == "GTE" else at < edge):
            return False
    return True


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def hubspot(records: Records, *, details: Any = DETAILS, names: list[str] | None = None, most: int = 10_000) -> Any:
    """An account with these records; ``names``: of its properties, None: all."""

    def serve(asked: Asked) -> Says:
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        if asked.path.endswith("/details"):
            return details if isinstance(details, Says) else Says(details)
        if asked.path.startswith("/crm/properties/"):
            every = ["createdate", "closedate", "hs_is_closed_won", "amount", "deal_currency_code"]
            every += ["amount_in_home_currency", "time_to_first_agent_reply"]
            return Says({"results": [{"name": name} for name in (every if names is None else names)]})
        kind, body = asked.path.split("/")[-2], asked.json()
        found = [(n, one) for n, one in enumerate(records.get(kind, []), start=1) if matches(one, body)]
        after, limit = int(body["after"]), body["limit"]
        assert after < most
        page = [
            {"id": str(number), "properties": {name: one.get(name) for name in body["properties"]}, "archived": False}
            for number, one in found[after : after + limit]
        ]
        more = after + limit < len(found)
        paging = {"paging": {"next": {"after": str(after + limit)}}} if more else {}
        return Says({"total": len(found), "results": page, **paging})

    return serve


def opened(server: Vendor, *, currency: str | None = "SEK", **settings: Any) -> Source:
    inside = context(secrets={"token": TOKEN}, base_url=server.url, sleep=Naps())
    return build(HubSpot(id="crm", token=EnvRef(env="T"), **settings), replace(inside, currency=currency))


def deal(at: str, amount: str | None = "1000", **rest: Any) -> dict[str, Any]:
    return {"closedate": at, "hs_is_closed_won": "true", "amount": amount, "deal_currency_code": "SEK", **rest}


def test_contacts_are_counted_on_their_day_in_the_accounts_zone() -> None:
    # seven in the morning UTC is midnight in Arizona
    created = ["2026-03-01T06:59:59Z", "2026-03-01T07:00:00Z", "2026-04-01T06:59:59.000Z", "2026-04-01T07:00:00Z"]
    with vendor(hubspot({"contacts": [{"createdate": at} for at in created]})) as server:
        rows = opened(server).read(CONTACTS, MARCH).rows.to_pylist()
        body = server.asked[-1].json()
    assert [(row["day"], row["new_contacts"]) for row in rows] == [(date(2026, 3, 1), 1), (date(2026, 3, 31), 1)]
    assert server.asked[-1].path == "/crm/objects/2026-09/contacts/search"
    assert body["properties"] == ["createdate"]
    assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert [each["operator"] for each in body["filterGroups"][0]["filters"]] == ["GTE", "LT"]
    assert all(isinstance(each["value"], str) for each in body["filterGroups"][0]["filters"])


def test_every_page_is_read_and_a_window_with_too_many_is_cut_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 3)
    monkeypatch.setattr(api, "MOST_RESULTS", 10)
    made = [{"createdate": f"2026-03-{day:02d}T12:00:00Z"} for day in range(1, 29)]
    with vendor(hubspot({"contacts": made}, most=10)) as server:
        rows = opened(server).read(CONTACTS, MARCH).rows.to_pylist()
    assert [row["new_contacts"] for row in rows] == [1] * 28


def test_a_deal_counts_on_the_day_it_closed_and_only_while_it_is_won() -> None:
    deals = [
        deal("2026-04-01T05:00:00Z", "1000.50"),  # 31 March in Arizona
        deal("2026-03-10T12:00:00Z", "9", hs_is_closed_won="false"),  # reopened: a forecast
        deal("2026-03-10T18:00:00Z", None),
    ]
    with vendor(hubspot({"deals": deals})) as server:
        batch = opened(server).read(DEALS, MARCH)
        won = server.asked[-1].json()["filterGroups"][0]["filters"][-1]
    assert won == {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
    assert {row["day"]: (row["deals_won"], row["amount"]) for row in batch.rows.to_pylist()} == {
        date(2026, 3, 31): (1, 1000.5),
        date(2026, 3, 10): (1, 0.0),
    }
    assert doubts(batch)["amounts_missing"]["quantity"] == 1


@pytest.mark.parametrize(
    ("home", "rate", "amount"), [("SEK", None, 1150.0), ("EUR", 11.5, 13225.0), ("EUR", None, None)]
)
def test_amounts_are_in_the_clients_currency_or_not_given(home: str, rate: float | None, amount: float | None) -> None:
    deals = [deal("2026-03-10T12:00:00Z", "100", deal_currency_code="USD", amount_in_home_currency="1150")]
    with vendor(hubspot({"deals": deals}, details=DETAILS | {"companyCurrency": home})) as server:
        batch = opened(server, **({"rate": rate} if rate else {})).read(DEALS, MARCH)
    rows = batch.rows.to_pylist()
    assert [(row["deals_won"], row["amount"]) for row in rows if row["deals_won"]] == [(1, amount)]
    # where one is not known, the days around it have no sum either
    assert len(rows) == (31 if amount is None else 1)
    assert ("other_currency" in doubts(batch)) == (amount is None)


def test_an_amount_in_another_currency_leaves_the_other_months_their_sums() -> None:
    deals = [
        deal("2026-02-27T12:00:00Z", "50"),
        deal("2026-03-10T12:00:00Z", "100", deal_currency_code="USD"),
        deal("2026-03-12T12:00:00Z", "7"),
        deal("2026-04-02T12:00:00Z", None),
    ]
    with vendor(hubspot({"deals": deals})) as server:
        batch = opened(server).read(DEALS, Window(date(2026, 2, 20), date(2026, 4, 5)))
    rows = {row["day"]: (row["deals_won"], row["amount"]) for row in batch.rows.to_pylist()}
    assert rows[date(2026, 2, 27)] == (1, 50.0)
    assert rows[date(2026, 3, 12)] == (1, None)
    assert rows[date(2026, 4, 2)] == (1, 0.0)
    assert len(rows) == 1 + 31 + 1
    unknown, missing = doubts(batch)["other_currency"], doubts(batch)["amounts_missing"]
    assert (unknown["from"], unknown["to"]) == ("2026-03-01", "2026-03-31")
    assert (missing["from"], missing["to"], missing["quantity"]) == ("2026-04-02", "2026-04-02", 1)


def test_a_ticket_without_an_answer_is_not_answered_at_once() -> None:
    tickets = [
        {"createdate": "2026-03-10T12:00:00Z", "time_to_first_agent_reply": "5400000"},
        {"createdate": "2026-03-10T13:00:00Z", "time_to_first_agent_reply": None},
        {"createdate": "2026-03-10T14:00:00Z", "time_to_first_agent_reply": ""},
    ]
    with vendor(hubspot({"tickets": tickets})) as server:
        (row,) = opened(server).read(TICKETS, MARCH).rows.to_pylist()
    assert (row["tickets"], row["answered"], row["response_hours"]) == (3, 1, 1.5)


def test_a_property_that_is_not_there_is_named_and_costs_its_own_figure_alone() -> None:
    ticket = {"createdate": "2026-03-02T12:00:00Z"}
    with vendor(hubspot({"tickets": [ticket]}, names=["createdate"])) as server:
        batch = opened(server).read(TICKETS, MARCH)
    assert [(row["tickets"], row["answered"]) for row in batch.rows.to_pylist()] == [(1, 0)]
    said = doubts(batch)["metric_gone"]
    assert (said["what"], said["kpis"]) == ("time_to_first_agent_reply of tickets", ["first_response_hours"])


def counted(server: Vendor, stream: Stream) -> Any:
    source = opened(server)
    assert isinstance(source, Counting)
    return source.counts(stream)


def test_days_read_without_a_property_are_read_again_once_it_is_there() -> None:
    with vendor(hubspot({}, names=["createdate"])) as without, vendor(hubspot({})) as whole:
        lacking, having = (counted(server, TICKETS) for server in (without, whole))
        assert counted(whole, CONTACTS) == {}
    assert (lacking, having) == ({GIVES: {}}, {GIVES: {"time_to_first_agent_reply": True}})


def test_deals_without_amounts_are_counted_and_their_sum_is_not_known() -> None:
    deals = [deal("2026-03-10T18:00:00Z", None), deal("2026-03-12T18:00:00Z", None)]
    with vendor(hubspot({"deals": deals}, names=["closedate", "hs_is_closed_won"])) as server:
        batch = opened(server).read(DEALS, MARCH)
    rows = batch.rows.to_pylist()
    assert (len(rows), sum(row["deals_won"] for row in rows), {row["amount"] for row in rows}) == (31, 2, {None})
    assert list(doubts(batch)) == ["metric_gone"]


def test_an_account_of_one_currency_needs_no_property_for_it() -> None:
    names = ["closedate", "hs_is_closed_won", "amount"]
    with vendor(hubspot({"deals": [deal("2026-03-10T18:00:00Z", deal_currency_code=None)]}, names=names)) as server:
        batch = opened(server).read(DEALS, MARCH)
    assert [row["amount"] for row in batch.rows.to_pylist()] == [1000.0]
    assert doubts(batch) == {}


def test_without_the_day_a_record_is_of_nothing_can_be_read() -> None:
    with vendor(hubspot({}, names=["amount"])) as server, pytest.raises(BadReply, match="closedate, hs_is_closed_won"):
        opened(server).read(DEALS, MARCH)


def test_v3_is_spoken_where_the_file_asks_for_it() -> None:
    with vendor(hubspot({})) as server:
        source = opened(server, api_version="v3")
        source.read(CONTACTS, MARCH)
        assert [asked.path for asked in server.asked] == ["/account-info/v3/details", "/crm/v3/objects/contacts/search"]
        assert source.access().version_sunset_on == date(2027, 9, 1)


def test_an_account_without_the_dated_details_is_asked_by_v3() -> None:
    def serve(asked: Asked) -> Says:
        missing = asked.path == "/account-info/2026-09/details"
        return Says({"status": "error"}, status=404) if missing else hubspot({})(asked)

    with vendor(serve) as server:
        assert opened(server).zone().key == "US/Arizona"


@pytest.mark.parametrize(
    ("base_url", "interval", "limit"),
    [
        (None, 0.2, Limit(5, 1.0)),
        ("https://crm.proxy.example", 0.2, Limit(5, 1.0)),
        ("http://127.0.0.1:8000", 0.0, None),
    ],
)
def test_hubspot_is_asked_at_its_pace_through_a_proxy_too(
    monkeypatch: pytest.MonkeyPatch, base_url: str | None, interval: float, limit: Limit | None
) -> None:
    made: list[dict[str, Any]] = []

    class Noted(source.Http):
        def __init__(self, **settings: Any) -> None:
            made.append(settings)
            super().__init__(**settings)

    monkeypatch.setattr(source, "Http", Noted)
    build(HubSpot(id="crm", token=EnvRef(env="T")), context(secrets={"token": TOKEN}, base_url=base_url))
    assert [(each["min_interval_seconds"], each["limit"]) for each in made] == [(interval, limit)]


def failing(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> SourceError:
    refusing = vendor(lambda _: Says(body, status=status, headers=headers or {}))
    with refusing as server, pytest.raises(SourceError) as raised:
        opened(server).read(CONTACTS, MARCH)
    return raised.value


def test_errors_are_told_by_what_hubspot_says() -> None:
    context_of = [{"message": "x", "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]
    missing = failing(403, {"status": "error", "category": "MISSING_SCOPES", "message": "no", "errors": context_of})
    assert isinstance(missing, ScopeMissing)
    assert "crm.objects.contacts.read" in str(missing)
    assert isinstance(failing(401, {"category": "INVALID_AUTHENTICATION"}), AuthFailed)
    daily = failing(429, {"message": "You have reached your daily limit.", "policyName": "DAILY"})
    assert isinstance(daily, QuotaExhausted)
    secondly = failing(429, {"message": "You have reached your secondly limit.", "policyName": "SECONDLY"})
    assert (secondly.error_class, secondly.attempts > 1) == ("rate_limited", True)
    assert isinstance(failing(423, {"status": "error"}), Unavailable)
    assert isinstance(failing(477, {"status": "error"}, {"Retry-After": "1"}), Unavailable)


def test_pages_that_lead_back_to_themselves_are_refused_and_not_read_for_ever() -> None:
    again = {"total": 500, "results": [{"id": "1", "properties": {"createdate": "2026-03-02T12:00:00Z"}}]}
    again["paging"] = {"next": {"after": "200"}}
    with (
        vendor(lambda asked: Says(DETAILS if asked.path.endswith("/details") else again)) as server,
        pytest.raises(BadReply, match="after 200"),
    ):
        opened(server).read(CONTACTS, MARCH)


def test_an_amount_that_nobody_can_mean_costs_its_own_deal() -> None:
    deals = [deal("2026-03-10T18:00:00Z"), deal("2026-03-11T18:00:00Z", "1e30")]
    with vendor(hubspot({"deals": deals})) as server:
        batch = opened(server).read(DEALS, MARCH)
    assert [(row["day"], row["amount"]) for row in batch.rows.to_pylist()] == [(date(2026, 3, 10), 1000.0)]
    assert "1e30" in doubts(batch)["entries_left_out"]["what"]
