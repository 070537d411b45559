"""YouTube's Data API v3: channels, a channel's uploads, videos, all as they are now.

Subscriber counts are rounded down to three figures. One video hides its likes, another its comments; both then lack the
field. A call costs a unit of the key's 10,000 a Pacific day. Page tokens are offsets from the top, as YouTube's are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Endpoint, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit
from connectors.sandbox.vendors.google.classic import ClassicError, common_fault, worded
from connectors.sandbox.world import Brand
from connectors.sandbox.world.social import COMMENT, LIKE, SocialPost

UNITS_PER_DAY = 10_000
MOST_IN_PAGE, MOST_IDS = 50, 50
LIKES_HIDDEN, COMMENTS_OFF = 3, 5
"""Numbers of the videos whose owner shows no likes, or allows no comments."""
_KEY_INVALID = "API key not valid. Please pass a valid API key."
_SPENT = (
    "The request cannot be completed because you have exceeded your"
    ' <a href="/youtube/v3/getting-started#quota">quota</a>.'
)
_PARTS = {
    "channels": {"id", "snippet", "statistics", "contentDetails", "status"},
    "playlistItems": {"id", "snippet", "contentDetails", "status"},
    "videos": {"id", "snippet", "statistics", "contentDetails", "status"},
}


def rounded(count: int) -> int:
    """Down to three significant figures."""
    unit: int = 10 ** max(len(str(count)) - 3, 0)
    return count // unit * unit


def brand_of(call: Call) -> Brand | None:
    """The brand whose channel, uploads or video the query names."""
    query = call.request.query_params
    channel = query.get("playlistId", "").replace("UU", "UC", 1) or query.get("id", "").split(",")[0]
    found = call.world.brand_of("youtube", channel)
    if found is not None or "playlistId" in query:
        return found
    for brand in call.world.brands:
        if "youtube" in brand.account_ids():
            posts = call.world.social(brand.slug, "youtube").posts
            if any(post.post_id == channel for post in posts):
                return brand
    return None


def _admit(call: Call, resource: str) -> set[str]:
    """Check key, quota and parts; gives the parts."""
    key = call.request.headers.get("x-goog-api-key") or call.request.query_params.get("key")
    if not key:
        raise ClassicError(
            403,
            "Method doesn't allow unregistered callers (callers without established identity)."
            " Please use API Key or other form of API consumer identity to call this API.",
        )
    if key != call.sandbox.token("youtube"):
        raise ClassicError(400, _KEY_INVALID, service="API_KEY_INVALID")
    day = call.world.now.astimezone(ZoneInfo("America/Los_Angeles")).date()
    if call.sandbox.usage.add(quota="youtube units", account=key, day=day, units=1) > UNITS_PER_DAY:
        raise _spent()
    parts = set(",".join(call.request.query_params.getlist("part")).split(",")) - {""}
    if not parts:
        raise ClassicError(400, "No filter selected. Expected one of: id", reason="missingRequiredParameter")
    if unknown := parts - _PARTS[resource]:
        raise ClassicError(400, f"'{sorted(unknown)[0]}'", reason="unknownPart", domain="youtube.part")
    return parts


def _spent() -> ClassicError:
    return ClassicError(403, _SPENT, reason="quotaExceeded", domain="youtube.quota")


def _resource(kind: str, identity: str, parts: set[str], sections: Json) -> Json:
    etag = hashlib.sha256(f"{kind}{identity}{sections}".encode()).hexdigest()[:27]
    return {
        "kind": f"youtube#{kind}",
        "etag": etag,
        "id": identity,
        **{name: value for name, value in sections.items() if name in parts},
    }


def _listed(kind: str, items: list[Json], **more: object) -> Response:
    page: Json = {"totalResults": len(items), "resultsPerPage": len(items)}
    return json_reply(
        {"kind": f"youtube#{kind}ListResponse", "etag": f"{kind}-list", "pageInfo": page, **more, "items": items}
    )


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def channels(call: Call) -> Response:
    """``GET /youtube/v3/channels?id=``; an unknown id gives a list without ``items``."""
    parts = _admit(call, "channels")
    found = []
    ids = call.request.query_params.get("id", "").split(",")
    for channel in ids[:MOST_IDS]:
        brand = call.world.brand_of("youtube", channel)
        if brand is None:
            continue
        account = brand.account("youtube")
        posts = call.world.social_posts(brand.slug, "youtube")
        sections: Json = {
            "snippet": {
                "title": brand.name,
                "description": "",
                "customUrl": account.handle,
                "publishedAt": f"{account.opened}T08:00:00Z",
            },
            "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": f"UU{channel[2:]}"}},
            "statistics": {
                "viewCount": str(sum(_views(call, brand).values())),
                "subscriberCount": str(rounded(call.world.followers(brand.slug, "youtube"))),
                "hiddenSubscriberCount": "subscriberCount" in call.faults.removed(),
                "videoCount": str(len(posts)),
            },
        }
        for name in call.faults.removed():
            sections["statistics"].pop(name, None)
        found.append(_resource("channel", channel, parts, sections))
    if not found:
        empty: Json = {"totalResults": 0, "resultsPerPage": 5}
        return json_reply({"kind": "youtube#channelListResponse", "etag": "none", "pageInfo": empty})
    return _listed("channel", found)


def _views(call: Call, brand: Brand) -> dict[str, int]:
    """How often each live video was begun."""
    log = call.world.social(brand.slug, "youtube")
    seen = int(np.searchsorted(log.interactions.at, int(call.world.now.timestamp()), side="right"))
    rows = log.interactions
    views = np.bincount(rows.post[:seen], weights=rows.impressions[:seen], minlength=len(log.posts))
    return {post.post_id: int(views[post.number]) for post in log.posts if post.is_live(call.world.now)}


def playlist_items(call: Call) -> Response:
    """``GET /youtube/v3/playlistItems?playlistId=UU…``, newest first."""
    parts = _admit(call, "playlistItems")
    query = call.request.query_params
    playlist = query.get("playlistId", "")
    if call.brand is None:
        said = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
        raise ClassicError(404, said, reason="playlistNotFound", domain="youtube.playlistItem")
    count = query.get("maxResults", "5")
    if not count.isdigit() or int(count) > MOST_IN_PAGE:
        raise ClassicError(
            400, f"Invalid value '{count}'. Values must be within the range: [0, 50]", reason="invalidParameter"
        )
    posts = list(reversed(call.world.social_posts(call.brand.slug, "youtube")))
    total = len(posts)
    offset = _offset(query.get("pageToken"))
    if offset and call.faults.has(PageDrift) and posts:
        posts = [posts[-1], *posts[:-1]]
    first = offset - 1 if offset and call.faults.has(DuplicateRow) else offset
    items = [_item(call.brand, playlist, post, position, parts) for position, post in enumerate(posts)]
    page = items[first : first + int(count)]
    more: Json = {}
    if offset + int(count) < total:
        more["nextPageToken"] = _token(offset + int(count))
    if offset:
        more["prevPageToken"] = _token(max(offset - int(count), 0))
    info: Json = {"totalResults": total, "resultsPerPage": int(count)}
    listed: Json = {"kind": "youtube#playlistItemListResponse", "etag": f"uploads-{total}", "pageInfo": info}
    return json_reply({**listed, **more, "items": page})


def _item(brand: Brand, playlist: str, post: SocialPost, position: int, parts: set[str]) -> Json:
    channel = brand.account("youtube").account_id
    published = _stamp(post.published_at)
    sections: Json = {
        "snippet": {
            "publishedAt": published,
            "channelId": channel,
            "title": post.text,
            "description": "",
            "channelTitle": brand.name,
            "playlistId": playlist,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": post.post_id},
        },
        "contentDetails": {"videoId": post.post_id, "videoPublishedAt": published},
        "status": {"privacyStatus": "public"},
    }
    identity = base64.b64encode(f"{playlist}.{post.post_id}".encode()).decode()
    return _resource("playlistItem", identity, parts, sections)


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"PT:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        found = re.fullmatch(r"PT:(\d+)", base64.urlsafe_b64decode(token.encode()).decode())
    except (binascii.Error, ValueError):
        found = None
    if found is None:
        said = "The request specifies an invalid page token."
        raise ClassicError(400, said, reason="invalidPageToken", domain="youtube.parameter")
    return int(found.group(1))


def videos(call: Call) -> Response:
    """``GET /youtube/v3/videos?id=``: those that are live, without the others."""
    parts = _admit(call, "videos")
    ids = call.request.query_params.get("id", "").split(",")
    if len(ids) > MOST_IDS:
        said = "The request specifies an invalid filter parameter."
        raise ClassicError(400, said, reason="invalidFilters", domain="youtube.parameter")
    found: list[Json] = []
    if call.brand is not None:
        live = {post.post_id: post for post in call.world.social_posts(call.brand.slug, "youtube")}
        views, counters = _views(call, call.brand), call.world.counters(call.brand.slug, "youtube")
        for name in dict.fromkeys(ids):
            if post := live.get(name):
                mine = [int(count) for count in counters[post.number]]
                found.append(_video(call, call.brand, post, views=views[name], counts=mine, parts=parts))
    return _listed("video", found)


def _video(call: Call, brand: Brand, post: SocialPost, *, views: int, counts: list[int], parts: set[str]) -> Json:
    statistics = {
        "viewCount": str(views),
        "likeCount": str(counts[LIKE]),
        "favoriteCount": "0",
        "commentCount": str(counts[COMMENT]),
    }
    hidden = set(call.faults.removed())
    hidden |= {"likeCount"} if post.number == LIKES_HIDDEN else set()
    hidden |= {"commentCount"} if post.number == COMMENTS_OFF else set()
    sections: Json = {
        "snippet": {
            "publishedAt": _stamp(post.published_at),
            "channelId": brand.account("youtube").account_id,
            "title": post.text,
            "description": "",
            "channelTitle": brand.name,
        },
        "statistics": {name: value for name, value in statistics.items() if name not in hidden},
        "contentDetails": {"duration": "PT2M10S", "dimension": "2d", "definition": "hd", "caption": "false"},
        "status": {"uploadStatus": "processed", "privacyStatus": "public", "license": "youtube", "embeddable": True},
    }
    return _resource("video", post.post_id, parts, sections)


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in the Data API's shape."""
    if isinstance(fault, AuthReject) and fault.reason != "empty":
        said = "API key expired. Please renew the API key." if fault.reason == "expired" else _KEY_INVALID
        return ClassicError(400, said, service="API_KEY_INVALID").response()
    if isinstance(fault, RateLimit):
        if fault.kind == "concurrent":
            return ClassicError(403, "Rate Limit Exceeded", reason="rateLimitExceeded", domain="usageLimits").response()
        return _spent().response()
    return common_fault(fault) or ClassicError(404, "Not Found").response()


VENDOR = Vendor(
    name="youtube",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=f"/youtube/v3/{name}", handler=worded(handler))
        for name, handler in (("channels", channels), ("playlistItems", playlist_items), ("videos", videos))
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
