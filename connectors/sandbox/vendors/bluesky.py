"""Bluesky's public AppView: profiles and author feeds, as the app.bsky lexicons describe them.

Beside the world's posts the account reposts and answers others and pins a post: a reader who counts those is visibly
wrong. What belongs here: XRPC routes, views and errors. What does not: any past of a counter, which Bluesky has not.
That counts of zero may be left out is API.md's word; every other post leaves them out here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Handler, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, RateLimit, Status
from connectors.sandbox.world import Brand, World
from connectors.sandbox.world.social import COMMENT, LIKE, SHARE, SocialPost

QUOTA, QUOTA_SECONDS = 3_000, 300
USUAL_IN_PAGE, MOST_IN_PAGE = 50, 100
QUOTED_EVERY = 4
"""Every so many-th share is a quote; the others are reposts."""
REPOSTS_EVERY, ANSWERS_EVERY = 5, 7
"""After every so many-th post the account reposts, or answers, somebody else."""
OTHER_DID = "did:plc:fisklivetaaaaaaaaaaaaaaa"
_FILTERS = {
    "posts_with_replies",
    "posts_no_replies",
    "posts_with_media",
    "posts_and_author_threads",
    "posts_with_video",
}


class XrpcError(Exception):
    """An answer other than success; becomes ``{"error", "message"}``."""

    def __init__(self, status: int, name: str, message: str) -> None:
        self.status, self.name, self.message = status, name, message
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        return json_reply({"error": self.name, "message": self.message}, status=self.status)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an author feed: a post of the account's own, an answer to somebody, or a repost."""

    kind: str
    post: SocialPost
    uri: str
    at: datetime


def did_of(brand: Brand) -> str:
    """The account's DID, which stands in its posts' addresses."""
    handle = brand.account("bluesky").handle
    return f"did:plc:{handle.replace('.', ''):a<24.24}"


def cid(text: str) -> str:
    """A content id that depends on the text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def items_of(world: World, brand: Brand) -> list[Item]:
    """All of the account's feed by now, newest first."""
    found = [Item("post", post, post.post_id, post.published_at) for post in world.social_posts(brand.slug, "bluesky")]
    for post in world.social(brand.slug, "bluesky").posts:
        for kind, every, hours, whose in (
            ("repost", REPOSTS_EVERY, 26, OTHER_DID),
            ("answer", ANSWERS_EVERY, 3, did_of(brand)),
        ):
            at = post.published_at + timedelta(hours=hours)
            if post.number % every == 0 and at <= world.now:
                key = hashlib.sha256(f"{kind}{post.number}".encode()).hexdigest()[:13].translate(_KEYS)
                found.append(Item(kind, post, f"at://{whose}/app.bsky.feed.post/{key}", at))
    return sorted(found, key=lambda item: (item.at, cid(item.uri)), reverse=True)


_KEYS = str.maketrans("0189", "wxyz")


def totals(world: World, brand: Brand) -> dict[str, list[int]]:
    """Counts of each post by its number, as they are now."""
    log = world.social(brand.slug, "bluesky")
    rows = log.interactions
    seen = int(np.searchsorted(rows.at, int(world.now.timestamp()), side="right"))
    kind, quoted = rows.kind[:seen], np.arange(seen) % QUOTED_EVERY == 0
    chosen = {
        "likeCount": kind == LIKE,
        "replyCount": kind == COMMENT,
        "repostCount": (kind == SHARE) & ~quoted,
        "quoteCount": (kind == SHARE) & quoted,
    }
    return {
        name: np.bincount(rows.post[:seen][mask], weights=rows.delta[:seen][mask], minlength=len(log.posts))
        .astype(int)
        .tolist()
        for name, mask in chosen.items()
    }


def author(brand: Brand) -> Json:
    """The account in brief, as it stands in its posts."""
    return {
        "did": did_of(brand),
        "handle": brand.account("bluesky").handle,
        "displayName": brand.name,
        "labels": [],
        "createdAt": _stamp(_opened(brand)),
    }


def _opened(brand: Brand) -> datetime:
    opened = brand.account("bluesky").opened
    return datetime(opened.year, opened.month, opened.day, 9, tzinfo=UTC)


def _pinned(world: World, brand: Brand) -> SocialPost | None:
    """The account's second post stays pinned for as long as it lives."""
    return next((post for post in world.social_posts(brand.slug, "bluesky") if post.number == 1), None)


def feed_item(call: Call, brand: Brand, item: Item, counted: dict[str, list[int]]) -> Json:
    """One ``feedViewPost``."""
    other = {"did": OTHER_DID, "handle": "fisklivet.example", "displayName": "Fisklivet", "labels": []}
    record: Json = {
        "$type": "app.bsky.feed.post",
        "text": item.post.text if item.kind != "repost" else "Läsvärt",
        "createdAt": _stamp(item.at),
        "langs": ["sv"],
    }
    if item.kind == "answer":
        theirs = f"at://{OTHER_DID}/app.bsky.feed.post/3kfisklivet22"
        record["reply"] = {name: {"uri": theirs, "cid": cid(theirs)} for name in ("root", "parent")}
    counts = {"likeCount": 230, "replyCount": 41, "repostCount": 17, "quoteCount": 5}
    if item.kind == "post":
        counts = {name: column[item.post.number] for name, column in counted.items()}
        if item.post.number % 2:
            counts = {name: count for name, count in counts.items() if count}
    shown = {name: count for name, count in counts.items() if name not in call.faults.removed()}
    view: Json = {
        "uri": item.uri,
        "cid": cid(item.uri),
        "author": other if item.kind == "repost" else author(brand),
        "record": record,
        **shown,
        "indexedAt": _stamp(item.at + timedelta(seconds=2)),
        "labels": [],
    }
    if item.kind != "repost":
        return {"post": view}
    reason = {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": author(brand),
        "uri": f"at://{did_of(brand)}/app.bsky.feed.repost/{item.uri.rpartition('/')[2]}",
        "indexedAt": _stamp(item.at),
    }
    return {"post": view, "reason": reason}


