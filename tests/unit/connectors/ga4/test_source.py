"""GA4 through Google's official client against a local server in the documented wire format: rows, paging, errors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from google.oauth2 import service_account
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
)
from connectors.core.shape import BadShape
from connectors.ga4.client import with_port
from connectors.ga4.source import DAILY, MONTHLY, PAGES, report_day
from connectors.google.auth import Bearer, key_token, user_token
from okr_models.periods import Window
from tests.fake_vendor import Asked, Says, context, doubts, vendor
from tests.unit.ga4_replies import WEEK, answer_all, google, key_text, report, source


@pytest.mark.parametrize("allowed", [False, True])
def test_a_key_whose_tokens_come_over_http_from_another_machine_is_refused(allowed: bool) -> None:
    inside = replace(context(secrets={"credentials": key_text("http://tokens.example")}), allow_http=allowed)
    if allowed:
        assert key_token(inside, source="web", field="credentials", scopes=("x",)).email
        return
    with pytest.raises(Misconfigured, match="its token_uri is http"):
        key_token(inside, source="web", field="credentials", scopes=("x",))
    owner = {"client_id": "i", "client_secret": "s3cret", "refresh_token": "r", "token_uri": "http://tokens.example"}
    inside = context(secrets={"credentials": json.dumps(owner)})
    with pytest.raises(Misconfigured, match="its token_uri is http") as refused:
        user_token(inside, source="yt", field="credentials")
    assert "s3cret" not in str(refused.value)


def test_days_come_with_the_token_from_the_keys_own_token_uri() -> None:
    with vendor(google(answer_all)) as server:
        batch = source(server).read(DAILY, WEEK)
    assert batch.rows.schema == DAILY.table.arrow_schema()
    assert batch.rows.num_rows == 19
    assert batch.covers == WEEK
    assert batch.quality["zone"] == "Europe/Stockholm"
    assert [asked.path for asked in server.asked] == ["/token", "/v1beta/properties/412345678:runReport"]
    assert server.asked[1].headers["Authorization"] == "Bearer ya29.fresh"
    assert server.asked[1].json()["orderBys"] == [{"dimension": {"dimensionName": "date"}}]


def test_a_day_is_final_once_it_is_older_than_four_days() -> None:
    with vendor(google(answer_all)) as server:
        rows = source(server).read(DAILY, WEEK).rows.to_pylist()
    assert [row["day"] for row in rows if not row["is_final"]] == [date(2026, 11, day) for day in (16, 17, 18, 19)]


def test_months_are_asked_one_by_one_for_exactly_their_days() -> None:
    with vendor(google(answer_all)) as server:
        batch = source(server).read(MONTHLY, Window(date(2026, 9, 10), date(2026, 11, 19)))
    ranges = [asked.json()["dateRanges"][0] for asked in server.asked[1:]]
    assert [(r["startDate"], r["endDate"]) for r in ranges] == [
        ("2026-09-01", "2026-09-30"),
        ("2026-10-01", "2026-10-31"),
        ("2026-11-01", "2026-11-19"),
    ]
    assert not any("dimensions" in asked.json() for asked in server.asked[1:])
    rows = batch.rows.to_pylist()
    assert [(row["visitors"], row["total_users"], row["is_final"]) for row in rows] == [
        (7, 7, True),
        (7, 7, True),
        (7, 7, False),
    ]
    assert rows[-1]["asked_through"] == date(2026, 11, 19)
    assert batch.covers == Window(date(2026, 9, 1), date(2026, 11, 19))


def test_pages_of_a_report_are_read_to_the_end() -> None:
    with vendor(google(answer_all)) as server:
        batch = source(server, page_rows=10).read(PAGES, WEEK)
    assert batch.rows.num_rows == 38
    assert [asked.json().get("offset") for asked in server.asked[1:]] == [None, "10", "20", "30"]
    assert set(batch.rows.column("path").to_pylist()) == {"/", "/å"}


def test_a_report_that_changes_while_it_is_paged_is_read_again() -> None:
    seen = []

    def drifting(body: dict[str, Any]) -> dict[str, Any]:
        seen.append(body)
        said = answer_all(body)
        return said | {"rowCount": 39} if len(seen) == 2 else said

    with vendor(google(drifting)) as server:
        assert source(server, page_rows=20).read(PAGES, WEEK).rows.num_rows == 38
    assert len(seen) == 4


def test_a_report_cut_short_is_refused_and_not_taken_for_all() -> None:
    short = google(lambda body: answer_all(body) | {"rowCount": 100})
    with vendor(short) as server, pytest.raises(BadReply, match="kept changing"):
        source(server).read(DAILY, WEEK)


def test_rows_without_a_day_are_counted_and_do_not_break_the_read() -> None:
    rows = [
        ["20261101", "1", "2", "3", "4", "5"],
        ["(other)", "9", "9", "9", "9", "9"],
        ["(not set)", "1", "1", "1", "1", "1"],
    ]
    meta = {
        "timeZone": "Europe/Stockholm",
        "dataLossFromOtherRow": True,
        "subjectToThresholding": True,
        "samplingMetadatas": [{"samplesReadCount": "50", "samplingSpaceSize": "200"}],
        "dataTruncationReasons": [
            {"dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY", "dataTruncationDate": "2025-01-01"}
        ],
    }
    quota = {"tokensPerDay": {"consumed": 9, "remaining": 199991}, "tokensPerHour": {"remaining": 39991}}
    metrics = ["activeUsers", "totalUsers", "sessions", "screenPageViews", "userEngagementDuration"]
    with vendor(google(lambda body: report(["date"], metrics, rows, metadata=meta, propertyQuota=quota))) as server:
        batch = source(server).read(DAILY, WEEK)
    assert batch.rows.to_pylist() == [
        {
            "day": date(2026, 11, 1),
            "sessions": 3,
            "page_views": 4,
            "engagement_seconds": 5.0,
            "visitors": 1,
            "total_users": 2,
            "is_final": True,
        }
    ]
    told = doubts(batch)
    assert told["undated_rows"]["quantity"] == 2
    assert (told["sampled"]["quantity"], told["sampled"]["of"]) == (50, 200)
    assert {"thresholded", "rows_folded"} <= told.keys(), "other_row is of page views"
    assert told["history_cut"]["what"] == "DATA_TRUNCATION_TYPE_PROPERTY 2025-01-01"
    assert (told["sampled"]["from"], told["sampled"]["to"]) == ("2026-11-01", "2026-11-19")
    assert (batch.quality["quota_day_left"], batch.quality["quota_hour_left"]) == (199991, 39991)


def test_an_empty_report_is_a_true_answer() -> None:
    empty = {"metadata": {"timeZone": "Europe/Stockholm"}, "kind": "analyticsData#runReport"}
    with vendor(google(lambda body: empty)) as server:
        assert source(server).read(DAILY, WEEK).rows.num_rows == 0
        batch = source(server).read(MONTHLY, WEEK)
    assert (batch.rows.num_rows, batch.covers, doubts(batch)) == (0, WEEK, {})


def test_a_month_without_a_row_whose_days_have_sessions_has_no_users_rather_than_none() -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        october = body["dateRanges"][0]["startDate"] == "2026-10-01"
        if october and not body.get("dimensions"):
            return report([], ["activeUsers", "totalUsers"], [])
        return answer_all(body)

    with vendor(google(answer)) as server:
        batch = source(server).read(MONTHLY, Window(date(2026, 9, 1), date(2026, 11, 19)))
    assert [row["month"].month for row in batch.rows.to_pylist()] == [9, 11]
    told = doubts(batch)["report_not_made"]
    assert (told["moves"], told["from"], told["to"], told["quantity"]) == ("no_value", "2026-10-01", "2026-10-31", 217)
    assert batch.quality["partial"] is True
    assert "2026-10" in str(batch.partly)


def test_page_views_that_google_folded_into_other_are_counted_month_by_month() -> None:
    metrics = ["screenPageViews", "userEngagementDuration"]
    rows = [
        ["20261031", "w.se", "/a", "5", "9"],
        ["20261031", "(other)", "(other)", "45", "9"],
        ["20261101", "w.se", "/a", "7", "9"],
        ["20261102", "(other)", "(other)", "1", "0"],
    ]
    meta = {"timeZone": "Europe/Stockholm", "dataLossFromOtherRow": True}
    window = Window(date(2026, 10, 31), date(2026, 11, 19))
    with vendor(google(lambda body: report(["date", "hostName", "pagePath"], metrics, rows, metadata=meta))) as server:
        told = source(server).read(PAGES, window).quality["doubts"]
    assert isinstance(told, list)
    assert [(one["code"], one["from"], one["quantity"], one["of"]) for one in told] == [  # type: ignore[call-overload,index]
        ("other_row", "2026-10-31", 45, 50),
        ("other_row", "2026-11-01", 1, 8),
    ]


@pytest.mark.parametrize("body", [{}, {"status": "ok"}, {"rowCount": 0}])
def test_json_that_is_no_report_is_not_taken_for_a_site_without_visitors(body: dict[str, Any]) -> None:
    """Google's client makes an empty report of any object; after the zone was learned it counted as zero visitors."""
    with vendor(google(lambda asked: body if len(asked["metrics"]) > 1 else answer_all(asked))) as server:
        account = source(server)
        account.zone()
        with pytest.raises(BadReply, match="not a report"):
            account.read(MONTHLY, WEEK)


