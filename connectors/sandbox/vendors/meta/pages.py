"""Facebook Pages in the sandbox: the page, its posts with running counters, its insights by Pacific day.

The metrics that died in 2024 to 2026 are not known, nor are those the sandbox does not simulate: both are the same
400. What belongs here: pages. What does not: tokens, versions and faults (``server.py``).
"""

from __future__ import annotations

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.vendors.meta.common import (
    Asked,
    Fields,
    MetaError,
    asked,
    bad_parameter,
    endless,
    fields_of,
    listed,
    metrics_of,
    midnight,
    page_size,
    stamp,
)
from connectors.sandbox.world import Brand
from connectors.sandbox.world.days import Ints
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE, SocialPost

MOST_DAYS = 93
HEAVIEST_PAGE = 60
"""With summaries of reactions and comments, more posts than this in a page are too much data."""
TITLES = {
    "page_follows": "Lifetime Total Follows",
    "page_daily_follows_unique": "Daily New Follows",
    "page_daily_unfollows_unique": "Daily New Unfollows",
    "page_post_engagements": "Daily Post Engagements",
}
_PAGE_FIELDS = ("id", "name", "username", "category", "link", "fan_count", "followers_count", "access_token")
_POST_FIELDS = (
    "id", "created_time", "message", "permalink_url", "status_type", "is_published", "shares", "reactions", "comments",
)  # fmt: skip


def the_brand(call: Call) -> Brand:
    """The brand the call is about; checked before any handler runs."""
    assert call.brand is not None  # noqa: S101
    return call.brand


def page(call: Call) -> Response:
    """``GET /{page}``."""
    fields = fields_of(call, usual=("name", "id"), known=_PAGE_FIELDS, node_type="Page")
    brand = the_brand(call)
    account = brand.account("facebook")
    followers = call.world.followers(brand.slug, "facebook")
    facts: Json = {
        "id": account.account_id,
        "name": brand.name,
        "username": account.handle,
        "category": "Shopping & retail",
        "link": f"https://www.facebook.com/{account.account_id}",
        "fan_count": int(followers * 0.97),
        "followers_count": followers,
    }
    if "access_token" in fields:
        # a page's token that is asked for with a long-lived user's never ends
        granted = call.sandbox.tokens.grant("meta", now=call.world.now, lives=None, prefix="EAAPage-")
        facts["access_token"] = granted.value
    return json_reply({name: facts[name] for name in fields})


def published_posts(call: Call) -> Response:
    """``GET /{page}/published_posts``."""
    fields = fields_of(call, usual=("created_time", "message", "id"), known=_POST_FIELDS, node_type="PagePost")
    if {"reactions", "comments"} <= set(fields) and page_size(call) > HEAVIEST_PAGE:
        message = "Please reduce the amount of data you're asking for, then retry your request"
        raise MetaError(1, message, status=500)
    brand = the_brand(call)
    totals = call.world.counters(brand.slug, "facebook")
    return listed(call, "facebook", lambda post: _entry(brand, post, totals[post.number], fields))


def _entry(brand: Brand, post: SocialPost, totals: Ints, fields: Fields) -> Json:
    likes, comments, shares = (int(totals[kind]) for kind in (LIKE, COMMENT, SHARE))
    if fields.get("comments", {}).get("filter") != "stream":
        comments -= comments // 4
    local = post.post_id.partition("_")[2]
    facts: Json = {
        "id": post.post_id,
        "created_time": stamp(post.published_at),
        "message": post.text,
        "permalink_url": f"https://www.facebook.com/{brand.account('facebook').account_id}/posts/{local}",
        "status_type": "added_photos",
        "is_published": True,
        "shares": {"count": shares} if shares else None,
        "reactions": _edge(fields, "reactions", likes, {"viewer_reaction": "NONE"}),
        "comments": _edge(fields, "comments", comments, {"order": "chronological", "can_comment": True}),
    }
    return {name: facts[name] for name in fields if facts[name] is not None}


def _edge(fields: Fields, name: str, total: int, more: Json) -> Json:
    summary = fields.get(name, {}).get("summary")
    if summary is None:
        return {"data": []}
    return {"data": [], "summary": {"total_count": total, **(more if summary == "true" else {})}}


def insights(call: Call) -> Response:
    """``GET /{page}/insights?period=day``."""
    names = metrics_of(call)
    known = set(TITLES) - call.faults.removed()
    if not names or not known.issuperset(names):
        raise bad_parameter("The value must be a valid insights metric")
    if call.request.query_params.get("period", "day") != "day":
        raise bad_parameter("Incompatible period for this metric")
    window = asked(call, most_days=MOST_DAYS)
    brand = the_brand(call)
    node = brand.account("facebook").account_id
    data = [
        {
            "name": name,
            "period": "day",
            "values": _values(call, brand, name, window),
            "title": TITLES[name],
            "description": f"Daily: {TITLES[name]}",
            "id": f"{node}/insights/{name}/day",
        }
        for name in names
    ]
    return json_reply({"data": data, "paging": endless(call, window)})


def _values(call: Call, brand: Brand, name: str, window: Asked) -> list[Json]:
    log = call.world.social(brand.slug, "facebook")
    now = int(call.world.now.timestamp())
    if name == "page_post_engagements":
        known = log.interactions.arrives <= now
        at, delta = log.interactions.at[known], (log.interactions.delta + log.interactions.clicks)[known]
    else:
        known = log.followers.arrives <= now
        at, delta = log.followers.at[known], log.followers.delta[known].astype(np.int64)
        if name == "page_daily_follows_unique":
            delta = (delta > 0).astype(np.int64)
        elif name == "page_daily_unfollows_unique":
            delta = (delta < 0).astype(np.int64)
    upto = np.concatenate([[0], np.cumsum(delta)])
    values: list[Json] = []
    for day in window.days:
        start, end = midnight(day), midnight(day.fromordinal(day.toordinal() + 1))
        last = int(upto[np.searchsorted(at, end)])
        value = log.base + last if name == "page_follows" else last - int(upto[np.searchsorted(at, start)])
        values.append({"value": value, "end_time": stamp(call.world.now.fromtimestamp(end, tz=call.world.now.tzinfo))})
    return values
