"""What Google's errors, quotas and refused keys become through its official client: classes, waits, how many calls."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
)
from connectors.ga4.settings import Ga4
from connectors.ga4.source import DAILY
from connectors.registry import open_source
from okr_models.client.sources import EnvRef
from tests.fake_vendor import Naps, Says, context, vendor
from tests.unit.ga4_replies import PRIVATE_KEY, WEEK, answer_all, google, source


def test_an_error_is_told_in_googles_words_alone() -> None:
    says = error(403, "PERMISSION_DENIED", "User does not have sufficient permissions")
    with vendor(google(lambda body: says)) as server, pytest.raises(PermissionMissing) as raised:
        source(server).read(DAILY, WEEK)
    assert raised.value.detail == "User does not have sufficient permissions"


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