def test_a_page_that_google_gives_no_host_for_is_one_page_however_it_says_so() -> None:
    metrics = ["screenPageViews", "userEngagementDuration"]
    rows = [
        ["20261101", "(not set)", "/x", "7", "30"],
        ["20261101", "", "/x", "7", "30"],
        ["20261101", "(other)", "/x", "2", "1.5"],
        ["20261101", "w.se", "/x", "1", "1"],
    ]
    with vendor(google(lambda body: report(["date", "hostName", "pagePath"], metrics, rows))) as server:
        found = source(server).read(PAGES, WEEK).rows.to_pylist()
    assert [(row["host"], row["path"], row["page_views"], row["engagement_seconds"]) for row in found] == [
        ("", "/x", 16, 61.5),
        ("w.se", "/x", 1, 1.0),
    ]


def test_a_row_that_comes_on_two_pages_costs_no_other_row() -> None:
    """Pages were counted by rows: the last row was lost for each that came twice."""

    def overlapping(body: dict[str, Any]) -> dict[str, Any]:
        first = int(body.get("offset", 0))
        return answer_all(body | {"offset": max(0, first - 1)})

    with vendor(google(overlapping)) as server:
        assert source(server, page_rows=10).read(PAGES, WEEK).rows.num_rows == 38


def test_a_quota_that_a_reply_does_not_give_is_not_known() -> None:
    quota = {"tokensPerDay": {"consumed": 9, "remaining": 199991}}
    with vendor(google(lambda body: answer_all(body) | {"propertyQuota": quota})) as server:
        quality = source(server).read(DAILY, WEEK).quality
    assert {name for name in quality if name.startswith("quota_")} == {"quota_day_left"}


