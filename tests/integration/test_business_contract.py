"""The vendors' own clients read the sandbox: HubSpot's, Mailchimp's, Brevo's, Meta's and Google's for sheets.

Really under test: ``connectors/sandbox/vendors`` in each vendor's wire format, judged by code that is not ours. What
the figures are worth is in ``test_hubspot_against_sandbox.py`` and ``test_newsletters_and_ads_against_sandbox.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import brevo
import mailchimp_marketing
import pytest
from brevo.core.api_error import ApiError as BrevoError
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ApiException as HubSpotError
from mailchimp_marketing.api_client import ApiClientError as MailchimpError

from connectors.google.auth import KeyToken
from connectors.sandbox.server import SandboxServer
from connectors.sandbox.vendors.hubspot import MOST_RESULTS
from connectors.sandbox.vendors.sheets import ROWS, SPREADSHEET, TAB
from connectors.sandbox.world.business import crm_log
from connectors.sandbox.world.days import HORIZON_START
from connectors.sandbox.world.mailing import ad_costs, newsletters, subscribers
from tests.fault_rig import NIGHT
from tests.sandbox_fixture import google_credentials
from tests.sandbox_truth import followers, post_totals

SHEETS = "https://www.googleapis.com/auth/spreadsheets.readonly"
DAY_ZERO = date(1899, 12, 30)
YESTERDAY = NIGHT - timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=NIGHT) as running:
        yield running


# --- HubSpot ------------------------------------------------------------------------------------------------------


def hubspot(server: SandboxServer, token: str | None = None) -> Any:
    return HubSpot(access_token=token or server.sandbox.token("hubspot"), host=server.url)


def search(**changed: Any) -> dict[str, Any]:
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    return {"filterGroups": [], "properties": ["createdate"], "sorts": sorts, "limit": 200, **changed}


def millis(moment: datetime) -> str:
    return str(round(moment.timestamp() * 1000))


def test_hubspots_client_pages_through_a_search_and_finds_every_record_once(server: SandboxServer) -> None:
    log, now = crm_log(server.world.brand("fjallglas"), server.world.seed), server.world.now
    since = datetime(2026, 9, 1, tzinfo=UTC)
    first, last = since.timestamp(), now.timestamp()
    truth = sum(
        first <= created <= last < deleted
        for created, deleted in zip(log.contact_created.tolist(), log.contact_deleted.tolist(), strict=True)
    )
    asked = search(
        filterGroups=[{"filters": [{"propertyName": "createdate", "operator": "GTE", "value": millis(since)}]}]
    )
    api, found, after = hubspot(server).crm.contacts.search_api, [], None
    while True:
        reply = api.do_search(asked | ({"after": after} if after else {}))
        found += [each.id for each in reply.results]
        assert all(each.properties["createdate"].endswith("Z") for each in reply.results)
        if reply.paging is None:
            break
        after = reply.paging.next.after
    assert len(found) == len(set(found)) == reply.total == truth > 200


def test_hubspots_client_reads_deals_tickets_and_property_names(server: SandboxServer) -> None:
    client = hubspot(server)
    won = [{"filters": [{"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}]}]
    deals = client.crm.deals.search_api.do_search(search(filterGroups=won, properties=["amount", "closedate"]))
    assert all(float(each.properties["amount"]) > 0 for each in deals.results)
    asked = search(properties=["time_to_first_agent_reply", "no_such"])
    tickets = client.crm.tickets.search_api.do_search(asked)
    assert {each.properties["no_such"] for each in tickets.results} == {None}
    assert {each.properties["time_to_first_agent_reply"] is None for each in tickets.results} == {True, False}
    names = {each.name for each in client.crm.properties.core_api.get_all("deals").results}
    assert {"closedate", "hs_is_closed_won", "amount"} <= names


def test_hubspots_client_raises_for_a_bad_key_and_for_a_window_too_deep(server: SandboxServer) -> None:
    with pytest.raises(HubSpotError) as refused:
        hubspot(server, "pat-eu1-wrong").crm.contacts.search_api.do_search(search())
    assert refused.value.status == 401
    assert "INVALID_AUTHENTICATION" in refused.value.body
    with pytest.raises(HubSpotError) as deep:
        hubspot(server).crm.contacts.search_api.do_search(search(after=str(MOST_RESULTS)))
    assert deep.value.status == 400


def test_each_key_opens_its_own_account(server: SandboxServer) -> None:
    totals = {
        name: hubspot(server, server.sandbox.token(name)).crm.deals.search_api.do_search(search(limit=1)).total
        for name in ("hubspot", "hubspot_lindhs")
    }
    assert totals["hubspot"] != totals["hubspot_lindhs"]


# --- newsletters --------------------------------------------------------------------------------------------------


def mailchimp(server: SandboxServer, key: str | None = None) -> Any:
    client = mailchimp_marketing.Client({"api_key": key or server.sandbox.token("mailchimp"), "server": "us1"})
    client.api_client.host = f"{server.url}/3.0"
    return client


def test_mailchimps_client_reads_lists_their_history_and_campaigns(server: SandboxServer) -> None:
    client, world = mailchimp(server), server.world
    brand = world.brand("fjallglas")
    (audience,) = client.lists.get_all_lists(count=1000)["lists"]
    history = client.lists.get_list_growth_history(audience["id"], count=1000, sort_field="month", sort_dir="ASC")
    by_month = {row["month"]: row["subscribed"] for row in history["history"]}
    assert by_month["2026-10"] == subscribers(brand, world.seed, date(2026, 10, 31))
    since = datetime(2026, 9, 1, tzinfo=UTC)
    reports = client.reports.get_all_campaign_reports(count=1000, since_send_time=since.isoformat())
    sent = [each for each in newsletters(brand, world.seed) if since <= each.sent_at <= world.now]
    assert len(reports["reports"]) == reports["total_items"] == len(sent)
    assert sorted(row["emails_sent"] for row in reports["reports"]) == sorted(each.recipients for each in sent)


def test_mailchimps_client_raises_for_a_bad_key_and_for_a_time_that_is_none(server: SandboxServer) -> None:
    with pytest.raises(MailchimpError) as refused:
        mailchimp(server, "wrong-us1").lists.get_all_lists()
    assert refused.value.status_code == 401
    with pytest.raises(MailchimpError) as untimely:
        mailchimp(server).reports.get_all_campaign_reports(before_send_time="yesterday")
    assert untimely.value.status_code == 400


def brevo_client(server: SandboxServer, key: str | None = None) -> Any:
    return brevo.Brevo(base_url=f"{server.url}/v3", api_key=key or server.sandbox.token("brevo"), max_retries=0)


def test_brevos_client_reads_campaigns_lists_and_the_account(server: SandboxServer) -> None:
    client, world = brevo_client(server), server.world
    brand = world.brand("fjallglas")
    reply = client.email_campaigns.get_email_campaigns(
        status="sent",
        statistics="globalStats",
        start_date="2026-09-01T00:00:00.000Z",
        end_date="2026-11-19T00:00:00.000Z",
        limit=100,
        offset=0,
        exclude_html_content=True,
    )
    edges = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
    sent = [each for each in newsletters(brand, world.seed) if edges[0] <= each.sent_at <= edges[1]]
    delivered = [each.statistics.global_stats.delivered for each in reply.campaigns]
    assert reply.count == len(sent)
    assert sorted(delivered) == sorted(each.delivered for each in sent)
    one = client.email_campaigns.get_email_campaign(reply.campaigns[0].id, statistics="globalStats")
    assert one.statistics.global_stats.delivered == delivered[0]
    lists = client.contacts.get_lists(limit=50)
    assert sum(each.unique_subscribers for each in lists.lists) == subscribers(brand, world.seed, YESTERDAY)


def test_brevos_client_raises_for_a_bad_key_and_for_half_a_window(server: SandboxServer) -> None:
    with pytest.raises(BrevoError) as refused:
        brevo_client(server, "xkeysib-wrong").account.get_account()
    assert refused.value.status_code == 401
    with pytest.raises(BrevoError) as half:
        brevo_client(server).email_campaigns.get_email_campaigns(status="sent", start_date="2026-09-01T00:00:00.000Z")
    assert half.value.status_code == 400


# --- Meta ---------------------------------------------------------------------------------------------------------


def graph(server: SandboxServer, monkeypatch: pytest.MonkeyPatch, *, token: str, version: str) -> FacebookAdsApi:
    monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
    return FacebookAdsApi.init(access_token=token, api_version=version, crash_log=False)


def test_metas_client_pages_through_what_an_account_spent_by_day(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, world = graph(server, monkeypatch, token=server.sandbox.token("meta"), version="v25.0"), server.world
    window = {"since": "2026-09-20", "until": "2026-11-18"}
    cursor = AdAccount("act_9001234567", api=api).get_insights(
        fields=["spend", "account_currency"], params={"time_range": window, "time_increment": 1, "limit": 25}
    )
    found = {row["date_start"]: float(row["spend"]) for row in cursor}
    costs = ad_costs(world.brand("fjallglas"), world.seed)
    days = [date(2026, 9, 20) + timedelta(days=n) for n in range(60)]
    assert found == {str(day): cost for day in days if (cost := costs[(day - HORIZON_START).days])}
    assert len(found) > 25


def test_metas_client_reads_threads_in_graphs_manner(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meta's client has no classes for Threads; its transport, paging shape and errors are Graph's."""
    api, world = graph(server, monkeypatch, token=server.sandbox.token("threads"), version="v1.0"), server.world
    told = api.call("GET", ("17841400000000002", "threads_insights"), params={"metric": "followers_count"}).json()
    assert told["data"][0]["total_value"]["value"] == followers(world, "fjallglas", "facebook")
    page = api.call("GET", ("me", "threads"), params={"fields": "id,timestamp,permalink", "limit": 100}).json()
    found = list(page["data"])
    while "next" in page.get("paging", {}):
        page = api.call("GET", page["paging"]["next"]).json()
        found += page["data"]
    assert len({row["id"] for row in found}) == len(found) == len(post_totals(world, "fjallglas", "facebook"))
    likes = api.call("GET", (found[0]["id"], "insights"), params={"metric": "likes"}).json()
    assert {row["name"] for row in likes["data"]} >= {"likes"}