def _brand(call: Call) -> Brand:
    if not call.request.query_params.get("actor"):
        raise XrpcError(400, "InvalidRequest", 'Error: Params must have the property "actor"')
    if call.brand is None:
        raise XrpcError(400, "InvalidRequest", "Profile not found")
    return call.brand


def profile(call: Call) -> Json:
    """``app.bsky.actor.getProfile``."""
    brand = _brand(call)
    pinned = _pinned(call.world, brand)
    body = {
        **author(brand),
        "description": brand.name,
        "indexedAt": _stamp(_opened(brand)),
        "followersCount": call.world.followers(brand.slug, "bluesky"),
        "followsCount": 48,
        "postsCount": sum(item.kind != "repost" for item in items_of(call.world, brand)),
        "associated": {"lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": False},
    }
    if pinned is not None:
        body["pinnedPost"] = {"uri": pinned.post_id, "cid": cid(pinned.post_id)}
    return {name: value for name, value in body.items() if name not in call.faults.removed()}


def author_feed(call: Call) -> Json:
    """``app.bsky.feed.getAuthorFeed``: newest first, by a cursor of time and content id; the last page has none."""
    brand, given = _brand(call), call.request.query_params
    limit, chosen = _limit(given.get("limit")), given.get("filter", "posts_with_replies")
    if chosen not in _FILTERS:
        chosen = "posts_with_replies"
    found = [item for item in items_of(call.world, brand) if item.kind != "answer" or chosen == "posts_with_replies"]
    if chosen in {"posts_with_media", "posts_with_video"}:
        found = []
    cursor = given.get("cursor")
    if cursor is not None:
        edge = _edge(cursor)
        at_edge = [item for item in found if _place(item) == edge]
        found = [item for item in found if _place(item) < edge] if edge else []
        if found and call.faults.has(DuplicateRow):
            found = [*at_edge, *found]
    page, counted = found[:limit], totals(call.world, brand)
    feed = [feed_item(call, brand, item, counted) for item in page]
    pinned = _pinned(call.world, brand)
    if pinned is not None and cursor is None and given.get("includePins") == "true":
        item = Item("post", pinned, pinned.post_id, pinned.published_at)
        first = {**feed_item(call, brand, item, counted), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}
        feed = [first, *(line for line in feed if line["post"]["uri"] != pinned.post_id)]
    # as the AppView does it: a cursor wherever there was something, so that the last page is an empty one
    return {"feed": feed, **({"cursor": "::".join(map(str, _place(page[-1])))} if page else {})}


def _place(item: Item) -> tuple[int, str]:
    return int(item.at.timestamp() * 1000), cid(item.uri)


def _edge(cursor: str) -> tuple[int, str] | None:
    millis, _, content = cursor.partition("::")
    return (int(millis), content) if millis.isdigit() and content else None


def _limit(given: str | None) -> int:
    if given is None:
        return USUAL_IN_PAGE
    if not given.isdigit():
        raise XrpcError(400, "InvalidRequest", "Error: limit must be an integer")
    if not 1 <= int(given) <= MOST_IN_PAGE:
        bound = "greater than 100" if int(given) > MOST_IN_PAGE else "less than 1"
        raise XrpcError(400, "InvalidRequest", f"Error: limit can not be {bound}")
    return int(given)


def _quota(call: Call, *, left: int, wait_seconds: int | None = None) -> dict[str, str]:
    """The quota's headers. They run by the machine's clock, as the ``Date`` header beside them does."""
    wait = QUOTA_SECONDS if wait_seconds is None else wait_seconds
    return {
        "ratelimit-limit": str(QUOTA),
        "ratelimit-remaining": str(left),
        "ratelimit-reset": str(int(call.sandbox.wall_clock()) + wait),
        "ratelimit-policy": f"{QUOTA};w={QUOTA_SECONDS}",
    }


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in XRPC's shape."""
    if isinstance(fault, AuthReject):
        return XrpcError(401, "AuthMissing", "Authentication Required").response()
    if isinstance(fault, RateLimit):
        response = XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded").response()
        response.headers.update(_quota(call, left=0, wait_seconds=fault.retry_after_seconds))
        return response
    code = fault.code if isinstance(fault, Status) else 501
    names = {500: "InternalServerError", 501: "MethodNotImplemented", 502: "UpstreamFailure", 503: "ServiceUnavailable"}
    return XrpcError(code, names.get(code, "InvalidRequest"), "Internal Server Error").response()


def brand_of(call: Call) -> Brand | None:
    """The brand whose account the call names, by handle or DID."""
    actor = call.request.query_params.get("actor", "").lower()
    for brand in call.world.brands:
        if "bluesky" in brand.account_ids() and actor in {did_of(brand), brand.account("bluesky").handle}:
            return brand
    return None


def _worded(handler: Callable[[Call], Json]) -> Handler:
    """The handler's answer with the quota's headers, or its error."""

    def answer(call: Call) -> Response:
        try:
            response = json_reply(handler(call))
        except XrpcError as error:
            response = error.response()
        response.headers.update(_quota(call, left=QUOTA - 1))
        return response

    return answer


VENDOR = Vendor(
    name="bluesky",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=f"/xrpc/{name}", handler=_worded(handler))
        for name, handler in (("app.bsky.actor.getProfile", profile), ("app.bsky.feed.getAuthorFeed", author_feed))
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
