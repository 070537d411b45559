"""Instagram professional accounts in the sandbox: the account, its media with running counters, its insights.

A share whose post was shown a multiple of four times on the way to it was a repost: the world does not tell the two
apart, Meta does. One media in forty hides its likes. What belongs here: Instagram. What does not: tokens, versions and
faults (``server.py``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.vendors.meta.common import (
    Asked,
    asked,
    bad_parameter,
    endless,
    fields_of,
    listed,
    metrics_of,
    midnight,
    stamp,
)
from connectors.sandbox.vendors.meta.pages import the_brand
from connectors.sandbox.world import Brand
from connectors.sandbox.world.days import Ints
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE, Interactions, SocialPost

MOST_DAYS = 30
TOTAL_METRICS = ("likes", "comments", "shares", "reposts", "total_interactions")
SERIES_METRICS = ("follower_count",)
NEW_FOLLOWER_DAYS = 30
HIDES_LIKES_EVERY = 40
_ACCOUNT_FIELDS = ("id", "username", "name", "followers_count", "follows_count", "media_count")
_MEDIA_FIELDS = (
    "id", "caption", "media_type", "media_product_type", "permalink", "timestamp", "username", "like_count",
    "comments_count", "shares_count", "reposts_count", "saved_count",
)  # fmt: skip


def account(call: Call) -> Response:
    """``GET /{account}``."""
    fields = fields_of(call, usual=("id",), known=_ACCOUNT_FIELDS, node_type="IGUser")
    brand = the_brand(call)
    facts: Json = {
        "id": brand.account("instagram").account_id,
        "username": brand.account("instagram").handle,
        "name": brand.name,
        "followers_count": call.world.followers(brand.slug, "instagram"),
        "follows_count": 212,
        "media_count": len(call.world.social_posts(brand.slug, "instagram")),
    }
    return json_reply({name: facts[name] for name in fields})


def hides_likes(post: SocialPost) -> bool:
    """Whether its owner hides how many like it."""
    return post.number % HIDES_LIKES_EVERY == 7


def is_repost(rows: Interactions) -> npt.NDArray[np.bool_]:
    """Which of the world's shares Instagram calls reposts."""
    mask: npt.NDArray[np.bool_] = (rows.kind == SHARE) & (rows.impressions % 4 == 0)
    return mask


def media(call: Call) -> Response:
    """``GET /{account}/media``."""
    fields = fields_of(call, usual=("id",), known=_MEDIA_FIELDS, node_type="IGMedia")
    brand = the_brand(call)
    rows = call.world.social(brand.slug, "instagram").interactions
    totals = call.world.counters(brand.slug, "instagram")
    seen = (rows.at <= int(call.world.now.timestamp())) & is_repost(rows)
    reposts = np.bincount(rows.post[seen], minlength=len(totals))

    def entry(post: SocialPost) -> Json:
        facts = _facts(brand, post, totals[post.number], int(reposts[post.number]))
        return {name: facts[name] for name in fields if name in facts}

    return listed(call, "instagram", entry)


def _facts(brand: Brand, post: SocialPost, totals: Ints, reposts: int) -> Json:
    is_reel = post.number % 3 == 0
    facts: Json = {
        "id": post.post_id,
        "caption": post.text,
        "media_type": "VIDEO" if is_reel else "IMAGE",
        "media_product_type": "REELS" if is_reel else "FEED",
        "permalink": f"https://www.instagram.com/{'reel' if is_reel else 'p'}/{post.post_id[-11:]}/",
        "timestamp": stamp(post.published_at),
        "username": brand.account("instagram").handle,
        "comments_count": int(totals[COMMENT]),
        "shares_count": int(totals[SHARE]) - reposts,
        "reposts_count": reposts,
        "saved_count": int(totals[LIKE]) // 9,
    }
    return facts if hides_likes(post) else {**facts, "like_count": int(totals[LIKE])}


def insights(call: Call) -> Response:
    """``GET /{account}/insights?period=day``: one number for the whole window, or new followers by day."""
    names = metrics_of(call)
    known = [name for name in (*TOTAL_METRICS, *SERIES_METRICS) if name not in call.faults.removed()]
    for index, name in enumerate(names):
        if name not in known:
            raise bad_parameter(f"metric[{index}] must be one of the following values: {', '.join(known)}")
    if not names:
        raise bad_parameter("The parameter metric is required")
    if call.request.query_params.get("period") != "day":
        raise bad_parameter(f"Incompatible metrics ({', '.join(names)}) for the period given")
    is_total = call.request.query_params.get("metric_type") == "total_value"
    totals = [name for name in names if name in TOTAL_METRICS]
    if totals and not is_total:
        wrong = ", ".join(totals)
        raise bad_parameter(
            f"The following metrics ({wrong}) should be specified with parameter metric_type=total_value"
        )
    window = asked(call, most_days=MOST_DAYS)
    brand = the_brand(call)
    node = brand.account("instagram").account_id
    data: list[Json] = []
    for name in names if window.days else ():
        head: Json = {"name": name, "period": "day", "title": name.replace("_", " ").capitalize()}
        value = (
            {"total_value": {"value": _total(call, brand, name, window)}}
            if name in TOTAL_METRICS
            else _series(call, brand, window)
        )
        data.append({**head, "description": "", **value, "id": f"{node}/insights/{name}/day"})
    return json_reply({"data": data, "paging": endless(call, window)})


def _total(call: Call, brand: Brand, name: str, window: Asked) -> int:
    rows = call.world.social(brand.slug, "instagram").interactions
    known = rows.arrives <= int(call.world.now.timestamp())
    known &= (rows.at >= window.since) & (rows.at < window.until)
    if name != "total_interactions":
        kind = {"likes": LIKE, "comments": COMMENT}.get(name, SHARE)
        known &= rows.kind == kind
    if name in {"shares", "reposts"}:
        known &= is_repost(rows) == (name == "reposts")
    return int(rows.delta[known].sum())


def _series(call: Call, brand: Brand, window: Asked) -> Json:
    """``follower_count`` by day: people who began to follow, of the last thirty days only; not the total."""
    rows = call.world.social(brand.slug, "instagram").followers
    now = int(call.world.now.timestamp())
    gained = rows.at[(rows.arrives <= now) & (rows.delta > 0)]
    values = []
    for day in window.days:
        start, end = midnight(day), midnight(day.fromordinal(day.toordinal() + 1))
        if start >= now - NEW_FOLLOWER_DAYS * 86_400:
            number = int(np.searchsorted(gained, end) - np.searchsorted(gained, start))
            instant = call.world.now.fromtimestamp(end, tz=call.world.now.tzinfo)
            values.append({"value": number, "end_time": stamp(instant)})
    return {"values": values}
