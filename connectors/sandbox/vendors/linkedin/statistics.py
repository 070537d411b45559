"""LinkedIn's counts of an organisation: followers now, gains by interval, share statistics.

Days are UTC days. Statistics by interval reach from twelve months back to the day before yesterday (J-2) and know an
event some hours late; the follower total and lifetime statistics are live. Answers beyond J-2 are left out; a start
before twelve months is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.vendors.linkedin.common import LinkedInError, Query, invalid, path_urn, the_brand
from connectors.sandbox.world import Brand
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE

DAY_MILLIS = 86_400_000
_PAGING: Json = {"start": 0, "count": 10, "links": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Buckets as (start, end) in milliseconds, whole and no newer than J-2."""

    buckets: tuple[tuple[int, int], ...]


def _midnight(call: Call) -> datetime:
    return call.world.now.replace(hour=0, minute=0, second=0, microsecond=0)


def _earliest(call: Call) -> int:
    today = _midnight(call)
    year, day = (today.year - 1, 28 if (today.month, today.day) == (2, 29) else today.day)
    return int(today.replace(year=year, day=day).timestamp() * 1000)


def _number(value: object, name: str) -> int:
    if not isinstance(value, str) or not value.isdigit():
        raise invalid(f"Invalid timeIntervals parameter: {name} must be a number of milliseconds.")
    return int(value)


def _next(start: int, granularity: str) -> int:
    if granularity == "MONTH":
        begin = datetime.fromtimestamp(start / 1000, UTC)
        year, month = divmod(begin.year * 12 + begin.month, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)
    return start + DAY_MILLIS * (7 if granularity == "WEEK" else 1)


def intervals(call: Call, query: Query) -> Intervals:
    """The buckets that ``timeIntervals`` asks for; raises LinkedIn's 400 where it is malformed or too old."""
    asked = query["timeIntervals"]
    if not isinstance(asked, dict) or not isinstance(asked.get("timeRange"), dict):
        raise invalid("Parameter 'timeIntervals' is invalid")
    span = asked["timeRange"]
    granularity = asked.get("timeGranularityType")
    if granularity not in {"DAY", "WEEK", "MONTH"} or not isinstance(span, dict):
        raise invalid("Invalid timeIntervals parameter: timeGranularityType must be DAY, WEEK or MONTH.")
    start = _number(span.get("start"), "start")
    newest = int((_midnight(call) - timedelta(days=1)).timestamp() * 1000)
    end = _number(span["end"], "end") if "end" in span else newest
    if start % DAY_MILLIS or end % DAY_MILLIS:
        raise invalid(f"Invalid timeIntervals parameter [{start}, {end}]. Start and end must be at midnight UTC.")
    if end - start < DAY_MILLIS:
        raise invalid(f"Invalid timeIntervals parameter [{start}, {end}]. The interval must span at least one day.")
    if start < _earliest(call):
        raise invalid(
            f"Invalid timeIntervals parameter [{start}, {end}]. Start time must be within the last 12 months."
        )
    buckets = []
    while start < min(end, newest):
        stop = min(_next(start, str(granularity)), end, newest)
        buckets.append((start, stop))
        start = stop
    empty = {int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp() * 1000) for d in call.faults.empty_days()}
    if granularity == "DAY":
        buckets = [bucket for bucket in buckets if bucket[0] not in empty]
    return Intervals(buckets=tuple(buckets))


def _seconds(call: Call) -> int:
    return int(call.world.now.timestamp())


