"""YouTube's Data API: how it is opened, and a channel's list of uploads read whole while it moves.

What belongs here: host, key and paging. What does not: what the rows mean (``source.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.core.http import Http
from connectors.core.protocol import Context, Quality
from connectors.core.shape import BadShape, Node
from connectors.google.errors import classifier
from connectors.youtube.settings import YouTube

DATA = "https://www.googleapis.com"
PAGE_VIDEOS = 50
BATCH_VIDEOS = 50
MOST_PASSES = 3
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Items of a channel's list by video id, newest first; private and deleted videos may be named among them."""

    items: Mapping[str, Node]
    quality: Quality = field(default_factory=dict)


def open_data(settings: YouTube, context: Context) -> Http:
    """The Data API. Its discovery document knows the key as the parameter ``key`` only; it is redacted everywhere."""
    key = context.secret("api_key")
    return Http(
        context=context,
        source=settings.id,
        base_url=context.base_url or DATA,
        classify=classifier(
            now=context.now,
            api="YouTube Data API v3",
            auth_cure="make an API key in Google's console and set it",
            permission_cure="allow the API key to read the YouTube Data API",
        ),
        parameters={"key": key},
        secrets=[key],
    )


def list_uploads(http: Http, playlist: str) -> Uploads:
    """Every item of a channel's uploads playlist.

    Page tokens count from the top of the list, so a video that comes or goes meanwhile shifts every later page. A pass
    stands if no video came twice, each page named the same total, and the first page is afterwards as it was. Where
    the list moves in every pass, all that any pass saw counts: a video is not to be taken for deleted. Raises
    ``BadShape`` where even that is fewer than YouTube says there are.
    """
    seen: dict[str, Node] = {}
    total: int | None = None
    for _ in range(MOST_PASSES):
        items, steady, total = _one_pass(http, playlist)
        if steady:
            return Uploads(items=items, quality={"list_moved": False})
        seen |= items
    if len(seen) < (total or 0):
        raise BadShape(path="pageInfo", wanted=f"{total} videos in a list that holds still", found=len(seen))
    return Uploads(items=seen, quality={"list_moved": True})


def _one_pass(http: Http, playlist: str) -> tuple[dict[str, Node], bool, int | None]:
    """Items by id, whether the list held still, and how many YouTube says there are."""
    pages: list[list[str]] = []
    totals: set[int | None] = set()
    items: dict[str, Node] = {}
    token: str | None = None
    for _ in range(MOST_PAGES):
        reply = _page(http, playlist, token)
        found = {_id(item): item for item in reply.each("items")}
        pages.append(list(found))
        totals.add(_total(reply))
        items |= found
        token = reply.text("nextPageToken", None)
        if token is None:
            break
    else:
        raise BadShape(path="nextPageToken", wanted=f"a list that ends within {MOST_PAGES} pages", found=token)
    steady = len(items) == sum(len(page) for page in pages) and len(totals) == 1
    if steady and len(pages) > 1:
        again = _page(http, playlist, None)
        steady = [_id(item) for item in again.each("items")] == pages[0]
        steady = steady and _total(again) in totals
    return items, steady, max((total for total in totals if total is not None), default=None)


def _page(http: Http, playlist: str, token: str | None) -> Node:
    params: dict[str, str | int] = {
        "part": "contentDetails,snippet",
        "playlistId": playlist,
        "maxResults": PAGE_VIDEOS,
    }
    if token is not None:
        params["pageToken"] = token
    return http.get_json("/youtube/v3/playlistItems", params=params, attempted="listing the channel's videos")


def _total(reply: Node) -> int | None:
    return reply["pageInfo"].whole("totalResults", None) if "pageInfo" in reply else None


def _id(item: Node) -> str:
    """The video's id, in whichever part of an item gives it."""
    if "contentDetails" in item:
        return item["contentDetails"].text("videoId")
    return item["snippet"]["resourceId"].text("videoId")
