"""Threads: one profile in Graph's manner, over the events of the brand's page, which it mirrors.

What belongs here: the profile, its posts and insights. What does not: events (``world/social.py``), Graph's errors
(``meta/common.py``). As there: insights of a window are one sum, and followers are those of now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject
from connectors.sandbox.vendors.meta.common import PACIFIC, MetaError, bad_parameter, listed, stamp
from connectors.sandbox.vendors.meta.server import fault_reply as graph_fault
from connectors.sandbox.vendors.meta.tokens import token_error
from connectors.sandbox.world import Brand
from connectors.sandbox.world.social import SocialPost

PROFILE, MIRRORS = "17841400000000002", "facebook"
INSIGHTS_SINCE = 1712991600


def _authorised(call: Call) -> Brand:
    given = call.bearer or call.request.query_params.get("access_token")
    if given != call.sandbox.token("threads"):
        raise token_error("invalid" if given else "empty")
    if call.brand is None:
        raise MetaError(100, "Unsupported get request.", subcode=33)
    return call.brand


def _total(name: str, value: int) -> Json:
    return {"name": name, "period": "day", "total_value": {"value": value}}


def profile_insights(call: Call) -> Response:
    """``GET /{id}/threads_insights``."""
    brand, asked = _authorised(call), call.request.query_params
    metrics = [name for name in asked.get("metric", "").split(",") if name and name not in call.faults.removed()]
    if metrics == ["followers_count"]:
        return json_reply({"data": [_total("followers_count", call.world.followers(brand.slug, MIRRORS))]})
    since, until = int(asked.get("since", 0)), int(asked.get("until", 0))
    if since < INSIGHTS_SINCE or until <= since:
        raise bad_parameter("since and until must be given, and not before 2024-04-13")
    if datetime.fromtimestamp(since, PACIFIC).date() in call.faults.empty_days():
        return json_reply({"data": []})
    rows = call.world.social(brand.slug, MIRRORS).interactions
    now = int(call.world.now.timestamp())
    inside = (rows.at >= since) & (rows.at < until) & (rows.arrives <= now)
    sums = [int(rows.delta[inside & (rows.kind == kind)].sum()) for kind in range(3)]
    counts = {"likes": sums[0], "replies": sums[1], "reposts": sums[2] - sums[2] // 3, "quotes": sums[2] // 3}
    return json_reply({"data": [_total(name, counts[name]) for name in metrics if name in counts]})


def profile(call: Call) -> Response:
    """``GET /me``: whose token it is."""
    _authorised(call)
    return json_reply({"id": PROFILE})


def posts(call: Call) -> Response:
    """``GET /me/threads``, newest first."""
    brand = _authorised(call)

    def entry(post: SocialPost) -> Json:
        return {
            "id": f"18{post.number:010d}",
            "media_product_type": "THREADS",
            "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.net/@{brand.slug}/post/{post.number}",
            "timestamp": stamp(post.published_at),
            "text": post.text,
            "is_quote_post": False,
        }

    return listed(call, MIRRORS, entry)


def post_insights(call: Call) -> Response:
    """``GET /{post}/insights``, running totals."""
    brand = _authorised(call)
    number = int(call.path("post")[2:])
    totals = call.world.counters(brand.slug, MIRRORS)
    if not 0 <= number < len(totals):
        raise MetaError(100, "Unsupported get request.", subcode=33)
    likes, replies, shares = (int(value) for value in np.asarray(totals[number]))
    counts = {"views": likes * 9, "likes": likes, "replies": replies, "reposts": shares - shares // 3}
    counts |= {"quotes": shares // 3, "shares": 0}
    return json_reply(
        {"data": [{"name": name, "period": "lifetime", "values": [{"value": value}]} for name, value in counts.items()]}
    )


def _worded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except MetaError as error:
            return error.response()

    return answer


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in Graph's shape."""
    return token_error(fault.reason).response() if isinstance(fault, AuthReject) else graph_fault(fault, call)


def brand_of(call: Call) -> Brand | None:
    """The one brand with a profile."""
    return call.world.brand_of("threads", PROFILE)


VENDOR = Vendor(
    name="threads",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=path, handler=_worded(handler))
        for path, handler in (
            ("/v1.0/me", profile),
            ("/v1.0/me/threads", posts),
            ("/v1.0/{profile}/threads_insights", profile_insights),
            ("/v1.0/{post}/insights", post_insights),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
