"""LinkedIn's posts and their running counters, as they are now: a deleted post is not there, no past is known."""

from __future__ import annotations

import numpy as np
from starlette.responses import Response

from connectors.sandbox.call import Call, Json, json_reply
from connectors.sandbox.faults import DuplicateRow, PageDrift
from connectors.sandbox.vendors.linkedin.common import (
    LinkedInError,
    Query,
    invalid,
    millis,
    not_found,
    path_urn,
    the_brand,
)
from connectors.sandbox.vendors.restli import Value
from connectors.sandbox.world import Brand
from connectors.sandbox.world.social import COMMENT, LIKE, SocialPost

REACTIONS = ("LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT")
MOST_IN_PAGE, MOST_IN_BATCH = 100, 100


def _entry(brand: Brand, post: SocialPost, call: Call) -> Json:
    edited = post.edited_at is not None and post.edited_at <= call.world.now
    modified = post.edited_at if edited and post.edited_at else post.published_at
    return {
        "id": post.post_id,
        "author": f"urn:li:organization:{brand.account('linkedin').account_id}",
        "commentary": post.text,
        "createdAt": millis(post.published_at) - 1500,
        "publishedAt": millis(post.published_at),
        "lastModifiedAt": millis(modified),
        "lifecycleState": "PUBLISHED",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "isReshareDisabledByAuthor": False,
        "lifecycleStateInfo": {"isEditedByAuthor": edited},
    }


def _page_number(query: Query, name: str, usual: int) -> int:
    value = query.get(name, str(usual))
    if not isinstance(value, str) or not value.isdigit():
        raise invalid(f"Parameter '{name}' is invalid")
    return int(value)


def _next_link(call: Call, start: int, count: int) -> Json:
    kept = [part for part in call.raw_query().split("&") if part.split("=")[0] not in {"start", "count"}]
    query = "&".join([*kept, f"count={count}", f"start={start}"])
    return {"type": "application/json", "rel": "next", "href": f"{call.request.url.path}?{query}"}


def posts_by_author(call: Call, query: Query) -> Response:
    """``GET /rest/posts?q=author``, newest first, by offset."""
    if query.get("q") != "author" or not isinstance(query.get("author"), str):
        raise invalid("Invalid query parameters passed to request")
    sort = query.get("sortBy", "LAST_MODIFIED")
    if sort not in {"LAST_MODIFIED", "CREATED"}:
        raise LinkedInError(400, f"Invalid value for field sortBy: {sort}", code="INVALID_VALUE_FOR_FIELD")
    brand = the_brand(call)
    start, count = _page_number(query, "start", 0), _page_number(query, "count", 10)
    if not 1 <= count <= MOST_IN_PAGE:
        raise invalid(f"Parameter 'count' must be between 1 and {MOST_IN_PAGE}")
    entries = [_entry(brand, post, call) for post in call.world.social_posts(brand.slug, "linkedin")]
    field = "lastModifiedAt" if sort == "LAST_MODIFIED" else "createdAt"
    entries.sort(key=lambda entry: (entry[field], entry["id"]), reverse=True)
    offset = start
    if start and call.faults.has(PageDrift):
        entries = [entries[-1], *entries[:-1]]
    if start and call.faults.has(DuplicateRow):
        offset -= 1
    page = entries[offset : offset + count]
    links = [_next_link(call, start + count, count)] if offset + count < len(entries) else []
    paging = {"start": start, "count": count, "links": links, "total": len(entries)}
    return json_reply({"paging": paging, "elements": page})


def _live(call: Call, brand: Brand, urn: str) -> SocialPost:
    for post in call.world.social(brand.slug, "linkedin").posts:
        if post.post_id == urn and post.is_live(call.world.now):
            return post
    raise not_found(urn)


def one_post(call: Call, query: Query) -> Response:
    """``GET /rest/posts/{urn}``."""
    urn = path_urn(call)
    if call.brand is None:
        raise not_found(urn)
    return json_reply(_entry(call.brand, _live(call, call.brand, urn), call))


def _metadata(call: Call, brand: Brand, urn: str) -> Json:
    """Reactions by sort and comments of a live post, now; sorts with none are left out."""
    post = _live(call, brand, urn)
    rows = call.world.social(brand.slug, "linkedin").interactions
    seen = int(np.searchsorted(rows.at, int(call.world.now.timestamp()), side="right"))
    mine = np.flatnonzero(rows.post[:seen] == post.number)
    delta, kind = rows.delta[mine].astype(np.int64), rows.kind[mine]
    likes = kind == LIKE
    counts = np.bincount(rows.reaction[mine][likes], weights=delta[likes], minlength=len(REACTIONS))
    comments = int(delta[kind == COMMENT].sum())
    return {
        "id": urn,
        "entity": urn,
        "commentsState": "OPEN",
        "commentSummary": {"count": comments, "topLevelCount": comments - comments // 4},
        "reactionSummaries": {
            name: {"reactionType": name, "count": int(count)}
            for name, count in zip(REACTIONS, counts, strict=True)
            if count
        },
    }


def one_metadata(call: Call, query: Query) -> Response:
    """``GET /rest/socialMetadata/{urn}``."""
    urn = path_urn(call)
    if call.brand is None:
        raise not_found(urn)
    return json_reply(_metadata(call, call.brand, urn))


def _ids(given: Value | None) -> list[str]:
    if not isinstance(given, list) or not given or not all(isinstance(urn, str) for urn in given):
        raise invalid("Parameter 'ids' is invalid")
    if len(given) > MOST_IN_BATCH:
        raise invalid(f"At most {MOST_IN_BATCH} ids in a batch")
    return [str(urn) for urn in given]


def many_metadata(call: Call, query: Query) -> Response:
    """``GET /rest/socialMetadata?ids=List(…)``: what is there in ``results``, what is not in ``errors``."""
    results: Json = {}
    errors: Json = {}
    for urn in _ids(query.get("ids")):
        try:
            if call.brand is None:
                raise not_found(urn)
            results[urn] = _metadata(call, call.brand, urn)
        except LinkedInError as error:
            errors[urn] = error.body()
    statuses = {**dict.fromkeys(results, 200), **{urn: error["status"] for urn, error in errors.items()}}
    return json_reply({"results": results, "statuses": statuses, "errors": errors})


def social_actions(call: Call, query: Query) -> Response:
    """``GET /rest/socialActions/{urn}``: likes and comments in summary."""
    urn = path_urn(call)
    if call.brand is None:
        raise not_found(urn)
    facts = _metadata(call, call.brand, urn)
    likes = sum(summary["count"] for summary in facts["reactionSummaries"].values())
    comments = facts["commentSummary"]
    return json_reply(
        {
            "target": urn,
            "likesSummary": {"totalLikes": likes, "aggregatedTotalLikes": likes, "likedByCurrentUser": False},
            "commentsSummary": {
                "aggregatedTotalComments": comments["count"],
                "totalFirstLevelComments": comments["topLevelCount"],
            },
        }
    )
