"""GA4 through Google's official client against a local server in the documented wire format: rows, paging, errors."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
)
from connectors.ga4 import DAILY, MONTHLY, PAGES, Ga4Source, report_day
from connectors.ga4_client import Ga4Client, with_port
from connectors.google_auth import Bearer, key_token
from connectors.registry import open_source
from connectors.shape import BadShape
from okr_models.periods import Window
from okr_models.sources import EnvRef, Ga4
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, vendor

WEEK = Window(date(2026, 11, 1), date(2026, 11, 19))
PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode()
)  # fmt: skip


def key_text(url: str) -> str:
    """A service account's key whose tokens come from the local server."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "k1",
            "private_key": PRIVATE_KEY,
            "client_email": "okr@p.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{url}/token",
        }
    )


def source(server: Vendor, *, page_rows: int = 250_000, prefix: str = "", sleep: Naps | None = None) -> Ga4Source:
    inside = context(secrets={"credentials": key_text(server.url)}, base_url=server.url + prefix, sleep=sleep)
    client = Ga4Client(context=inside, source="web", property_id="412345678", page_rows=page_rows)
    return Ga4Source(context=inside, reports=client, property_id="412345678")


def report(dimensions: list[str], metrics: list[str], rows: list[list[str]], **extra: Any) -> dict[str, Any]:
    width = len(dimensions)
    return {
        "dimensionHeaders": [{"name": name} for name in dimensions],
        "metricHeaders": [{"name": name, "type": "TYPE_INTEGER"} for name in metrics],
        "rows": [
            {
                "dimensionValues": [{"value": value} for value in row[:width]],
                "metricValues": [{"value": value} for value in row[width:]],
            }
            for row in rows
        ],
        "rowCount": len(rows),
        "metadata": {"currencyCode": "SEK", "timeZone": "Europe/Stockholm", "newField": 1},
        "kind": "analyticsData#runReport",
    } | extra


def google(answer: Any) -> Any:
    """Google: a token endpoint, and reports by ``answer(request body)``."""

    def serve(asked: Asked) -> Says:
        if asked.path == "/token":
            return Says({"access_token": "ya29.fresh", "expires_in": 3599, "token_type": "Bearer"})
        said = answer(asked.json())
        return said if isinstance(said, Says) else Says(said)

    return serve


def answer_all(body: dict[str, Any]) -> dict[str, Any]:
    """Rows for whatever is asked: constant figures, one row a day and page."""
    names = [dimension["name"] for dimension in body.get("dimensions", [])]
    metrics = [metric["name"] for metric in body["metrics"]]
    start, end = (date.fromisoformat(body["dateRanges"][0][edge]) for edge in ("startDate", "endDate"))
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)] if "date" in names else [start]
    keys = [
        [f"{day:%Y%m%d}", *extra]
        for day in days
        for extra in ([["w.se", "/"], ["w.se", "/å"]] if len(names) == 3 else [[]])
    ]
    rows = [[*(key if names else []), *("7" for _ in metrics)] for key in keys]
    first = int(body.get("offset", 0))
    page = rows[first : first + int(body["limit"])]
    return report(names, metrics, page, rowCount=len(rows))


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
    quality = batch.quality
    assert quality["undated_rows"] == 2
    assert quality["sampled_share"] == 0.25
    assert quality["thresholded"] is quality["data_loss_from_other_row"] is True
    assert quality["truncated"] == "DATA_TRUNCATION_TYPE_PROPERTY"
    assert (quality["quota_day_left"], quality["quota_hour_left"]) == (199991, 39991)


def test_an_empty_report_is_a_true_answer() -> None:
    empty = {"metadata": {"timeZone": "Europe/Stockholm"}, "kind": "analyticsData#runReport"}
    with vendor(google(lambda body: empty)) as server:
        assert source(server).read(DAILY, WEEK).rows.num_rows == 0
        month = source(server).read(MONTHLY, WEEK).rows.to_pylist()
    assert [(row["month"], row["visitors"]) for row in month] == [(date(2026, 11, 1), 0)]


