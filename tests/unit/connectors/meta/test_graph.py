"""The Graph API core against a local server: token and proof, paging, budgets, dead metrics, errors by code, expiry.

Really under test: ``connectors.meta.graph``, ``connectors.meta.errors`` and ``connectors.meta.usage``, in Meta's own
shapes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
    VersionRetired,
)
from connectors.core.shape import BadShape
from connectors.meta.graph import PACIFIC, Graph, day_ended, midnight, query_of, sunset_on
from connectors.meta.settings import FacebookPage
from connectors.meta.usage import read_usage
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Asked, Naps, Says, Vendor, context, vendor

TOKEN = "EAABsecret0123456789token"
APP_SECRET = "0123456789abcdef0123456789abcdef"
PROOF = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


def graph(url: str, *, naps: Naps | None = None, proof: bool = False, **extra: Any) -> Graph:
    named = {"app_secret": EnvRef(env="S")} if proof else {}
    settings = FacebookPage(id="fb", page_id="7", token=EnvRef(env="T"), **named, **extra)
    secrets = {"token": TOKEN, "app_secret": APP_SECRET}
    return Graph(settings=settings, context=context(secrets=secrets, base_url=url, sleep=naps))


def failure(code: int, message: str = "(#1) no", *, status: int = 400, headers: Any = None, **more: Any) -> Says:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Axyz", **more}
    return Says({"error": error}, status=status, headers=headers or {})


def usage(percent: int, *, minutes: int = 0) -> dict[str, str]:
    entry = {"type": "pages", "call_count": percent, "total_time": 0, "estimated_time_to_regain_access": minutes}
    return {"X-Business-Use-Case-Usage": json.dumps({"7": [entry]})}


def read(server: Vendor, **extra: Any) -> Any:
    return graph(server.url, **extra).get("/7", {"fields": "id"}, attempted="reading the page").value


def test_the_token_goes_in_a_header_and_the_proof_beside_it() -> None:
    with vendor([Says({"id": "7"}), Says({"id": "7"})]) as server:
        read(server, proof=True)
        read(server)
    first, second = server.asked
    assert first.path == "/v26.0/7"
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert first.query == {"fields": "id", "appsecret_proof": PROOF}
    assert second.query == {"fields": "id"}
    assert TOKEN not in first.target + second.target


def test_a_version_in_the_client_file_is_the_one_asked_for_and_another_served_is_told() -> None:
    with vendor([Says({"id": "7"}, headers={"facebook-api-version": "v21.0"})]) as server:
        opened = graph(server.url, api_version="v19.0")
        opened.get("/7", {}, attempted="reading")
    assert server.asked[0].path == "/v19.0/7"
    assert opened.quality() == {"version_served": "v21.0"}
    assert "answered as v21.0" in opened.about("page")


@pytest.mark.parametrize(
    ("version", "day"),
    [("v26.0", None), ("v25.0", date(2028, 7, 29)), ("v19.0", date(2026, 9, 24)), ("v27.0", None)],
)
def test_versions_end_when_meta_says(version: str, day: date | None) -> None:
    assert sunset_on(version) == day


# --- paging ----------------------------------------------------------------------------------------------------------


def pages(*bodies: Mapping[str, Any]) -> Callable[[Asked], Says]:
    """Replies whose ``next`` points to a host that must never be called, with the token in it."""
    left = iter(range(len(bodies)))

    def answer(asked: Asked) -> Says:
        number = next(left)
        following = f"https://graph.invalid/v25.0/7/posts?access_token={TOKEN}&limit=100&fields=id&after=c{number}"
        paging = {"paging": {"cursors": {"after": f"c{number}"}, "next": following}}
        return Says({**bodies[number], **(paging if number + 1 < len(bodies) else {})})

    return answer


def ids(server: Vendor, **extra: Any) -> list[str]:
    found = graph(server.url, **extra).listed("/7/posts", fields=["id"], attempted="listing posts")
    return [item.text("id") for item in found]


def test_next_is_followed_past_empty_pages_until_it_is_absent_and_an_id_counts_once() -> None:
    bodies: list[dict[str, Any]] = [
        {"data": [{"id": "a"}]},
        {"data": []},
        {"data": [{"id": "a"}, {"id": "b"}]},
        {"data": []},
    ]
    with vendor(pages(*bodies)) as server:
        assert ids(server, proof=True) == ["a", "b"]
    assert [asked.query.get("after") for asked in server.asked] == [None, "c0", "c1", "c2"]
    assert {asked.path for asked in server.asked} == {"/v26.0/7/posts"}
    assert {asked.query["appsecret_proof"] for asked in server.asked} == {PROOF}
    assert not any("access_token" in asked.query for asked in server.asked)


def test_a_next_that_leads_back_is_refused_rather_than_followed_for_ever() -> None:
    body = {"data": [{"id": "a"}], "paging": {"next": "https://graph.invalid/v26.0/7/posts?after=x"}}
    with vendor(lambda asked: Says(body)) as server, pytest.raises(BadShape, match="same page again"):
        ids(server)
    assert len(server.asked) == 2


def test_a_page_that_is_too_heavy_is_asked_for_by_halves_from_there_on() -> None:
    heavy = "Please reduce the amount of data you're asking for, then retry your request"

    def answer(asked: Asked) -> Says:
        if int(asked.query["limit"]) > 30:
            return failure(1, heavy, status=500)
        following = {} if "after" in asked.query else {"next": "https://graph.invalid/x?limit=100&after=c"}
        return Says({"data": [{"id": asked.query.get("after", "a")}], "paging": following})

    with vendor(answer) as server:
        assert ids(server) == ["a", "c"]
    assert [asked.query["limit"] for asked in server.asked] == ["100", "50", "25", "25"]


def test_a_page_of_one_that_is_still_too_heavy_is_an_error_and_not_a_short_list() -> None:
    heavy = failure(1, "Please reduce the amount of data", status=500)
    with vendor(lambda asked: heavy) as server, pytest.raises(Unavailable):
        ids(server)
    assert [asked.query["limit"] for asked in server.asked] == ["100", "50", "25", "12", "6", "3", "1"]


def test_an_optional_field_that_is_not_known_is_dropped_by_its_name_and_others_fail() -> None:
    def answer(asked: Asked) -> Says:
        fields = asked.query["fields"].split(",")
        if "reposts_count" in fields:
            return failure(100, "(#100) Tried accessing nonexisting field (reposts_count) on node type (IGMedia)")
        return Says({"data": [{"id": "a", "shares_count": 3}]})

    with vendor(answer) as server:
        opened = graph(server.url)
        optional = ["shares_count", "reposts_count"]
        for _ in range(2):
            assert opened.listed("/7/media", fields=["id"], optional=optional, attempted="media")[0].whole(
                "shares_count"
            ) == 3  # fmt: skip
        assert opened.quality() == {"unavailable": "reposts_count"}
        with pytest.raises(BadReply):
            opened.listed("/7/media", fields=["id", "reposts_count"], attempted="media")
    assert len(server.asked) == 4


# --- insights --------------------------------------------------------------------------------------------------------


def alive(*names: str) -> Callable[[Asked], Says]:
    def answer(asked: Asked) -> Says:
        wanted = asked.query["metric"].split(",")
        if not set(wanted) <= set(names):
            return failure(100, "(#100) The value must be a valid insights metric")
        endless = {"next": "https://graph.invalid/more", "previous": "https://graph.invalid/less"}
        return Says({"data": [{"name": name, "values": []} for name in wanted], "paging": endless})

    return answer


def test_a_dead_metric_is_found_by_halves_noted_and_not_asked_for_again() -> None:
    with vendor(alive("a", "b", "c", "e")) as server:
        opened = graph(server.url)
        first = opened.insights("7", ["a", "b", "c", "d", "e"], {}, attempted="insights")
        again = opened.insights("7", ["a", "b", "c", "d", "e"], {}, attempted="insights")
    assert set(first) == set(again) == {"a", "b", "c", "e"}
    assert opened.quality() == {"unavailable": "d"}
    asked = [asked.query["metric"] for asked in server.asked]
    assert asked == ["a,b,c,d,e", "a,b", "c,d,e", "c", "d,e", "d", "e", "a,b,c,e"]


def test_insights_without_any_living_metric_are_an_error_and_never_empty_data() -> None:
    with vendor(alive()) as server:
        opened = graph(server.url)
        for _ in range(2):
            with pytest.raises(BadReply, match="no longer knows the metric page_fans") as raised:
                opened.insights("7", ["page_fans"], {}, attempted="followers")
            assert raised.value.cure
    assert len(server.asked) == 1


@pytest.mark.parametrize("message", ["(#100) metric[0] must be one of the following values: reach", "(#100) other"])
def test_only_the_words_for_a_dead_metric_are_taken_for_one(message: str) -> None:
    with vendor(lambda asked: failure(100, message)) as server, pytest.raises(BadReply) as raised:
        graph(server.url).insights("7", ["likes", "shares"], {}, attempted="insights")
    assert len(server.asked) == (3 if "metric[0]" in message else 1)
    assert ("no longer knows" in str(raised.value)) == ("metric[0]" in message)


# --- errors ----------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[int, int | None, int, str, type[SourceError]]] = [
    (190, 463, 400, "Error validating access token: Session has expired", AuthFailed),
    (190, 460, 401, "The session has been invalidated because the user changed their password", AuthFailed),
    (190, None, 400, "Invalid OAuth access token - Cannot parse access token", AuthFailed),
    (104, None, 400, "An access token is required to request this resource.", AuthFailed),
    (10, None, 403, "(#10) Application does not have permission for this action", PermissionMissing),
    (200, None, 403, "(#200) Requires business_management permission", PermissionMissing),
    (299, None, 400, "(#299) ...", PermissionMissing),
    (368, None, 400, "(#368) The action attempted has been deemed abusive", PermissionMissing),
    (100, 33, 400, "Unsupported get request. Object with ID '7' does not exist", NotFound),
    (100, None, 400, "(#100) since param is not valid. Metrics data is available for the last 2 years", NotFound),
    (100, None, 400, "(#100) There cannot be more than 30 days (2592000 s) between since and until", BadReply),
    (
        100,
        None,
        400,
        "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature, or does not"
        " support this operation. This endpoint requires the 'pages_read_engagement' permission.",
        PermissionMissing,
    ),
    (
        100,
        None,
        403,
        "(#100) This edge requires the 'read_insights' permission",
        PermissionMissing,
    ),
    (100, None, 400, "(#100) " + "x" * 300 + " requires the 'read_insights' permission", PermissionMissing),
    (100, None, 400, "(#100) Param metric requires at least one value", BadReply),
    (100, None, 400, "(#100) This requires either app secret proof or an app token", Misconfigured),
    (21, None, 400, "(#21) Page ID 7 was migrated to page ID 8. Please update your API calls to the new ID", NotFound),
    (803, None, 404, "(#803) Some of the aliases you requested do not exist: x", NotFound),
    (2635, None, 400, "(#2635) You are calling a deprecated version of the API.", VersionRetired),
    (2500, None, 400, "Unknown path components: /v99.0", VersionRetired),
    (100, None, 400, "Invalid appsecret_proof provided in the API argument", Misconfigured),
    (100, None, 400, "API calls from the server require an appsecret_proof argument", Misconfigured),
    (99999, None, 400, "new", BadReply),
    (99999, None, 200, "an error under a good status", BadReply),
]


@pytest.mark.parametrize(("code", "subcode", "status", "message", "kind"), ERRORS)
def test_the_bodys_code_says_what_went_wrong_and_such_an_error_is_asked_once(
    code: int, subcode: int | None, status: int, message: str, kind: type[SourceError]
) -> None:
    more = {"error_subcode": subcode} if subcode else {}
    says = failure(code, message, status=status, **more)
    with vendor(lambda asked: says) as server, pytest.raises(kind) as raised:
        read(server)
    assert type(raised.value) is kind
    assert len(server.asked) == 1
    assert str(code) in str(raised.value)
    assert raised.value.cure or kind is BadReply


def test_what_may_not_be_read_and_what_is_not_there_have_one_cure_as_meta_does_not_say_which() -> None:
    message = "(#100) Object does not exist, cannot be loaded due to missing permission or reviewable feature."
    with vendor(lambda asked: failure(100, message)) as server, pytest.raises(PermissionMissing) as raised:
        read(server)
    assert "check the id in the client file, and that the token may read it" in str(raised.value)
    assert "pages_read_engagement" in str(raised.value)


def test_the_words_that_meta_has_for_people_are_shown_where_its_message_lacks_them() -> None:
    shown = {"error_user_title": "Kontot är spärrat", "error_user_msg": "Bekräfta\nkontot på facebook.com."}
    with vendor(lambda asked: failure(190, "Invalid OAuth", **shown)) as server, pytest.raises(AuthFailed) as raised:
        read(server)
    assert "Invalid OAuth; Meta says: Kontot är spärrat: Bekräfta kontot på facebook.com." in raised.value.detail
    same = {"error_user_msg": "Invalid OAuth"}
    with vendor(lambda asked: failure(190, "Invalid OAuth", **same)) as server, pytest.raises(AuthFailed) as raised:
        read(server)
    assert "Meta says" not in raised.value.detail


@pytest.mark.parametrize(
    "says",
    [failure(2, status=500, is_transient=True), failure(1, "An unknown error has occurred."), Says("", status=503)],
)
def test_a_passing_error_is_tried_again_within_bounds(says: Says) -> None:
    naps = Naps()
    with vendor([says, Says({"id": "7"})]) as server:
        assert read(server, naps=naps) == {"id": "7"}
    with vendor(lambda asked: says) as server, pytest.raises(Unavailable):
        read(server, naps=naps)
    assert len(server.asked) == 4


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002])
def test_a_throttle_is_tried_again_unless_the_budget_is_gone(code: int) -> None:
    with vendor([failure(code), Says({"id": "7"})]) as server:
        assert read(server) == {"id": "7"}
    with vendor(lambda asked: failure(code)) as server, pytest.raises(RateLimited):
        read(server)
    assert len(server.asked) == 4
    with vendor(lambda asked: failure(code, headers=usage(100))) as server, pytest.raises(QuotaExhausted) as raised:
        read(server)
    assert len(server.asked) == 1
    assert raised.value.retry_after_seconds == 3600


def test_the_minutes_that_meta_names_are_kept_and_not_waited_for_in_the_run() -> None:
    naps = Naps()
    says = failure(80001, headers=usage(100, minutes=47))
    with vendor(lambda asked: says) as server, pytest.raises(QuotaExhausted) as raised:
        read(server, naps=naps)
    assert raised.value.retry_after_seconds == 47 * 60
    assert naps.taken == []


# --- budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "slow"), [(0, False), (74, False), (75, True), (85, True), (94, True)])
def test_calls_slow_down_as_the_budget_fills(percent: int, slow: bool) -> None:
    naps = Naps()
    with vendor(lambda asked: Says({"id": "7"}, headers=usage(percent))) as server:
        opened = graph(server.url, naps=naps)
        for _ in range(2):
            opened.get("/7", {}, attempted="reading")
    waits = [wait for wait in naps.taken if wait >= 1.0]
    assert bool(waits) == slow
    assert all(wait <= 10.0 for wait in waits)
    assert opened.quality() == ({"budget_used_pct": float(percent)} if percent else {})


@pytest.mark.parametrize("headers", [usage(95), usage(10, minutes=3), {"X-App-Usage": '{"total_cputime": 99}'}])
def test_nothing_is_asked_once_the_budget_is_nearly_gone_and_the_last_answer_still_counts(
    headers: dict[str, str],
) -> None:
    with vendor(lambda asked: Says({"id": "7"}, headers=headers)) as server:
        opened = graph(server.url)
        assert opened.get("/7", {}, attempted="reading").text("id") == "7"
        with pytest.raises(QuotaExhausted, match="call budget"):
            opened.get("/7", {}, attempted="reading")
    assert len(server.asked) == 1


@given(st.text(), st.text())
def test_headers_of_any_content_are_read_or_passed_over(app: str, business: str) -> None:
    found = read_usage({"X-App-Usage": app, "X-Business-Use-Case-Usage": business})
    assert found is None or found.percent >= 0


@given(st.lists(st.integers(0, 100), min_size=1, max_size=4), st.integers(0, 100))
def test_the_fullest_budget_counts(percents: list[int], app: int) -> None:
    entries = {str(n): [{"call_count": percent}] for n, percent in enumerate(percents)}
    headers = {"X-App-Usage": json.dumps({"total_time": app}), "X-Business-Use-Case-Usage": json.dumps(entries)}
    found = read_usage(headers)
    assert found is not None
    assert found.percent == max(*percents, app)


# --- token -----------------------------------------------------------------------------------------------------------


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"expires_at": 0, "data_access_expires_at": seconds(date(2027, 1, 10))}, date(2027, 1, 10)),
        ({"expires_at": seconds(date(2026, 12, 1)), "data_access_expires_at": 0}, date(2026, 12, 1)),
        (
            {"expires_at": seconds(date(2026, 12, 1)), "data_access_expires_at": seconds(date(2026, 11, 25))},
            date(2026, 11, 25),
        ),
        ({"expires_at": 0}, None),
    ],
)
def test_a_token_ends_with_itself_or_with_its_data_access(told: dict[str, Any], expected: date | None) -> None:
    with vendor([Says({"data": {"is_valid": True, **told}})]) as server:
        assert graph(server.url).access().ends_on == expected
    assert server.asked[0].path == "/v26.0/debug_token"


def test_a_token_that_is_told_to_be_invalid_is_an_error() -> None:
    body = {"data": {"is_valid": False, "error": {"code": 190, "message": "Session has expired"}}}
    with vendor([Says(body)]) as server, pytest.raises(AuthFailed, match="Session has expired"):
        graph(server.url).access()


@pytest.mark.parametrize("ends", [1_796_083_200_000, "never", [], {}])
def test_an_expiry_that_is_no_instant_is_unknown_and_costs_no_reading(ends: Any) -> None:
    for body in ({"data": {"is_valid": True, "expires_at": ends}}, {"data": ends}, {}):
        with vendor([Says(body)]) as server:
            assert graph(server.url).access().ends_on is None


def test_an_expiry_that_only_the_apps_own_people_may_ask_for_is_unknown() -> None:
    message = "(#100) You must provide an app access token, or a user access token that is an owner of the app"
    with vendor([failure(100, message)]) as server:
        assert graph(server.url).access().ends_on is None
    with vendor([Says("Not Found", status=404)]) as server:
        assert graph(server.url).access().ends_on is None
    assert graph("https://graph.instagram.com").access().ends_on is None


def test_no_text_that_leaves_the_connector_holds_the_token_or_the_proof() -> None:
    message = f"Malformed access token {TOKEN}"
    with vendor([failure(190, message)]) as server, pytest.raises(AuthFailed) as raised:
        read(server, proof=True)
    said = f"{raised.value!r} {raised.value} {vars(raised.value)}"
    assert not [secret for secret in (TOKEN, APP_SECRET, PROOF) if secret in said]


def test_a_kept_reply_is_byte_for_byte_but_for_the_token_that_meta_repeats() -> None:
    following = f"https://graph.invalid/v26.0/7/posts?access_token={TOKEN}&after=c"
    message = 'About "token=abcdefgh" and key=12345'
    bodies: list[dict[str, Any]] = [
        {"data": [{"id": "a", "message": message}], "paging": {"next": following}},
        {"data": []},
    ]
    with vendor([Says(body) for body in bodies]) as server:
        opened = graph(server.url)
        opened.http.begin(keep_replies=True)
        opened.listed("/7/posts", fields=["id"], attempted="listing")
    kept = opened.http.replies or []
    assert [json.loads(body) for _, body in kept] == [
        {"data": bodies[0]["data"], "paging": {"next": following.replace(TOKEN, "[hidden]")}},
        bodies[1],
    ]
    assert TOKEN not in "".join(request for request, _ in kept)


def test_a_next_address_gives_its_query_without_credentials() -> None:
    given_ = f"https://x/v26.0/7/posts?fields=id%2Cshares&access_token={TOKEN}&appsecret_proof=1&limit=5&after=QVF=="
    assert query_of(given_) == {"fields": "id,shares", "limit": "5", "after": "QVF=="}


# --- Pacific days ----------------------------------------------------------------------------------------------------


@given(st.dates(date(2007, 1, 1), date(2035, 1, 1)))
def test_a_day_ends_at_the_next_midnight_in_los_angeles_through_every_clock_change(day: date) -> None:
    end = datetime.fromtimestamp(midnight(day + timedelta(days=1)), UTC)
    assert end.astimezone(PACIFIC).hour == 0
    assert day_ended(end) == day


@pytest.mark.parametrize(
    ("end_time", "day"),
    [
        ("2026-03-08T08:00:00+00:00", date(2026, 3, 7)),
        ("2026-03-09T07:00:00+00:00", date(2026, 3, 8)),
        ("2026-03-09T08:00:00+00:00", date(2026, 3, 8)),
        ("2026-11-01T07:00:00+00:00", date(2026, 10, 31)),
        ("2026-11-02T08:00:00+00:00", date(2026, 11, 1)),
        ("2026-11-02T07:00:00+00:00", date(2026, 11, 1)),
    ],
)
def test_end_times_around_the_clock_changes_name_their_day(end_time: str, day: date) -> None:
    assert day_ended(datetime.fromisoformat(end_time)) == day


def test_an_end_time_that_is_no_midnight_there_is_refused() -> None:
    with pytest.raises(BadShape, match="Los Angeles"):
        day_ended(datetime(2026, 9, 4, 0, tzinfo=UTC))
