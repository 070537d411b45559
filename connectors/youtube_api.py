"""YouTube's Data API: how it is opened, and a channel's list of uploads read whole while it moves.

What belongs here: host, key and paging. What does not: what the rows mean (``youtube.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.google_errors import classifier
from connectors.http import Http
from connectors.protocol import Context, Quality
from connectors.shape import BadShape, Node
from okr_models.sources import YouTube

DATA = "https://www.googleapis.com"
PAGE_VIDEOS = 50
BATCH_VIDEOS = 50
MOST_PASSES = 3
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Public videos of a channel, newest first. Private and deleted ones, which the list names too, are left out."""

    items: Sequence[Node]
    quality: Quality = field(default_factory=dict)


def open_data(settings: YouTube, context: Context) -> Http:
    """The Data API; the key goes along as a header, where no log of addresses shows it."""
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
        headers={"X-Goog-Api-Key": key},
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
    total = 0
    for _ in range(MOST_PASSES):
        items, steady, total = _one_pass(http, playlist)
        if steady:
            return _public(items, drifted=False)
        seen |= items
    if len(seen) < total:
        raise BadShape(path="pageInfo", wanted=f"{total} videos in a list that holds still", found=len(seen))
    return _public(seen, drifted=True)


def _one_pass(http: Http, playlist: str) -> tuple[dict[str, Node], bool, int]:
    pages: list[list[str]] = []
    totals: set[int] = set()
    items: dict[str, Node] = {}
    token: str | None = None
    for _ in range(MOST_PAGES):
        reply = _page(http, playlist, token)
        found = {_id(item): item for item in reply.each("items")}
        pages.append(list(found))
        totals.add(reply["pageInfo"].whole("totalResults"))
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
        steady = steady and again["pageInfo"].whole("totalResults") in totals
    return items, steady, max(totals)


def _page(http: Http, playlist: str, token: str | None) -> Node:
    params: dict[str, str | int] = {
        "part": "contentDetails,snippet",
        "playlistId": playlist,
        "maxResults": PAGE_VIDEOS,
    }
    if token is not None:
        params["pageToken"] = token
    return http.get_json("/youtube/v3/playlistItems", params=params, attempted="listing the channel's videos")


def _id(item: Node) -> str:
    return item["contentDetails"].text("videoId")


def _public(items: dict[str, Node], *, drifted: bool) -> Uploads:
    """Without the stubs "Private video" and "Deleted video", which have no publication."""
    public = [item for item in items.values() if "videoPublishedAt" in item["contentDetails"]]
    return Uploads(items=public, quality={"list_moved": drifted, "not_public": len(items) - len(public)})
