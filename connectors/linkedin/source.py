"""LinkedIn organisation pages: followers, gains and interactions by day, posts and their counters (API.md, section 5).

The follower facets are never summed: they undercount. What belongs here: the endpoints and what their rows mean. What
does not: the API's versions, encoding and errors (``api.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import counter_doubts
from connectors.core.http import Http
from connectors.core.odd import Odd, placed_days, readable_days
from connectors.core.paging import Listing, Page, list_steadily, shortfall
from connectors.core.protocol import Access, Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import (
    FOLLOWER_CHANGES_DAILY,
    FOLLOWER_SNAPSHOTS,
    INTERACTIONS_DAILY,
    POST_COUNTERS,
    SOCIAL_POSTS,
)
from connectors.core.shape import BadShape, Node
from connectors.linkedin.api import DEFAULT_VERSION, VENDOR, by_day, encoded, open_http, sunset_on, urn_list
from connectors.linkedin.settings import LinkedIn
from connectors.linkedin.tokens import LinkedInTokens
from okr_models.client.sources import SourceSettings
from okr_models.periods import Window

PLATFORM = str(LinkedIn.facts.platform)
KEPT_DAYS = 365
PAGE_POSTS = 100
OVERLAP = 5
BATCH_POSTS = 50
KINDS = {"shares": "share", "ugcPosts": "ugcPost"}
"""How totals are asked for and are told of whom, by kind of post."""
TEXT_CHARACTERS = 280

SNAPSHOTS = Stream(
    table=FOLLOWER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /rest/networkSizes/{organization}?edgeType=COMPANY_FOLLOWED_BY_MEMBER",
    note="follower totals of more than 12 months ago",
)
CHANGES = Stream(
    table=FOLLOWER_CHANGES_DAILY,
    delivery="window",
    lag_days=1,
    settle_days=7,
    history_days=KEPT_DAYS,
    slice_days=KEPT_DAYS,
    api="GET /rest/organizationalEntityFollowerStatistics, by day",
    note="gains of more than 12 months ago",
)
INTERACTIONS = Stream(
    table=INTERACTIONS_DAILY,
    delivery="window",
    lag_days=1,
    settle_days=7,
    history_days=KEPT_DAYS,
    slice_days=KEPT_DAYS,
    api="GET /rest/organizationalEntityShareStatistics, by day",
    note="interactions of more than 12 months ago; sponsored ones at any time",
)
POSTS = Stream(
    table=SOCIAL_POSTS,
    delivery="listing",
    grain=None,
    api="GET /rest/posts?q=author",
    note="posts deleted before the first night",
)
COUNTERS = Stream(
    table=POST_COUNTERS,
    delivery="snapshot",
    api="GET /rest/organizationalEntityShareStatistics with shares and ugcPosts",
    note="counters as they were before the first night, and of posts older than 12 months",
)


class LinkedInSource(BaseSource[Http]):
    """One organisation's page. Days are UTC's."""

    def __init__(self, *, settings: LinkedIn, context: Context, http: Http, tokens: LinkedInTokens) -> None:
        super().__init__(context=context, transport=http, zone=ZoneInfo("UTC"))
        self._tokens = tokens
        self._urn = f"urn:li:organization:{settings.organization_id}"
        self._version = settings.api_version or DEFAULT_VERSION
        self.windows = {CHANGES.name: self._changes, INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._followers, POSTS.name: self._posts, COUNTERS.name: self._counters}

    def probe(self) -> Probe:
        """The follower total: reachable, permitted, version still served."""
        self.transport.begin(keep_replies=False)
        followers = self.shaped("reading the follower total", self._total)
        access = self.access()
        return Probe(
            reachable=True,
            detail=f"{self._urn}, {followers} followers, version {self._version}",
            rows=followers,
            token_expires_on=access.ends_on,
            token_renews=access.renews,
            token_trouble=access.trouble,
            token_at_latest=access.at_latest,
            version=access.version,
            version_sunset_on=access.version_sunset_on,
        )

    def access(self) -> Access:
        """When the token and the version end, and when somebody has to sign in again."""
        known = self._tokens.access()
        return replace(known, version=self._version, version_sunset_on=sunset_on(self._version))

    def _total(self) -> int:
        path = f"/networkSizes/{encoded(self._urn)}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
        return self.transport.get_json(path, attempted="reading the follower total").whole("firstDegreeSize")

    def _followers(self) -> Answer:
        row = {
            "platform": PLATFORM,
            "taken_at": self.context.now,
            "day": self.snapshot_day(),
            "followers": self._total(),
        }
        return Answer(rows=[row])

    def _statistics(self, finder: str, window: Window, row: Callable[[date, Node], Row], *, what: str) -> Answer:
        """Rows of a statistics finder by UTC day; these finders do not page, and leave out days of nothing."""
        query = f"q=organizationalEntity&organizationalEntity={encoded(self._urn)}&timeIntervals={by_day(window)}"
        reply = self.transport.get_json(f"/{finder}?{query}", attempted=f"{finder}, {window.start} to {window.end}")

        def day_of(element: Node) -> date:
            day = utc_day(element["timeRange"])
            if day not in window:
                raise BadShape(path=element["timeRange"].path, wanted=f"{window.start} to {window.end}", found=str(day))
            return day

        elements = reply.each("elements")
        placed, unplaced = placed_days(elements, day_of, within=window, what=what, zero_by_absence=True)
        rows, doubts = readable_days(placed, row, what=what)
        return Answer(rows=rows, covers=window, doubts=(*unplaced, *doubts))

    def _changes(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS, lag_days=CHANGES.lag_days)

        def gained(day: date, element: Node) -> Row:
            gains = element["followerGains"]
            change = gains.whole("organicFollowerGain") + gains.whole("paidFollowerGain", 0)
            return {"platform": PLATFORM, "day": day, "change": change, "is_final": self.is_final(day, CHANGES)}

        return self._statistics("organizationalEntityFollowerStatistics", part, gained, what="the gains")

    def _interactions(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS, lag_days=INTERACTIONS.lag_days)

        def happened(day: date, element: Node) -> Row:
            return {"platform": PLATFORM, "day": day, **counts(element), "is_final": self.is_final(day, INTERACTIONS)}

        return self._statistics("organizationalEntityShareStatistics", part, happened, what="the interactions")

    def _listed(self) -> Listing:
        """All posts. Offsets shift when a post comes or goes meanwhile, so pages overlap and are compared."""

        def page(start: int) -> Page:
            query = f"q=author&author={encoded(self._urn)}&count={PAGE_POSTS}&start={start}&sortBy=LAST_MODIFIED"
            reply = self.transport.get_json(f"/posts?{query}", attempted=f"listing posts from {start}")
            paging = reply["paging"] if "paging" in reply else Node({})
            more = any(link.text("rel", "") == "next" for link in paging.each("links", or_empty=True))
            size, total = paging.whole("count", None), paging.whole("total", None)
            return Page(items=reply.each("elements"), more=more, size=size, total=total)

        return list_steadily(page, identity=identity, page_size=PAGE_POSTS, overlap=OVERLAP)

    def _published(self, listing: Listing, odd: Odd) -> list[tuple[str, datetime, Node]]:
        """The published ones among the listed posts: id, publication, and the post."""
        read = odd.readable(
            listing.items,
            lambda post: (post.text("id"), published_at(post), post) if is_published(post) else None,
            name=lambda post: post.text("id"),
        )
        return [post for post in read if post is not None]

    def _posts(self) -> Answer:
        listing, odd = self._listed(), Odd()
        rows: list[Row] = [
            {
                "platform": PLATFORM,
                "post_id": urn,
                "url": f"https://www.linkedin.com/feed/update/{urn}/",
                "published_at": published,
                "text": (post.text("commentary", None) or "")[:TEXT_CHARACTERS] or None,
            }
            for urn, published, post in self._published(listing, odd)
        ]
        # sorted by last change, so that a list that is not whole says nothing of what it does not name
        is_whole = not listing.drifted and not shortfall(len(listing.items), listing.total)
        since = odd.since(None if is_whole else self.context.now, now=self.context.now)
        doubts = (*listing.doubts(), *odd.doubts())
        return Answer(rows=rows, listed_since=since, present=odd.present, doubts=doubts, on_conflict="last")

    def _counters(self) -> Answer:
        """Running totals of the posts LinkedIn still counts; one it leaves out has had no activity at all.

        Unless some totals are of nobody knows which post: then one that is left out is not known to have had none.
        """
        listing, odd = self._listed(), Odd()
        published = self._published(listing, odd)
        kept_from = self.context.now - timedelta(days=KEPT_DAYS - 1)
        asked = [urn for urn, moment, _ in published if moment >= kept_from]
        known = [urn for urn in asked if urn.startswith(("urn:li:share:", "urn:li:ugcPost:"))]
        wanted = frozenset(known)
        strays = Odd()
        elements = strays.by_id(self._counted(known), lambda element: post_of(element, wanted))
        read = odd.readable(elements.items(), lambda item: (item[0], counts(item[1])))
        found: dict[str, Row | None] = {**dict.fromkeys(elements), **dict(read)}
        nothing: Row | None = None if strays.problems else {"likes": 0, "comments": 0, "shares": 0}
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        counted = ((urn, found.get(urn, nothing)) for urn in known)
        rows: list[Row] = [{**stamp, "post_id": urn, **counters} for urn, counters in counted if counters is not None]
        return Answer(
            rows=rows,
            quality={"older_posts_left_out": len(published) - len(known)},
            doubts=(*listing.doubts(), *counter_doubts(rows), *odd.doubts(), *strays.doubts()),
            on_conflict="last",
        )

    def _counted(self, urns: Sequence[str]) -> Iterator[Node]:
        """What LinkedIn counts of each post, asked for by kind of post and so many at a time."""
        for kind, field in KINDS.items():
            wanted = [urn for urn in urns if urn.startswith(f"urn:li:{field}:")]
            for first in range(0, len(wanted), BATCH_POSTS):
                batch = urn_list(wanted[first : first + BATCH_POSTS])
                query = f"q=organizationalEntity&organizationalEntity={encoded(self._urn)}&{kind}={batch}"
                path = f"/organizationalEntityShareStatistics?{query}"
                yield from self.transport.get_json(path, attempted=f"counters of {kind}").each("elements")


def post_of(element: Node, asked: Collection[str]) -> str:
    """The post that totals are of: one of those that were asked for."""
    field = next((field for field in KINDS.values() if field in element), "share")
    urn = element.text(field)
    if urn not in asked:
        raise BadShape(path=element[field].path, wanted="a post that was asked for", found=urn)
    return urn


def identity(post: Node) -> str:
    """What tells a listed post from the others: its id, or all of it where it has none."""
    try:
        return post.text("id")
    except BadShape:
        return f"nameless {json.dumps(post.value, sort_keys=True)}"


def counts(element: Node) -> Row:
    """Likes are all reactions, shares are reposts; each count is always there in an element that is there."""
    total = element["totalShareStatistics"]
    return {
        "likes": total.whole("likeCount"),
        "comments": total.whole("commentCount"),
        "shares": total.whole("shareCount"),
    }


def utc_day(time_range: Node) -> date:
    """The UTC day of a bucket; one that does not begin at UTC midnight is refused."""
    start = time_range.millis("start")
    if start != datetime(start.year, start.month, start.day, tzinfo=UTC):
        raise BadShape(path=time_range.path, wanted="a day that begins at midnight UTC", found=start)
    return start.date()


def is_published(post: Node) -> bool:
    """Whether it is public, which a post without a state is."""
    return post.text("lifecycleState", "PUBLISHED") == "PUBLISHED"


def published_at(post: Node) -> datetime:
    """When a post was published; ``createdAt`` where LinkedIn gives no ``publishedAt``."""
    return post.millis("publishedAt" if "publishedAt" in post else "createdAt")


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one organisation. Raises ``Misconfigured`` where the token is missing."""
    assert isinstance(settings, LinkedIn)  # noqa: S101 - the registry pairs settings and builders by type
    tokens = LinkedInTokens(settings, context)
    http = open_http(settings, context, tokens.token)
    return LinkedInSource(settings=settings, context=context, http=http, tokens=tokens)


LINKEDIN = SourceType(
    settings=LinkedIn,
    streams=(SNAPSHOTS, CHANGES, INTERACTIONS, POSTS, COUNTERS),
    build=build,
    day_boundary="UTC",
    vendor_url=VENDOR,
    docs="12 months of follower gains (so of totals) and of interactions, up to the day before yesterday; all posts.",
    limits=(
        "So many calls a day as LinkedIn grants the app (its developer portal shows them), counted anew at midnight"
        " UTC. A quota that is used up is not waited for: the next night goes on. Counters are asked for"
        f" {BATCH_POSTS} posts at a time."
    ),
)
