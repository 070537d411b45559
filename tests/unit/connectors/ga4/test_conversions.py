"""GA4's key events and channels over Google's own client, from a local server in the documented wire format.

Really under test: ``connectors.ga4.conversions`` and ``key_events``. Against a truth:
``tests/integration/test_conversions_against_sandbox.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from connectors.core.errors import Unavailable
from connectors.ga4.client import Ga4Client
from connectors.ga4.conversions import CHANNELS, EVENTS, KEY_EVENTS, RATES, Leads
from connectors.ga4.source import Ga4Source
from tests.fake_vendor import NOW, Asked, Says, Vendor, context, doubts, vendor
from tests.unit.ga4_replies import WEEK, key_text, report

LEAD = {
    "name": "properties/412345678/keyEvents/1",
    "eventName": "generate_lead",
    "createTime": "2026-05-17T22:30:00Z",
    "countingMethod": "ONCE_PER_SESSION",
}
PURCHASE = {"name": "properties/412345678/keyEvents/2", "eventName": "purchase", "createTime": "2024-01-01T00:00:00Z"}
DISABLED = {
    "error": {
        "code": 403,
        "message": "Google Analytics Admin API has not been used in project 1 before or it is disabled.",
        "status": "PERMISSION_DENIED",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}],
    }
}
Answer = Callable[[dict[str, Any]], Any]


def google(answer: Answer, *, listed: list[Any] | Says = [LEAD, PURCHASE]) -> Callable[[Asked], Says]:  # noqa: B006
    """Tokens, key events one a page, and reports."""

    def serve(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says({"access_token": "ya29.fresh", "expires_in": 3599, "token_type": "Bearer"})
        if asked.path.endswith("/keyEvents"):
            if isinstance(listed, Says):
                return listed
            at = int(asked.query.get("pageToken", 0))
            more = {"nextPageToken": str(at + 1)} if at + 1 < len(listed) else {}
            return Says({"keyEvents": listed[at : at + 1], **more} if listed else {})
        return Says(answer(asked.json()))

    return serve


def source(server: Vendor, *events: str, leads: Leads = "key_event") -> Ga4Source:
    inside = context(secrets={"credentials": key_text(server.url)}, base_url=server.url)
    client = Ga4Client(context=inside, source="web", property_id="412345678")
    return Ga4Source(context=inside, reports=client, property_id="412345678", events=events, leads=leads)


def asked_reports(server: Vendor) -> list[dict[str, Any]]:
    return [asked.json() for asked in server.asked if asked.path.endswith(":runReport")]


def by_event(body: dict[str, Any]) -> dict[str, Any]:
    names = [each["name"] for each in body.get("dimensions", [])]
    rows = [["20261101", "generate_lead", "2.5", "4"]] if names == ["date", "eventName"] else []
    return report(names, [each["name"] for each in body["metrics"]], rows)


def test_key_events_keep_their_decimals_and_are_asked_without_any_metric_of_users_or_sessions() -> None:
    with vendor(google(by_event)) as server:
        rows = source(server, "generate_lead", "purchase").read(EVENTS, WEEK).rows.to_pylist()
    (body,) = asked_reports(server)
    assert [each["name"] for each in body["metrics"]] == ["keyEvents", "eventCount"]
    assert [each["name"] for each in body["dimensions"]] == ["date", "eventName"]
    chosen = body["dimensionFilter"]["filter"]
    assert chosen["fieldName"] == "eventName"
    assert chosen["inListFilter"] == {"values": ["generate_lead", "purchase"], "caseSensitive": True}
    assert [(row["event"], row["conversions"], row["event_count"]) for row in rows] == [("generate_lead", 2.5, 4.0)]


@pytest.mark.parametrize("listed", [None, Says({})])
def test_an_event_that_is_no_key_event_any_more_keeps_the_days_on_which_it_was(listed: Says | None) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        rows = [
            ["20261101", "contact_form", "2", "2"],  # unmarked the day after
            ["20261102", "contact_form", "0", "3"],
            ["20261102", "generate_lead", "0", "1"],
            ["20261102", "page_view", "0", "900"],
        ]
        return report(["date", "eventName"], ["keyEvents", "eventCount"], rows)

    with vendor(google(answer, listed=listed) if listed else google(answer)) as server:
        rows = source(server).read(EVENTS, WEEK).rows.to_pylist()
    (body,) = asked_reports(server)
    assert "dimensionFilter" not in body
    marked = [] if listed else [(date(2026, 11, 2), "generate_lead", 0.0)]
    assert [(row["day"], row["event"], row["conversions"]) for row in rows] == [
        (date(2026, 11, 1), "contact_form", 2.0),
        *marked,
    ]


def test_the_list_of_key_events_is_read_by_pages_with_counting_and_the_first_whole_day() -> None:
    with vendor(google(by_event)) as server:
        rows = source(server).read(KEY_EVENTS, None).rows.to_pylist()
    listed = [asked for asked in server.asked if asked.path.endswith("/keyEvents")]
    assert [asked.target for asked in listed] == [
        "/v1beta/properties/412345678/keyEvents?pageSize=200",
        "/v1beta/properties/412345678/keyEvents?pageSize=200&pageToken=1",
    ]
    assert listed[0].headers["Authorization"] == "Bearer ya29.fresh"
    lead = rows[0]
    assert (lead["event"], lead["event_id"], lead["counting"]) == ("generate_lead", "1", "ONCE_PER_SESSION")
    # 22:30 in UTC is the 18th in Stockholm
    assert (lead["counted_from"], lead["has_past"]) == (date(2026, 5, 19), False)


def test_a_key_event_that_cannot_be_read_costs_itself_and_what_was_known_of_it_stays() -> None:
    odd = {"name": "properties/412345678/keyEvents/3", "eventName": "signup", "createTime": "soon"}
    with vendor(google(by_event, listed=[odd, LEAD, PURCHASE])) as server:
        batch = source(server, "generate_lead", "signup").read(KEY_EVENTS, None)
    assert [row["event"] for row in batch.rows.to_pylist()] == ["generate_lead"]
    assert (batch.present, batch.listed_since) == ({"signup"}, None)
    assert doubts(batch).keys() == {"entries_left_out"}, "not one that Google does not count"
    with vendor(google(by_event, listed=[{"name": "x"}, LEAD])) as server:
        assert source(server).read(KEY_EVENTS, None).listed_since == NOW, "which of the known it is, it does not say"


def test_the_count_of_a_named_event_has_its_whole_past() -> None:
    with vendor(google(by_event)) as server:
        under = source(server, "generate_lead", leads="event_count")
        (listed,) = under.read(KEY_EVENTS, None).rows.to_pylist()
        (row,) = under.read(EVENTS, WEEK).rows.to_pylist()
    assert (listed["has_past"], listed["counted_from"]) == (True, None)
    assert row["conversions"] == 4.0


def test_without_the_admin_api_conversions_are_read_and_it_is_said_what_is_not_known() -> None:
    with vendor(google(by_event, listed=Says(DISABLED, status=403))) as server:
        under = source(server)
        batch = under.read(KEY_EVENTS, None)
        assert under.read(EVENTS, WEEK).rows.num_rows == 1
    assert batch.rows.num_rows == 0
    assert "enable the Google Analytics Admin API" in str(doubts(batch)["key_events_unlisted"]["what"])
    assert "dimensionFilter" not in asked_reports(server)[0]


@pytest.mark.parametrize("names", [(), ("generate_lead",)])
def test_a_list_that_may_not_be_read_takes_back_no_day_from_which_an_event_counts(names: tuple[str, ...]) -> None:
    with vendor(google(by_event, listed=Says(DISABLED, status=403))) as server:
        batch = source(server, *names).read(KEY_EVENTS, None)
        named = source(server, *names, leads="event_count").read(KEY_EVENTS, None)
    assert (batch.rows.num_rows, batch.listed_since) == (0, NOW)
    assert [(row["event"], row["has_past"]) for row in named.rows.to_pylist()] == [(name, True) for name in names]


def test_an_admin_api_that_is_down_fails_the_read() -> None:
    with vendor(google(by_event, listed=Says({}, status=503))) as server, pytest.raises(Unavailable):
        source(server).read(KEY_EVENTS, None)


def test_an_event_that_is_named_and_not_key_is_told() -> None:
    with vendor(google(by_event)) as server:
        batch = source(server, "generate_lead", "signup").read(KEY_EVENTS, None)
    assert [row["event"] for row in batch.rows.to_pylist()] == ["generate_lead"]
    assert doubts(batch)["not_key_events"]["what"] == "signup"


def test_visits_that_converted_are_whole_and_never_a_mean_of_rates() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        rows = [["20261101", "220", "0.01363636363636"], ["20261102", "0", "0"]]
        return report(["date"], ["sessions", "sessionKeyEventRate"], rows)

    with vendor(google(answer)) as server:
        rows = source(server).read(RATES, WEEK).rows.to_pylist()
    assert [(row["visits"], row["converted_visits"]) for row in rows] == [(220, 3), (0, 0)]


def test_channels_come_in_our_words_with_googles_beside_them() -> None:
    labels = ["AI Assistant", "Cross-network", "Paid Shopping", "Brand new"]

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        rows = [["20261101", label, "10", "8", "0.5"] for label in labels]
        return report(["date", "sessionDefaultChannelGroup"], ["sessions", "engagedSessions", "keyEvents"], rows)

    with vendor(google(answer)) as server:
        batch = source(server).read(CHANNELS, WEEK)
    (body,) = asked_reports(server)
    assert [each["name"] for each in body["metrics"]] == ["sessions", "engagedSessions", "keyEvents"]
    found = {row["label"]: (row["channel"], row["sessions"], row["conversions"]) for row in batch.rows.to_pylist()}
    assert found == {
        "AI Assistant": ("ai_assistants", 10, 0.5),
        "Cross-network": ("other", 10, 0.5),
        "Paid Shopping": ("paid_search", 10, 0.5),
        "Brand new": ("other", 10, 0.5),
    }
    assert doubts(batch)["channel_unknown"]["what"] == "Brand new"


def test_conversions_by_channel_are_those_of_the_named_events() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        names = ["date", "sessionDefaultChannelGroup"]
        if "dimensionFilter" in body:
            meta = {"timeZone": "Europe/Stockholm", "subjectToThresholding": True}
            return report(names, ["keyEvents"], [["20261101", "Direct", "2"]], metadata=meta)
        rows = [["20261101", "Direct", "10", "8", "9"], ["20261101", "Email", "1", "1", "1"]]
        return report(names, ["sessions", "engagedSessions", "keyEvents"], rows)

    with vendor(google(answer)) as server:
        batch = source(server, "generate_lead").read(CHANNELS, WEEK)
    found = [(row["channel"], row["conversions"]) for row in batch.rows.to_pylist()]
    assert found == [("direct", 2.0), ("email", 0.0)]
    assert "thresholded" in doubts(batch), "said of the named events only"


def test_events_of_a_property_without_key_events_are_no_conversions() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return report(["date", "eventName"], ["keyEvents", "eventCount"], [["20261101", "page_view", "0", "900"]])

    with vendor(google(answer, listed=[])) as server:
        assert source(server).read(EVENTS, WEEK).rows.num_rows == 0