def test_metas_client_raises_for_a_bad_token(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api = graph(server, monkeypatch, token="EAAwrong", version="v25.0")
    with pytest.raises(FacebookRequestError) as refused:
        AdAccount("act_9001234567", api=api).api_get(fields=["currency"])
    assert refused.value.api_error_code() == 190


# --- Google Sheets ------------------------------------------------------------------------------------------------


def sheets(server: SandboxServer) -> Any:
    return build(
        "sheets",
        "v4",
        credentials=KeyToken(google_credentials(server, scope=SHEETS)),
        static_discovery=True,
        client_options={"api_endpoint": server.url},
    ).spreadsheets()


def test_googles_client_reads_the_tab_with_numbers_and_dates_as_the_sheet_holds_them(server: SandboxServer) -> None:
    about = sheets(server).get(spreadsheetId=SPREADSHEET, fields="properties,sheets.properties").execute()
    assert [each["properties"]["title"] for each in about["sheets"]] == [TAB]
    asked = sheets(server).values()
    reply = asked.batchGet(
        spreadsheetId=SPREADSHEET,
        ranges=f"'{TAB}'!A1:Z1000",
        valueRenderOption="UNFORMATTED_VALUE",
        dateTimeRenderOption="SERIAL_NUMBER",
    ).execute()
    head, *rows = reply["valueRanges"][0]["values"]
    assert head == ["date", "kpi", "value"]
    assert [(DAY_ZERO + timedelta(days=day), kpi, value) for day, kpi, value in rows] == list(ROWS)


def test_googles_client_raises_for_a_spreadsheet_or_a_tab_that_is_not_there(server: SandboxServer) -> None:
    with pytest.raises(HttpError) as missing:
        sheets(server).get(spreadsheetId="1NoSuchSheet").execute()
    assert missing.value.status_code == 404
    with pytest.raises(HttpError) as untitled:
        sheets(server).values().batchGet(spreadsheetId=SPREADSHEET, ranges="'Blad9'!A1:B2").execute()
    assert untitled.value.status_code == 400