def error(code: int, status: str, message: str) -> Says:
    return Says({"error": {"code": code, "message": message, "status": status}}, status=code)


HOUR = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
DAY = "Exhausted property tokens per day. These quota tokens will return in under 24 hours."
THRESHOLDED = "Exhausted potentially thresholded requests quota."
CONCURRENT = "Exhausted concurrent requests quota."


@pytest.mark.parametrize(
    ("reply", "kind", "calls"),
    [
        (error(429, "RESOURCE_EXHAUSTED", HOUR), QuotaExhausted, 1),
        (error(429, "RESOURCE_EXHAUSTED", DAY), QuotaExhausted, 1),
        (error(429, "RESOURCE_EXHAUSTED", THRESHOLDED), QuotaExhausted, 1),
        (error(429, "RESOURCE_EXHAUSTED", CONCURRENT), RateLimited, 4),
        (error(403, "PERMISSION_DENIED", "User does not have sufficient permissions"), PermissionMissing, 1),
        (error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials"), AuthFailed, None),
        (error(400, "INVALID_ARGUMENT", "Please remove sessions to make the request compatible"), BadReply, 1),
        (error(500, "INTERNAL", "Internal error"), Unavailable, 4),
        (error(503, "UNAVAILABLE", "The service is currently unavailable"), Unavailable, 4),
        (Says("<html>gateway</html>", status=502, headers={"Content-Type": "text/html"}), Unavailable, 4),
        (Says({"error": "upstream"}, status=400), BadReply, 1),
        (Says("<html>login</html>", headers={"Content-Type": "text/html"}), BadReply, 2),
        (Says('{"rows": [', headers={}), BadReply, 2),
    ],
)
def test_googles_errors_become_ours_and_only_passing_ones_are_asked_again(
    reply: Says, kind: type[SourceError], calls: int | None
) -> None:
    with vendor(google(lambda body: reply)) as server:
        with pytest.raises(kind) as raised:
            source(server).read(DAILY, WEEK)
        asked = [a for a in server.asked if a.path != "/token"]
    assert type(raised.value) is kind
    assert calls is None or len(asked) == raised.value.attempts == calls
    assert "BEGIN" not in str(raised.value)
    assert PRIVATE_KEY.splitlines()[3] not in str(raised.value)


def test_a_quota_names_how_long_until_it_returns() -> None:
    with (
        vendor(google(lambda body: error(429, "RESOURCE_EXHAUSTED", DAY))) as server,
        pytest.raises(QuotaExhausted) as raised,
    ):
        source(server).read(DAILY, WEEK)
    # 04:00 UTC is 20:00 the evening before in California
    assert raised.value.retry_after_seconds == 4 * 3600


def test_every_wait_is_the_contexts_in_seconds_with_jitter_or_as_google_asks() -> None:
    naps = Naps()
    with vendor(google(lambda body: error(429, "RESOURCE_EXHAUSTED", CONCURRENT))) as server:
        with pytest.raises(RateLimited):
            source(server, sleep=naps).read(DAILY, WEEK)
        first = list(naps.taken)
        with pytest.raises(RateLimited):
            source(server, sleep=naps).read(DAILY, WEEK)
    assert [0.5 * 2**n <= nap <= 2**n for n, nap in enumerate(first)] == [True, True, True]
    assert naps.taken[3:] != first
    naps = Naps()
    asked_to_wait = Says({"error": {"code": 503, "status": "UNAVAILABLE"}}, status=503, headers={"Retry-After": "7"})
    with vendor(google(lambda body: asked_to_wait)) as server, pytest.raises(Unavailable):
        source(server, sleep=naps).read(DAILY, WEEK)
    assert naps.taken == [7.0, 7.0, 7.0]


def test_a_quota_of_the_hour_or_the_day_is_never_slept_for() -> None:
    naps = Naps()
    for message in (HOUR, DAY, THRESHOLDED):
        with (
            vendor(google(lambda body, said=message: error(429, "RESOURCE_EXHAUSTED", said))) as server,
            pytest.raises(QuotaExhausted),
        ):
            source(server, sleep=naps).read(DAILY, WEEK)
    assert naps.taken == []


def test_a_property_is_left_alone_before_google_blocks_it_for_its_server_errors() -> None:
    with vendor(google(lambda body: error(500, "INTERNAL", "Internal error"))) as server:
        account = source(server)
        for kind in (Unavailable, Unavailable, QuotaExhausted):
            with pytest.raises(kind) as raised:
                account.read(DAILY, WEEK)
        asked = [a for a in server.asked if a.path != "/token"]
    assert len(asked) == 6
    assert "allows ten per hour" in str(raised.value)


@pytest.mark.parametrize(
    ("left", "says", "comes_back"),
    [
        ({"tokensPerDay": {"consumed": 9, "remaining": 8}}, "8 property tokens per day are left", 4 * 3600),
        ({"tokensPerHour": {"consumed": 9, "remaining": 0}}, "0 property tokens per hour are left", 3600),
        ({"tokensPerProjectPerHour": {"consumed": 9, "remaining": 3}}, "for a project per hour", 3600),
        ({"tokensPerDay": {"consumed": 9, "remaining": 9}}, None, None),
        ({"concurrentRequests": {"remaining": 0}}, None, None),
        ({}, None, None),
    ],
)
def test_no_report_is_asked_that_the_quota_left_would_not_pay_for(
    left: dict[str, Any], says: str | None, comes_back: float | None
) -> None:
    with vendor(google(lambda body: answer_all(body) | {"propertyQuota": left})) as server:
        account = source(server)
        account.read(DAILY, WEEK)
        if says is None:
            account.read(DAILY, WEEK)
        else:
            with pytest.raises(QuotaExhausted, match=says) as raised:
                account.read(DAILY, WEEK)
            assert raised.value.retry_after_seconds == comes_back
        assert len(server.asked) == (3 if says is None else 2)


def test_few_server_errors_left_for_the_project_are_not_spent_on_asking_again() -> None:
    few = {"serverErrorsPerProjectPerHour": {"consumed": 7, "remaining": 3}}
    replies = [answer_all, lambda body: error(500, "INTERNAL", "Internal error")]

    def serve(body: dict[str, Any]) -> Any:
        said = replies[0](body)
        return said | {"propertyQuota": few} if isinstance(said, dict) else said

    with vendor(google(serve)) as server:
        account = source(server)
        account.read(DAILY, WEEK)
        replies.pop(0)
        with pytest.raises(Unavailable) as raised:
            account.read(DAILY, WEEK)
    assert raised.value.attempts == 1


def test_a_passing_error_heals_and_the_attempts_are_counted() -> None:
    seen: list[int] = []

    def flaky(body: dict[str, Any]) -> Any:
        seen.append(1)
        return error(503, "UNAVAILABLE", "later") if len(seen) < 3 else answer_all(body)

    with vendor(google(flaky)) as server:
        assert source(server).read(DAILY, WEEK).attempts == 3


@pytest.mark.parametrize(
    ("token_reply", "kind"),
    [
        (
            Says({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, status=400),
            AuthFailed,
        ),
        (Says({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, status=400), AuthFailed),
        (Says({"nothing": 1}), AuthFailed),
        (Says("<html>login</html>", headers={"Content-Type": "text/html"}), BadReply),
    ],
)
def test_a_refused_key_is_an_auth_error_at_once(token_reply: Says, kind: type[SourceError]) -> None:
    with vendor(lambda asked: token_reply) as server, pytest.raises(kind):
        source(server).read(DAILY, WEEK)
    assert len(server.asked) == 1


def test_the_key_must_be_a_key_and_never_shows_in_the_error() -> None:
    settings = Ga4(id="web", property_id="1", credentials=EnvRef(env="K"))
    for text in ("not json at all", "{}", '{"type": "service_account", "private_key": "s3cretkey"}', "[1]"):
        with pytest.raises(Misconfigured) as raised:
            open_source(settings, context(secrets={"credentials": text}))
        assert "s3cretkey" not in f"{raised.value}{raised.value.__cause__}{raised.value.__context__}"


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