def test_the_zone_is_the_propertys_and_decides_what_today_is() -> None:
    meta = {"timeZone": "America/Los_Angeles"}
    with vendor(google(lambda body: answer_all(body) | {"metadata": meta})) as server:
        account = source(server)
        assert account.zone().key == "America/Los_Angeles"
        assert account.today() == date(2026, 11, 19)
        account.zone()
    assert len(server.asked) == 2


def test_an_unknown_zone_is_refused() -> None:
    with (
        vendor(google(lambda body: answer_all(body) | {"metadata": {}})) as server,
        pytest.raises(BadReply, match="time zone"),
    ):
        source(server).zone()


def test_the_probe_says_what_it_found() -> None:
    with vendor(google(answer_all)) as server:
        probe = source(server, prefix="/proxy").probe()
    assert probe.reachable
    assert probe.rows == 7
    assert server.asked[1].path == "/proxy/v1beta/properties/412345678:runReport"


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("https://analyticsdata.googleapis.com", "https://analyticsdata.googleapis.com:443"),
        ("https://proxy.example/google/", "https://proxy.example:443/google"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://[::1]/x", "http://[::1]:80/x"),
    ],
)
def test_an_address_gets_its_port_written_out(given_url: str, used: str) -> None:
    assert with_port(given_url) == used


@given(st.text())
def test_no_date_text_crashes_the_parser_other_than_by_a_bad_shape(text: str) -> None:
    try:
        day = report_day(text)
    except BadShape:
        return
    assert day is None or f"{day:%Y%m%d}" == text


@given(st.dates(date(1000, 1, 1)))
def test_every_day_is_read_back(day: date) -> None:
    assert report_day(f"{day:%Y%m%d}") == day


def test_a_bearer_fetches_one_token_for_many_calls_and_names_a_refusal() -> None:
    def issue(asked: Asked) -> Says:
        return Says({"access_token": f"ya29.{len(asked.body)}", "expires_in": 3599})

    with vendor(issue) as server:
        inside = context(secrets={"credentials": key_text(server.url)})
        token = key_token(inside, source="search", field="credentials", scopes=("https://example/scope",))
        bearer = Bearer(inside, source="search", token=token)
        assert bearer() == bearer()
        assert bearer()["Authorization"].startswith("Bearer ya29.")
        assert token.email == "okr@p.iam.gserviceaccount.com"
    assert len(server.asked) == 1
    with vendor([Says({"error": "invalid_grant", "error_description": "revoked"}, status=400)]) as server:
        inside = context(secrets={"credentials": key_text(server.url)})
        token = key_token(inside, source="search", field="credentials", scopes=("https://example/scope",))
        with pytest.raises(AuthFailed, match="fjallglas/search"):
            Bearer(inside, source="search", token=token)()


def test_a_key_of_many_clients_is_checked_once_and_their_tokens_are_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    real = service_account.Credentials.from_service_account_info
    monkeypatch.setattr(
        service_account.Credentials,
        "from_service_account_info",
        lambda info: checked.append(info) or real(info),
    )
    with vendor(lambda asked: Says({"access_token": f"ya29.{len(server.asked)}", "expires_in": 3599})) as server:
        # a key of its own: another test's server may have had this one's port before
        key = json.loads(key_text(server.url)) | {"private_key_id": "of many clients"}
        inside = context(secrets={"credentials": json.dumps(key)})
        tokens = [
            key_token(inside, source=name, field="credentials", scopes=(f"https://example/{name}",))
            for name in ("search", "web")
        ]
        headers = [Bearer(inside, source="any", token=token)()["Authorization"] for token in tokens]
        assert len(set(headers)) == len(server.asked) == 2
    assert len(checked) == 1