def network_size(call: Call, query: Query) -> Response:
    """``GET /rest/networkSizes/{urn}?edgeType=COMPANY_FOLLOWED_BY_MEMBER``: followers now."""
    path_urn(call)
    if query.get("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER":
        raise LinkedInError(
            400, f"Invalid value for field edgeType: {query.get('edgeType')}", code="INVALID_VALUE_FOR_FIELD"
        )
    return json_reply({"firstDegreeSize": call.world.followers(the_brand(call).slug, "linkedin")})


def _check_finder(query: Query) -> str:
    if query.get("q") != "organizationalEntity" or not isinstance(query.get("organizationalEntity"), str):
        raise invalid("Invalid query parameters passed to request")
    return str(query["organizationalEntity"])


def _facets(call: Call, brand: Brand, urn: str) -> Json:
    """Lifetime followers by country: the top values only, so their sum is less than the total."""
    total = call.world.followers(brand.slug, "linkedin")
    shares = (("105117694", 0.71), ("103819153", 0.07), ("100456013", 0.05), ("104514075", 0.04))
    return {
        "organizationalEntity": urn,
        "followerCountsByGeoCountry": [
            {
                "geo": f"urn:li:geo:{geo}",
                "followerCounts": {"organicFollowerCount": int(total * share), "paidFollowerCount": 0},
            }
            for geo, share in shares
        ],
    }


def follower_statistics(call: Call, query: Query) -> Response:
    """``GET /rest/organizationalEntityFollowerStatistics``: net gains by interval, or facets without one."""
    urn, brand = _check_finder(query), the_brand(call)
    if "timeIntervals" not in query:
        return json_reply({"paging": _PAGING, "elements": [_facets(call, brand, urn)]})
    buckets = intervals(call, query).buckets
    rows = call.world.social(brand.slug, "linkedin").followers
    known = rows.arrives <= _seconds(call)
    at, delta, paid = rows.at[known] * 1000, rows.delta[known].astype(np.int64), rows.paid[known]
    elements = []
    for start, end in buckets:
        inside = slice(int(np.searchsorted(at, start)), int(np.searchsorted(at, end)))
        bought = int(delta[inside][paid[inside]].sum())
        elements.append(
            {
                "timeRange": {"start": start, "end": end},
                "followerGains": {
                    "organicFollowerGain": int(delta[inside].sum()) - bought,
                    "paidFollowerGain": bought,
                },
                "organizationalEntity": urn,
            }
        )
    return json_reply({"paging": _PAGING, "elements": elements})


def _totals(call: Call, brand: Brand, chosen: npt.NDArray[np.intp]) -> Json:
    """``totalShareStatistics`` over some of the account's interactions."""
    rows = call.world.social(brand.slug, "linkedin").interactions
    kinds, delta = rows.kind[chosen], rows.delta[chosen].astype(np.int64)
    likes, comments, shares = (int(delta[kinds == kind].sum()) for kind in (LIKE, COMMENT, SHARE))
    impressions, clicks = int(rows.impressions[chosen].sum()), int(rows.clicks[chosen].sum())
    engagement = (clicks + likes + comments + shares) / impressions if impressions else 0.0
    statistics: Json = {
        "impressionCount": impressions,
        "uniqueImpressionsCount": int(impressions * 0.68),
        "clickCount": clicks,
        "likeCount": likes,
        "commentCount": comments,
        "shareCount": shares,
        "engagement": engagement,
        "shareMentionsCount": 0,
        "commentMentionsCount": 0,
    }
    return {name: value for name, value in statistics.items() if name not in call.faults.removed()}


def _asked_posts(query: Query) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []
    for name, field in (("shares", "share"), ("ugcPosts", "ugcPost")):
        given = query.get(name, [])
        if not isinstance(given, list) or not all(isinstance(urn, str) for urn in given):
            raise invalid(f"Parameter '{name}' is invalid")
        asked += [(str(urn), field) for urn in given]
    for urn, field in asked:
        if not urn.startswith(f"urn:li:{field}:"):
            raise invalid(f"Parameter '{field}s' is invalid: {urn}")
    return asked


def share_statistics(call: Call, query: Query) -> Response:
    """``GET /rest/organizationalEntityShareStatistics``: of the account, by interval, or of single posts."""
    urn, brand = _check_finder(query), the_brand(call)
    asked = _asked_posts(query)
    if asked and "timeIntervals" in query:
        raise invalid("timeIntervals cannot be combined with shares or ugcPosts.")
    log = call.world.social(brand.slug, "linkedin")
    rows = log.interactions
    if "timeIntervals" in query:
        at, known = rows.at * 1000, rows.arrives <= _seconds(call)
        elements: list[Json] = []
        for start, end in intervals(call, query).buckets:
            low, high = int(np.searchsorted(at, start)), int(np.searchsorted(at, end))
            chosen = np.arange(low, high)[known[low:high]]
            element = {"totalShareStatistics": _totals(call, brand, chosen), "organizationalEntity": urn}
            elements.append({**element, "timeRange": {"start": start, "end": end}})
        return json_reply({"paging": _PAGING, "elements": elements})
    window = (rows.at <= _seconds(call)) & (rows.at * 1000 >= _earliest(call))
    if not asked:
        whole = {"totalShareStatistics": _totals(call, brand, np.flatnonzero(window)), "organizationalEntity": urn}
        return json_reply({"paging": _PAGING, "elements": [whole]})
    numbers = {post.post_id: post for post in log.posts if post.is_live(call.world.now)}
    elements = []
    for post_urn, field in asked:
        post = numbers.get(post_urn)
        if post is None:
            continue
        chosen = np.flatnonzero((rows.post == post.number) & window)
        if chosen.size:
            statistics = _totals(call, brand, chosen)
            elements.append({"totalShareStatistics": statistics, field: post_urn, "organizationalEntity": urn})
    return json_reply({"paging": _PAGING, "elements": elements})
