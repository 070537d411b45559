"""LinkedIn organisation pages: followers, gains and interactions by day, posts and their counters (API.md, section 5).

The follower facets are never summed: they undercount. What belongs here: the endpoints and what their rows mean. What
does not: the API's versions, encoding and errors (``api.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.http import Http
from connectors.core.paging import Listing, Page, list_steadily
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
        super().__init__(context=context, http=http, zone=ZoneInfo("UTC"))
        self._tokens = tokens
        self._urn = f"urn:li:organization:{settings.organization_id}"
        self._version = settings.api_version or DEFAULT_VERSION
        self.windows = {CHANGES.name: self._changes, INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self._followers, POSTS.name: self._posts, COUNTERS.name: self._counters}

    def probe(self) -> Probe:
        """The follower total: reachable, permitted, version still served."""
        self.http.begin(keep_replies=False)
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
        return self.http.get_json(path, attempted="reading the follower total").whole("firstDegreeSize")

    def _followers(self) -> Answer:
        row = {
            "platform": PLATFORM,
            "taken_at": self.context.now,
            "day": self.snapshot_day(),
            "followers": self._total(),
        }
        return Answer(rows=[row])

    def _statistics(self, finder: str, window: Window) -> Iterator[tuple[date, Node]]:
        """Elements of a statistics finder by UTC day; these finders do not page."""
        query = f"q=organizationalEntity&organizationalEntity={encoded(self._urn)}&timeIntervals={by_day(window)}"
        reply = self.http.get_json(f"/{finder}?{query}", attempted=f"{finder}, {window.start} to {window.end}")
        for element in reply.each("elements"):
            yield utc_day(element["timeRange"]), element

    def _changes(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS, lag_days=CHANGES.lag_days)
        rows: list[Row] = []
        for day, element in self._statistics("organizationalEntityFollowerStatistics", part):
            gains = element["followerGains"]
            change = gains.whole("organicFollowerGain") + gains.whole("paidFollowerGain", 0)
            rows.append({"platform": PLATFORM, "day": day, "change": change, "is_final": self.is_final(day, CHANGES)})
        return Answer(rows=rows, covers=part)

    def _interactions(self, window: Window) -> Answer:
        part = self.clip(window, history_days=KEPT_DAYS, lag_days=INTERACTIONS.lag_days)
        rows: list[Row] = [
            {"platform": PLATFORM, "day": day, **counts(element), "is_final": self.is_final(day, INTERACTIONS)}
            for day, element in self._statistics("organizationalEntityShareStatistics", part)
        ]
        return Answer(rows=rows, covers=part)

    def _listed(self) -> Listing:
        """All published posts. Offsets shift when a post comes or goes meanwhile, so pages overlap and are compared."""

        def page(start: int) -> Page:
            query = f"q=author&author={encoded(self._urn)}&count={PAGE_POSTS}&start={start}&sortBy=LAST_MODIFIED"
            reply = self.http.get_json(f"/posts?{query}", attempted=f"listing posts from {start}")
            paging = reply["paging"] if "paging" in reply else Node({})
            more = any(link.text("rel", "") == "next" for link in paging.each("links", or_empty=True))
            size, total = paging.whole("count", None), paging.whole("total", None)
            return Page(items=reply.each("elements"), more=more, size=size, total=total)

        listing = list_steadily(page, identity=lambda post: post.text("id"), page_size=PAGE_POSTS, overlap=OVERLAP)
        published = [post for post in listing.items if post.text("lifecycleState", "PUBLISHED") == "PUBLISHED"]
        return Listing(items=published, drifted=listing.drifted)

    def _posts(self) -> Answer:
        listing = self._listed()
        rows: list[Row] = [
            {
                "platform": PLATFORM,
                "post_id": post.text("id"),
                "url": f"https://www.linkedin.com/feed/update/{post.text('id')}/",
                "published_at": published_at(post),
                "text": (post.text("commentary", None) or "")[:TEXT_CHARACTERS] or None,
            }
            for post in listing.items
        ]
        return Answer(rows=rows, quality={"list_moved": listing.drifted}, on_conflict="last")

    def _counters(self) -> Answer:
        """Running totals of the posts LinkedIn still counts; one it leaves out has had no activity at all."""
        listing = self._listed()
        kept_from = self.context.now - timedelta(days=KEPT_DAYS - 1)
        asked = [post.text("id") for post in listing.items if published_at(post) >= kept_from]
        found: dict[str, Row] = {}
        for kind, field in (("shares", "share"), ("ugcPosts", "ugcPost")):
            wanted = [urn for urn in asked if urn.startswith(f"urn:li:{field}:")]
            for first in range(0, len(wanted), BATCH_POSTS):
                found |= self._batch_counters(kind, field, wanted[first : first + BATCH_POSTS])
        nothing: Row = {"likes": 0, "comments": 0, "shares": 0}
        stamp: Row = {"platform": PLATFORM, "taken_at": self.context.now, "day": self.snapshot_day()}
        known = [urn for urn in asked if urn.startswith(("urn:li:share:", "urn:li:ugcPost:"))]
        rows: list[Row] = [{**stamp, "post_id": urn, **found.get(urn, nothing)} for urn in known]
        return Answer(
            rows=rows,
            quality={"older_posts_left_out": len(listing.items) - len(known), "list_moved": listing.drifted},
            on_conflict="last",
        )

    def _batch_counters(self, kind: str, field: str, urns: list[str]) -> dict[str, Row]:
        query = f"q=organizationalEntity&organizationalEntity={encoded(self._urn)}&{kind}={urn_list(urns)}"
        path = f"/organizationalEntityShareStatistics?{query}"
        reply = self.http.get_json(path, attempted=f"counters of {len(urns)} {kind}")
        found: dict[str, Row] = {}
        for element in reply.each("elements"):
            urn = element.text(field)
            if urn not in urns:
                raise BadShape(path=element[field].path, wanted="a post that was asked for", found=urn)
            found[urn] = counts(element)
        return found


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
