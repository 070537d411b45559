"""YouTube's Data API: how it is opened, and a channel's list of uploads read whole while it moves.

What belongs here: host, key and paging. What does not: what the rows mean (``source.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.core.budget import Limit
from connectors.core.doubt import Doubt
from connectors.core.http import Http, limit_towards
from connectors.core.paging import shortfall
from connectors.core.protocol import Context
from connectors.core.shape import BadShape, Node
from connectors.google.errors import classifier
from connectors.youtube.settings import YouTube

DATA = "https://www.googleapis.com"
A_PROJECT = Limit(10_000, 86_400.0)
"""https://developers.google.com/youtube/v3/determine_quota_cost: units a day, of which each list takes one. A key
does not tell its project: two keys of one project share its units. Of YouTube Analytics no figure is published."""
PAGE_VIDEOS = 50
BATCH_VIDEOS = 50
MOST_PASSES = 3
MOST_PAGES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Items of a channel's list by video id, newest first; private and deleted videos may be named among them.

    ``drifted``: it moved in every pass, or one that stands there twice may hide another. ``total``: how many YouTube
    says there are; None where it does not say, or counts one twice.
    """

    items: Mapping[str, Node]
    drifted: bool = False
    total: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a video that is not in it is gone."""
        if self.drifted:
            return self.total is not None and len(self.items) >= self.total
        return not shortfall(len(self.items), self.total)

    def doubts(self) -> tuple[Doubt, ...]:
        """What is to be said of the list."""
        moved = (Doubt(code="list_moved"),) if self.drifted and not self.is_whole else ()
        return (*moved, *shortfall(len(self.items), self.total))


def open_data(settings: YouTube, context: Context) -> Http:
    """The Data API. Its discovery document knows the key as the parameter ``key`` only; it is redacted everywhere."""
    key, base_url = context.secret("api_key"), context.base_url or DATA
    return Http(
        context=context,
        source=settings.id,
        base_url=base_url,
        classify=classifier(
            now=context.now,
            api="YouTube Data API v3",
            auth_cure="make an API key in Google's console and set it",
            permission_cure="allow the API key to read the YouTube Data API",
        ),
        parameters={"key": key},
        secrets=[key],
        limit=limit_towards(A_PROJECT, base_url),
    )


def list_uploads(http: Http, playlist: str) -> Uploads:
    """Every item of a channel's uploads playlist.

    Page tokens count from the top of the list, so a video that comes or goes meanwhile shifts every later page. A pass
    stands if no video came twice, each page named the same total, and the first page is afterwards as it was. Each pass
    has another page size: what shifts at the edge of a page then does so at another place, and no video stays hidden
    there. A pass that is the same, place by place, as the one before is therefore the list itself, in which a video
    stands twice; its total counts it twice, and where no place is empty the list is whole. Where the list moves in
    every pass, all that any pass saw counts: a video is not to be taken for deleted.
    """
    seen: dict[str, Node] = {}
    before: list[str] | None = None
    total: int | None = None
    for attempt in range(MOST_PASSES):
        one = _one_pass(http, playlist, size=PAGE_VIDEOS - attempt)
        if one.is_steady:
            return Uploads(items=one.items, total=one.videos)
        seen |= one.items
        total = one.videos
        if one.places == before:
            if one.total == len(one.places):
                return Uploads(items=one.items, total=len(one.items))
            break
        before = one.places
    return Uploads(items=seen, drifted=True, total=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One walk over the list: its items by id, the id at each place, and how many places YouTube says there are."""

    items: Mapping[str, Node]
    places: list[str]
    total: int | None
    is_steady: bool

    @property
    def videos(self) -> int | None:
        """How many videos there are; not known where a video stands there twice: it may hide another one."""
        return self.total if len(self.places) == len(self.items) else None


def _one_pass(http: Http, playlist: str, *, size: int) -> _Pass:
    pages: list[list[str]] = []
    totals: set[int | None] = set()
    items: dict[str, Node] = {}
    token: str | None = None
    passed: set[str | None] = {None}
    for _ in range(MOST_PAGES):
        reply = _page(http, playlist, token, size=size)
        listed = reply.each("items")
        pages.append([_id(item) for item in listed])
        totals.add(_total(reply))
        items |= {_id(item): item for item in listed}
        token = reply.text("nextPageToken", None)
        if token is None or token in passed:  # one that leads back never ends: what was read by then is what there is
            break
        passed.add(token)
    else:
        raise BadShape(path="nextPageToken", wanted=f"a list that ends within {MOST_PAGES} pages", found=token)
    places = [video for page in pages for video in page]
    steady = len(items) == len(places) and len(totals) == 1 and token is None
    if steady and len(pages) > 1:
        again = _page(http, playlist, None, size=size)
        steady = [_id(item) for item in again.each("items")] == pages[0]
        steady = steady and _total(again) in totals
    total = max((total for total in totals if total is not None), default=None)
    return _Pass(items=items, places=places, total=total, is_steady=steady)


def _page(http: Http, playlist: str, token: str | None, *, size: int) -> Node:
    params: dict[str, str | int] = {
        "part": "contentDetails,snippet",
        "playlistId": playlist,
        "maxResults": size,
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
