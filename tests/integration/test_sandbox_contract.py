"""The sandbox speaks GA4's wire format, judged by Google's official client and by Google's discovery document.

Really under test: ``connectors.sandbox`` over real HTTP: OAuth, reports, paging, errors. Figures are compared with
truth computed from the event log (``tests/sandbox_truth.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import requests
from google.analytics.data_v1beta.types import (
    BatchRunReportsRequest,
    DateRange,
    Dimension,
    Filter,
    FilterExpression,
    GetMetadataRequest,
    Metric,
    MetricAggregation,
    MetricType,
    OrderBy,
    RunReportRequest,
)
from google.api_core import exceptions
from google.auth import jwt
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request

from connectors.sandbox.faults import (
    AuthReject,
    DuplicateRow,
    EmptyDay,
    MetricRemoved,
    RateLimit,
    Status,
    TruncatedJson,
)
from connectors.sandbox.server import SandboxServer
from tests.discovery import validator
from tests.sandbox_fixture import FJALLGLAS, SKARGARD, Ga4Http, ga4_client, google_bearer, google_credentials
from tests.sandbox_truth import WebTruth

TODAY = date(2026, 11, 20)
OCTOBER = {"startDate": "2026-10-01", "endDate": "2026-10-31"}
WEB = ["activeUsers", "totalUsers", "newUsers", "sessions", "engagedSessions", "screenPageViews"]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(server: SandboxServer) -> Iterator[None]:
    yield
    server.faults.clear()
    server.set_today(TODAY)


@pytest.fixture(scope="module")
def ga4(server: SandboxServer) -> Ga4Http:
    return Ga4Http(server)


@pytest.fixture(scope="module")
def truth(server: SandboxServer) -> WebTruth:
    return WebTruth(server.world, "fjallglas")


def body(
    *, dimensions: tuple[str, ...] = (), metrics: tuple[str, ...] = ("sessions",), **more: object
) -> dict[str, object]:
    return {
        "dateRanges": [OCTOBER],
        "dimensions": [{"name": name} for name in dimensions],
        "metrics": [{"name": name} for name in metrics],
        **more,
    }


def first_values(rows: list[dict[str, list[dict[str, str]]]]) -> dict[str, int]:
    return {row["dimensionValues"][0]["value"]: int(row["metricValues"][0]["value"]) for row in rows}


# --- what Google's own client and document say -------------------------------------------------------------------


def test_googles_client_reads_a_months_unique_visitors_as_the_event_log_has_them(
    server: SandboxServer, truth: WebTruth
) -> None:
    reply = ga4_client(server).run_report(
        RunReportRequest(
            property=f"properties/{FJALLGLAS}",
            dimensions=[Dimension(name="yearMonth")],
            metrics=[Metric(name="activeUsers"), Metric(name="totalUsers")],
            date_ranges=[DateRange(start_date="2026-10-01", end_date="2026-10-31")],
            return_property_quota=True,
        )
    )
    assert reply.row_count == 1
    assert reply.rows[0].dimension_values[0].value == "202610"
    active, total = (int(value.value) for value in reply.rows[0].metric_values)
    assert active == truth.active_visitors(date(2026, 10, 1), date(2026, 10, 31))
    assert total == truth.all_visitors(date(2026, 10, 1), date(2026, 10, 31))
    assert reply.metric_headers[0].type_ == MetricType.TYPE_INTEGER
    assert reply.metadata.time_zone == "Europe/Stockholm"
    assert reply.property_quota.tokens_per_day.remaining < 200_000


def test_a_months_uniques_are_fewer_than_its_days_summed(ga4: Ga4Http) -> None:
    month = first_values(ga4.rows(body(dimensions=("yearMonth",), metrics=("activeUsers",))))["202610"]
    days = first_values(ga4.rows(body(dimensions=("date",), metrics=("activeUsers",))))
    assert len(days) == 31
    assert month < 0.95 * sum(days.values())


def test_days_are_those_of_the_event_log_across_both_changes_of_the_clock(ga4: Ga4Http, truth: WebTruth) -> None:
    ranges = [{"startDate": "2026-03-20", "endDate": "2026-11-05"}]
    metrics = ("sessions", "screenPageViews", "userEngagementDuration")
    rows = ga4.rows({**body(dimensions=("date",), metrics=metrics), "dateRanges": ranges})
    found = {
        date.fromisoformat(row["dimensionValues"][0]["value"]): tuple(int(v["value"]) for v in row["metricValues"])
        for row in rows
    }
    expected = truth.by_day()
    assert found == {day: expected[day] for day in found}
    assert {date(2026, 3, 29), date(2026, 10, 25)} <= set(found)


@pytest.mark.parametrize(
    "asked",
    [
        body(),
        body(dimensions=("date",), metrics=tuple(WEB), metricAggregations=["TOTAL", "MINIMUM", "MAXIMUM"]),
        body(dimensions=("date", "hostName", "pagePath"), metrics=("screenPageViews",), returnPropertyQuota=True),
        body(dimensions=("pagePath",), metrics=("userEngagementDuration", "engagementRate"), keepEmptyRows=True),
        body(dimensions=("date",), dateRanges=[{"startDate": "2019-01-01", "endDate": "2019-12-31"}]),
        body(dimensions=("country",), dateRanges=[OCTOBER, {"startDate": "2025-10-01", "endDate": "2025-10-31"}]),
        body(dimensions=("landingPage", "sessionDefaultChannelGroup"), metrics=("engagedSessions",)),
    ],
)
def test_every_reply_is_valid_by_googles_discovery_document(ga4: Ga4Http, asked: dict[str, object]) -> None:
    reply = ga4.post(asked)
    assert reply.status_code == 200, reply.text
    validator("analyticsdata.v1beta", "RunReportResponse").validate(reply.json())
    assert reply.json()["kind"] == "analyticsData#runReport"


def test_the_discovery_check_can_fail(ga4: Ga4Http) -> None:
    reply = ga4.post(body(dimensions=("date",))).json()
    check = validator("analyticsdata.v1beta", "RunReportResponse")
    assert not list(check.iter_errors(reply))
    assert list(check.iter_errors({**reply, "surprise": 1}))
    assert list(check.iter_errors({**reply, "rowCount": "31"}))


def test_metadata_and_batches_are_valid_and_read_by_the_client(server: SandboxServer, ga4: Ga4Http) -> None:
    url = f"{server.url}/v1beta/properties/{FJALLGLAS}/metadata"
    reply = requests.get(url, headers={"Authorization": f"Bearer {ga4.token}"}, timeout=30)
    validator("analyticsdata.v1beta", "Metadata").validate(reply.json())
    batch = ga4.post({"requests": [body(), body(dimensions=("date",))]}, method="batchRunReports").json()
    validator("analyticsdata.v1beta", "BatchRunReportsResponse").validate(batch)

    client = ga4_client(server)
    known = client.get_metadata(GetMetadataRequest(name=f"properties/{FJALLGLAS}/metadata"))
    assert {"activeUsers", "totalUsers"} <= {metric.api_name for metric in known.metrics}
    one = RunReportRequest(
        metrics=[Metric(name="sessions")], date_ranges=[DateRange(start_date="2026-10-01", end_date="2026-10-31")]
    )
    both = client.batch_run_reports(BatchRunReportsRequest(property=f"properties/{FJALLGLAS}", requests=[one, one]))
    assert both.reports[0] == both.reports[1]


def test_filters_and_orders_of_the_client_work_with_enums_as_numbers(server: SandboxServer) -> None:
    starts = Filter.StringFilter(match_type=Filter.StringFilter.MatchType.BEGINS_WITH, value="/blogg/")
    request = RunReportRequest(
        property=f"properties/{FJALLGLAS}",
        dimensions=[Dimension(name="pagePath")],
        metrics=[Metric(name="screenPageViews")],
        date_ranges=[DateRange(start_date="2026-10-01", end_date="2026-10-31")],
        dimension_filter=FilterExpression(filter=Filter(field_name="pagePath", string_filter=starts)),
        order_bys=[OrderBy(metric=OrderBy.MetricOrderBy(metric_name="screenPageViews"), desc=True)],
        metric_aggregations=[MetricAggregation.TOTAL],
        limit=250_000,
    )
    reply = ga4_client(server).run_report(request)
    views = [int(row.metric_values[0].value) for row in reply.rows]
    assert views == sorted(views, reverse=True)
    assert all(row.dimension_values[0].value.startswith("/blogg/") for row in reply.rows)
    assert int(reply.totals[0].metric_values[0].value) == sum(views)
    assert reply.totals[0].dimension_values[0].value == "RESERVED_TOTAL"


# --- reports ------------------------------------------------------------------------------------------------------


def test_pages_of_a_report_give_each_row_once(ga4: Ga4Http) -> None:
    asked = body(
        dimensions=("date", "pagePath"),
        metrics=("screenPageViews",),
        orderBys=[{"dimension": {"dimensionName": "date"}}, {"dimension": {"dimensionName": "pagePath"}}],
    )
    whole = ga4.post({**asked, "limit": 250_000}).json()
    paged: list[object] = []
    while len(paged) < whole["rowCount"]:
        page = ga4.post({**asked, "limit": "700", "offset": str(len(paged))}).json()
        assert page["rowCount"] == whole["rowCount"]
        paged += page["rows"]
    assert paged == whole["rows"]


def test_the_usual_page_is_ten_thousand_rows(ga4: Ga4Http) -> None:
    asked = {
        **body(dimensions=("date", "pagePathPlusQueryString")),
        "dateRanges": [{"startDate": "2026-01-01", "endDate": "2026-10-31"}],
    }
    reply = ga4.post(asked).json()
    assert len(reply["rows"]) == 10_000 < reply["rowCount"]


def test_days_without_events_have_no_row_and_an_empty_report_no_rows_key(ga4: Ga4Http) -> None:
    asked = body(
        dimensions=("date",), dateRanges=[{"startDate": "2023-06-01", "endDate": "2023-07-02"}], keepEmptyRows=True
    )
    assert set(first_values(ga4.rows(asked))) == {"20230701", "20230702"}
    empty = ga4.post(
        body(dimensions=("date",), dateRanges=[{"startDate": "2019-01-01", "endDate": "2019-02-01"}])
    ).json()
    assert "rows" not in empty
    assert "rowCount" not in empty


def test_rows_of_nothing_but_zeros_need_keep_empty_rows(ga4: Ga4Http) -> None:
    asked = body(dimensions=("date", "pagePath"), metrics=("userEngagementDuration",), limit="250000")
    without, with_ = ga4.post(asked).json(), ga4.post({**asked, "keepEmptyRows": True}).json()
    assert 0 < without["rowCount"] < with_["rowCount"]


def test_two_ranges_add_a_column_and_rows_of_zeros(ga4: Ga4Http) -> None:
    both = [OCTOBER, {"startDate": "2025-10-01", "endDate": "2025-10-31"}]
    reply = ga4.post(body(dimensions=("yearMonth",), dateRanges=both)).json()
    assert [header["name"] for header in reply["dimensionHeaders"]] == ["yearMonth", "dateRange"]
    values = {
        tuple(v["value"] for v in row["dimensionValues"]): row["metricValues"][0]["value"] for row in reply["rows"]
    }
    assert values["202610", "date_range_1"] == values["202510", "date_range_0"] == "0"
    assert int(values["202610", "date_range_0"]) > int(values["202510", "date_range_1"]) > 0


def test_a_total_counts_people_once_and_is_no_sum(ga4: Ga4Http) -> None:
    reply = ga4.post(body(dimensions=("date",), metrics=("totalUsers",), metricAggregations=["TOTAL"])).json()
    total = int(reply["totals"][0]["metricValues"][0]["value"])
    assert total < sum(first_values(reply["rows"]).values())
    assert total == int(ga4.rows(body(metrics=("totalUsers",)))[0]["metricValues"][0]["value"])


def test_relative_days_are_those_of_the_propertys_zone(server: SandboxServer, ga4: Ga4Http) -> None:
    asked = body(dimensions=("date",), dateRanges=[{"startDate": "2daysAgo", "endDate": "yesterday"}])
    assert set(first_values(ga4.rows(asked))) == {"20261118", "20261119"}


def test_nested_filters_are_sets(ga4: Ga4Http) -> None:
    def on(host: str) -> dict[str, object]:
        return {"filter": {"fieldName": "hostName", "stringFilter": {"matchType": "EXACT", "value": host}}}

    def views(expression: dict[str, object] | None) -> int:
        asked = body(metrics=("screenPageViews",)) | ({"dimensionFilter": expression} if expression else {})
        return int(ga4.rows(asked)[0]["metricValues"][0]["value"])

    www, bare = on("www.fjallglas.se"), on("FJALLGLAS.se")
    assert views(None) == views({"orGroup": {"expressions": [www, bare]}}) == views(www) + views(bare)
    assert views({"notExpression": www}) == views(bare)
    assert "rows" not in ga4.post(body(dimensionFilter={"andGroup": {"expressions": [www, bare]}})).json()
    listed = {"filter": {"fieldName": "hostName", "inListFilter": {"values": ["fjallglas.se"]}}}
    assert views(listed) == views(bare)


def test_fresh_days_are_partial_and_restated_until_they_stand(server: SandboxServer, ga4: Ga4Http) -> None:
    asked = body(dateRanges=[{"startDate": "2026-11-19", "endDate": "2026-11-19"}], metrics=("screenPageViews",))
    seen: list[int] = []
    for nights in range(7):
        server.set_today(TODAY + timedelta(days=nights))
        seen.append(int(ga4.rows(asked)[0]["metricValues"][0]["value"]))
    assert seen == sorted(seen)
    assert seen[0] < seen[1] < seen[3]
    assert seen[3] == seen[4] == seen[6]


def test_two_servers_give_the_same_answers(server: SandboxServer, ga4: Ga4Http) -> None:
    asked = body(dimensions=("date", "pagePath"), metrics=tuple(WEB), limit="250000")
    with SandboxServer(today=TODAY) as other:
        assert Ga4Http(other).post(asked).content == ga4.post(asked).content


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (body(metrics=("uniqueVisitors",)), "Field uniqueVisitors is not a valid metric"),
        (body(dimensions=("day",)), "Field day is not a valid dimension"),
        (body(dimensions=("itemName",), metrics=("sessions",)), "to make the request compatible"),
        (body(limit="250001"), "limit"),
        (body(offset="-1"), "offset"),
        (body(dateRanges=[OCTOBER] * 5), "limited to 4 dateRanges"),
        (body(dateRanges=[]), "dateRange is required"),
        (body(dateRanges=[{"startDate": "2026-10-31", "endDate": "2026-10-01"}]), "less than or equal"),
        (body(dateRanges=[{"startDate": "31/10/2026", "endDate": "today"}]), "Invalid date"),
        (
            body(metrics=(*WEB, "eventCount", "bounceRate", "engagementRate", "userEngagementDuration", "x")),
            "10 metrics",
        ),
        (body(dimensions=tuple("abcdefghij")), "9 dimensions"),
        (body(orderBys=[{"metric": {"metricName": "eventCount"}}]), "orderBy"),
        (body(dateRange=OCTOBER), 'Unknown name "dateRange"'),
        (body(dimensionFilter={"filter": {"fieldName": "nope", "stringFilter": {"value": "x"}}}), "nope"),
    ],
)
def test_a_request_that_google_refuses_is_refused_in_its_shape(
    ga4: Ga4Http, asked: dict[str, object], says: str
) -> None:
    reply = ga4.post(asked)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert says in error["message"]


def test_without_a_credential_or_with_a_wrong_one_it_is_401(server: SandboxServer, ga4: Ga4Http) -> None:
    for token, says in (("", "missing required authentication"), ("ya29.nonsense", "invalid authentication")):
        reply = ga4.post(body(), token=token)
        assert (reply.status_code, reply.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
        assert says in reply.json()["error"]["message"]


def test_another_scope_or_another_property_is_403(server: SandboxServer, ga4: Ga4Http) -> None:
    narrow = google_bearer(server, scope="https://www.googleapis.com/auth/webmasters.readonly")
    assert ga4.post(body(), token=narrow).json()["error"]["status"] == "PERMISSION_DENIED"
    reply = ga4.post(body(), property_id="1")
    assert reply.status_code == 403
    assert "does not have sufficient permissions for this property" in reply.json()["error"]["message"]
    assert ga4.post(body(), property_id="G-ABC").status_code == 400


def test_the_second_brand_has_figures_of_its_own(ga4: Ga4Http) -> None:
    one, other = (ga4.post(body(), property_id=number).json()["rows"] for number in (FJALLGLAS, SKARGARD))
    assert one != other


def test_a_batch_holds_at_most_five_reports(ga4: Ga4Http) -> None:
    assert ga4.post({"requests": [body()] * 6}, method="batchRunReports").status_code == 400


# --- OAuth --------------------------------------------------------------------------------------------------------


def grant(server: SandboxServer, **form: str) -> requests.Response:
    return requests.post(f"{server.url}/token", data=form, timeout=30)


def test_a_key_that_the_sandbox_did_not_make_gets_no_token(server: SandboxServer) -> None:
    with SandboxServer(today=TODAY) as stranger:
        key = json.loads(stranger.environment()["OKR_DEMO_GOOGLE_KEY"])
    foreign = google_credentials(server)
    foreign = foreign.__class__.from_service_account_info({**key, "token_uri": f"{server.url}/token"}, scopes=["x"])
    with pytest.raises(RefreshError, match="invalid_grant"):
        foreign.refresh(Request())


def test_a_signature_that_does_not_fit_is_refused(server: SandboxServer) -> None:
    assertion = google_credentials(server)._make_authorization_grant_assertion().decode()
    head, claims, signature = assertion.split(".")
    other = google_credentials(server)._make_authorization_grant_assertion().decode().split(".")[2]
    good = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    assert grant(server, **good, assertion=assertion).status_code == 200
    for broken in (f"{head}.{claims}.{other}", f"{head}.{claims}", "nonsense", f"{head}.{claims}.{signature[:-8]}"):
        reply = grant(server, **good, assertion=broken)
        assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")


def test_a_token_that_the_key_signs_itself_is_taken_for_this_api_only(server: SandboxServer, ga4: Ga4Http) -> None:
    key = google_credentials(server)
    for audience, status in (("https://analyticsdata.googleapis.com/", 200), ("https://example.com/", 401)):
        signed = jwt.Credentials.from_signing_credentials(key, audience)
        signed.refresh(Request())
        assert ga4.post(body(), token=signed.token.decode()).status_code == status


def test_an_assertion_out_of_time_is_refused() -> None:
    with SandboxServer(today=TODAY) as server:
        credentials = google_credentials(server)
        late = server.sandbox.google.wall_clock() + 86_400
        server.sandbox.google.wall_clock = lambda: late
        with pytest.raises(RefreshError, match="short-lived token"):
            credentials.refresh(Request())


def test_other_grants_and_refresh_tokens_answer_as_google_does(server: SandboxServer) -> None:
    assert grant(server, grant_type="password").json()["error"] == "unsupported_grant_type"
    user = server.sandbox.google.create_user(email="kim@example.se", scopes=["scope"])
    assert grant(server, grant_type="refresh_token", **user).json()["token_type"] == "Bearer"
    reply = grant(server, grant_type="refresh_token", **{**user, "refresh_token": "1//old"})
    assert reply.json() == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}


# --- faults -------------------------------------------------------------------------------------------------------


def report(server: SandboxServer) -> object:
    return ga4_client(server).run_report(
        RunReportRequest(
            property=f"properties/{FJALLGLAS}",
            metrics=[Metric(name="sessions")],
            date_ranges=[DateRange(start_date="2026-10-01", end_date="2026-10-31")],
        )
    )


def test_googles_client_raises_its_own_errors_for_faults_and_they_heal(server: SandboxServer) -> None:
    server.faults.set(vendor="ga4", brand="fjallglas", fault=RateLimit(kind="hour"))
    with pytest.raises(exceptions.TooManyRequests, match="per hour"):
        report(server)
    server.faults.clear()
    server.faults.set(vendor="ga4", fault=Status(code=503), calls=1)
    with pytest.raises(exceptions.ServiceUnavailable):
        report(server)
    report(server)
    server.faults.set(vendor="ga4", fault=AuthReject(reason="expired"))
    with pytest.raises(exceptions.Unauthorized):
        report(server)
    server.faults.clear(vendor="ga4")
    server.faults.set(vendor="google_oauth", fault=AuthReject(reason="revoked"))
    with pytest.raises(RefreshError, match="expired or revoked"):
        report(server)


def test_a_fault_of_one_brand_leaves_the_other_alone_and_calls_are_counted(server: SandboxServer, ga4: Ga4Http) -> None:
    server.calls.clear()
    server.faults.set(vendor="ga4", brand="skargard", fault=RateLimit(after=1))
    codes = [ga4.post(body(), property_id=number).status_code for number in (SKARGARD, SKARGARD, FJALLGLAS)]
    assert codes == [200, 429, 200]
    assert [call.status for call in server.calls.of(vendor="ga4", brand="skargard")] == [200, 429]


def test_data_faults_show_in_the_answer(server: SandboxServer, ga4: Ga4Http) -> None:
    asked = body(dimensions=("date",), orderBys=[{"dimension": {"dimensionName": "date"}}], limit="10")
    server.faults.set(vendor="ga4", fault=EmptyDay(day=date(2026, 10, 5)))
    assert "20261005" not in first_values(ga4.rows({**asked, "limit": "40"}))
    server.faults.clear()
    server.faults.set(vendor="ga4", fault=DuplicateRow())
    assert ga4.rows({**asked, "offset": "10"})[0] == ga4.rows(asked)[-1]
    server.faults.clear()
    server.faults.set(vendor="ga4", fault=MetricRemoved(name="totalUsers"))
    assert ga4.post(body(metrics=("totalUsers",))).status_code == 400
    server.faults.clear()
    server.faults.set(vendor="ga4", fault=TruncatedJson())
    with pytest.raises(requests.exceptions.JSONDecodeError):
        ga4.post(asked).json()
