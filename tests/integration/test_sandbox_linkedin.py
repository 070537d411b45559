"""The sandbox speaks LinkedIn's organisation APIs: headers, Rest.li encoding, limits of history, counters as of now.

Really under test: ``connectors.sandbox.vendors.linkedin.server*`` over real HTTP, against truth from the event log.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from connectors.sandbox.faults import AuthReject, DuplicateRow, EmptyDay, PageDrift, RateLimit, Status, VersionReject
from connectors.sandbox.server import SandboxServer
from tests.sandbox_fixture import linkedin_headers
from tests.sandbox_truth import follower_changes_by_day, interactions_by_day, post_totals

TODAY = date(2026, 11, 20)
NEWEST = date(2026, 11, 18)
URN = "urn%3Ali%3Aorganization%3A2414183"
FOLLOWERS = f"organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={URN}"
SHARES = f"organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={URN}"
SIZE = f"networkSizes/{URN}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
POSTS = f"posts?q=author&author={URN}"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(server: SandboxServer) -> Iterator[None]:
    yield
    server.faults.clear()
    server.set_today(TODAY)


def get(server: SandboxServer, path: str, **headers: str | None) -> requests.Response:
    return requests.get(f"{server.url}/rest/{path}", headers=linkedin_headers(server, **headers), timeout=30)


def good(server: SandboxServer, path: str) -> dict[str, Any]:
    reply = get(server, path)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def millis(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def between(first: date, last: date, granularity: str = "DAY") -> str:
    span = f"start:{millis(first)},end:{millis(last + timedelta(days=1))}"
    return f"&timeIntervals=(timeRange:({span}),timeGranularityType:{granularity})"


def day_of(element: dict[str, Any]) -> date:
    return datetime.fromtimestamp(element["timeRange"]["start"] / 1000, UTC).date()


def listed(server: SandboxServer) -> list[str]:
    found: list[str] = []
    while True:
        page = good(server, f"{POSTS}&count=100&start={len(found)}")
        found += [post["id"] for post in page["elements"]]
        if not page["paging"]["links"]:
            return found


def test_followers_now_are_those_of_the_event_log(server: SandboxServer) -> None:
    assert good(server, SIZE)["firstDegreeSize"] == server.world.followers("fjallglas", "linkedin")


def test_gains_by_day_are_those_of_the_event_log_and_end_the_day_before_yesterday(server: SandboxServer) -> None:
    elements = good(server, FOLLOWERS + between(date(2026, 10, 1), TODAY))["elements"]
    gains = {day_of(e): sum(e["followerGains"].values()) for e in elements}
    assert max(gains) == NEWEST
    truth = follower_changes_by_day(server.world, "fjallglas", "linkedin")
    settled = {day: gain for day, gain in gains.items() if day < TODAY - timedelta(days=5)}
    assert settled == {day: truth.get(day, 0) for day in settled}
    assert len(settled) > 40


def test_the_total_less_later_gains_is_an_earlier_total(server: SandboxServer) -> None:
    early = date(2026, 11, 2)
    server.set_today(TODAY + timedelta(days=9))
    total = good(server, SIZE)["firstDegreeSize"]
    elements = good(server, FOLLOWERS + between(early, TODAY + timedelta(days=7)))["elements"]
    since = datetime(2026, 11, 28, tzinfo=UTC)
    unseen = total - server.world.followers("fjallglas", "linkedin", since)
    gains = sum(sum(e["followerGains"].values()) for e in elements)
    events = server.world.follower_events("fjallglas", "linkedin")
    pending = events[(events["at"] < since) & (events["arrives_at"] > server.world.now)]
    late = int(pending["delta"].sum())
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    assert total - unseen - gains - late == server.world.followers("fjallglas", "linkedin", midnight)


def test_interactions_by_day_are_those_of_the_event_log_once_settled(server: SandboxServer) -> None:
    elements = good(server, SHARES + between(date(2026, 3, 1), NEWEST))["elements"]
    truth = interactions_by_day(server.world, "fjallglas", "linkedin")
    nothing = {"like": 0, "comment": 0, "share": 0}
    for element in elements:
        day, counts = day_of(element), element["totalShareStatistics"]
        if day < TODAY - timedelta(days=5):
            seen = {kind: counts[f"{kind}Count"] for kind in nothing}
            assert seen == truth.get(day, nothing), day
    assert len(elements) == (NEWEST - date(2026, 3, 1)).days + 1


def test_weeks_and_months_hold_the_sum_of_their_days(server: SandboxServer) -> None:
    def gains(granularity: str) -> list[int]:
        window = between(date(2026, 9, 1), date(2026, 10, 31), granularity)
        return [sum(e["followerGains"].values()) for e in good(server, FOLLOWERS + window)["elements"]]

    assert len(gains("MONTH")) == 2
    assert len(gains("WEEK")) == 9
    assert sum(gains("DAY")) == sum(gains("WEEK")) == sum(gains("MONTH"))


def test_history_reaches_twelve_months_back_and_not_a_day_further(server: SandboxServer) -> None:
    assert day_of(good(server, FOLLOWERS + between(date(2025, 11, 20), NEWEST))["elements"][0]) == date(2025, 11, 20)
    reply = get(server, FOLLOWERS + between(date(2025, 11, 19), NEWEST))
    assert reply.status_code == 400
    assert "last 12 months" in reply.json()["message"]


@pytest.mark.parametrize(
    "interval",
    [
        "&timeIntervals=(timeRange:(start:1790000000001,end:1790100000000),timeGranularityType:DAY)",
        f"&timeIntervals=(timeRange:(start:{millis(NEWEST)},end:{millis(NEWEST)}),timeGranularityType:DAY)",
        f"&timeIntervals=(timeRange:(start:{millis(NEWEST)}),timeGranularityType:HOUR)",
        "&timeIntervals=(timeGranularityType:DAY)",
        f"&timeIntervals=%28timeRange%3A%28start%3A{millis(NEWEST)}%29%2CtimeGranularityType%3ADAY%29",
        f"&timeIntervals.timeRange.start={millis(NEWEST)}&timeIntervals=x",
    ],
)
def test_intervals_that_linkedin_refuses_are_400(server: SandboxServer, interval: str) -> None:
    assert get(server, FOLLOWERS + interval).status_code == 400


def test_facets_undercount_the_total(server: SandboxServer) -> None:
    facets = good(server, FOLLOWERS)["elements"][0]["followerCountsByGeoCountry"]
    counted = sum(facet["followerCounts"]["organicFollowerCount"] for facet in facets)
    assert 0 < counted < server.world.followers("fjallglas", "linkedin")


def test_every_live_post_is_listed_once_and_a_deleted_one_is_not(server: SandboxServer) -> None:
    found = listed(server)
    assert len(found) == len(set(found))
    assert set(found) == {post.post_id for post in server.world.social_posts("fjallglas", "linkedin")}
    deleted = next(post for post in server.world.social("fjallglas", "linkedin").posts if post.deleted_at)
    assert deleted.post_id not in found
    assert get(server, f"posts/{quote(deleted.post_id, safe='')}").status_code == 404
    server.set_now(deleted.published_at + timedelta(days=1))
    assert deleted.post_id in listed(server)


def test_counters_are_running_totals_as_of_now(server: SandboxServer) -> None:
    ids = listed(server)[:60]
    many = good(server, f"socialMetadata?ids=List({','.join(quote(urn, safe='') for urn in ids)})")
    truth = post_totals(server.world, "fjallglas", "linkedin")
    for urn in ids:
        facts = many["results"][urn]
        likes = sum(summary["count"] for summary in facts["reactionSummaries"].values())
        assert (likes, facts["commentSummary"]["count"]) == (truth[urn]["like"], truth[urn]["comment"])
    one = good(server, f"socialMetadata/{quote(ids[0], safe='')}")
    assert one == many["results"][ids[0]]
    actions = good(server, f"socialActions/{quote(ids[0], safe='')}")
    assert actions["likesSummary"]["totalLikes"] == truth[ids[0]]["like"]


def test_a_post_that_is_gone_is_an_error_of_its_own_in_a_batch(server: SandboxServer) -> None:
    there, gone = listed(server)[0], "urn:li:share:1"
    reply = good(server, f"socialMetadata?ids=List({quote(there, safe='')},{quote(gone, safe='')})")
    assert set(reply["results"]) == {there}
    assert reply["errors"][gone]["status"] == 404


def test_statistics_of_single_posts_leave_out_those_without_activity(server: SandboxServer) -> None:
    shares = [urn for urn in listed(server) if ":share:" in urn]
    asked = f"{SHARES}&shares=List({','.join(quote(urn, safe='') for urn in [*shares[:40], 'urn:li:share:1'])})"
    elements = good(server, asked)["elements"]
    truth = post_totals(server.world, "fjallglas", "linkedin")
    for element in elements:
        counts = element["totalShareStatistics"]
        assert {kind: counts[f"{kind}Count"] for kind in ("like", "comment", "share")} == truth[element["share"]]
    assert "urn:li:share:1" not in {element["share"] for element in elements}
    assert get(server, asked + between(date(2026, 10, 1), date(2026, 10, 2))).status_code == 400


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (SIZE, {"LinkedIn_Version": None}, 400, "VERSION_MISSING"),
        (SIZE, {"LinkedIn_Version": "202511"}, 426, "NONEXISTENT_VERSION"),
        (SIZE, {"LinkedIn_Version": "latest"}, 426, "NONEXISTENT_VERSION"),
        (SIZE, {"X_Restli_Protocol_Version": None}, 400, "ILLEGAL_ARGUMENT"),
        (SIZE, {"Authorization": None}, 401, "EMPTY_ACCESS_TOKEN"),
        (SIZE, {"Authorization": "Bearer other"}, 401, "INVALID_ACCESS_TOKEN"),
        (SIZE.replace("2414183", "1"), {}, 403, "ACCESS_DENIED"),
        (SIZE.replace("COMPANY_FOLLOWED_BY_MEMBER", "CompanyFollowedByMember"), {}, 400, "INVALID_VALUE_FOR_FIELD"),
        (SIZE.replace("%3A", ":"), {}, 400, "ILLEGAL_ARGUMENT"),
        (f"{POSTS}&count=101", {}, 400, "ILLEGAL_ARGUMENT"),
        (f"{POSTS}&sortBy=NEWEST", {}, 400, "INVALID_VALUE_FOR_FIELD"),
        ("socialMetadata?ids=List()", {}, 400, "ILLEGAL_ARGUMENT"),
    ],
)
def test_refusals_have_linkedins_status_and_code(
    server: SandboxServer, path: str, headers: dict[str, str | None], status: int, code: str
) -> None:
    reply = get(server, path, **headers)
    assert (reply.status_code, reply.json()["code"], reply.json()["status"]) == (status, code, status)


def test_a_version_lives_until_its_sunset(server: SandboxServer) -> None:
    assert get(server, SIZE, LinkedIn_Version="202601").status_code == 200
    server.set_today(date(2027, 1, 16))
    assert get(server, SIZE, LinkedIn_Version="202601").status_code == 426
    assert get(server, SIZE, LinkedIn_Version="202603").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (AuthReject(reason="expired"), 401, "expired"),
        (AuthReject(reason="revoked"), 401, "revoked"),
        (RateLimit(), 429, "Resource level throttle APPLICATION DAY limit"),
        (VersionReject(), 426, "Requested version 20260701 is not active"),
        (Status(code=502), 502, "Internal Server Error"),
    ],
)
def test_faults_come_in_linkedins_shape_and_a_throttle_names_no_wait(
    server: SandboxServer, fault: AuthReject | RateLimit | VersionReject | Status, status: int, says: str
) -> None:
    server.faults.set(vendor="linkedin", brand="fjallglas", fault=fault, calls=1)
    reply = get(server, SIZE)
    assert reply.status_code == status
    assert says in reply.json()["message"]
    assert "Retry-After" not in reply.headers
    assert get(server, SIZE).status_code == 200


def test_an_empty_day_is_missing_and_pages_can_drift_or_repeat(server: SandboxServer) -> None:
    server.faults.set(vendor="linkedin", fault=EmptyDay(day=date(2026, 10, 5)))
    days = [day_of(e) for e in good(server, FOLLOWERS + between(date(2026, 10, 1), date(2026, 10, 9)))["elements"]]
    assert date(2026, 10, 5) not in days
    assert len(days) == 8
    server.faults.clear()
    whole = listed(server)
    server.faults.set(vendor="linkedin", fault=PageDrift())
    assert good(server, f"{POSTS}&count=10&start=10")["elements"][0]["id"] == whole[9]
    server.faults.clear()
    server.faults.set(vendor="linkedin", fault=DuplicateRow())
    assert good(server, f"{POSTS}&count=10&start=10")["elements"][0]["id"] == whole[9]
