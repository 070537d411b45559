"""Facebook Pages: followers now and by day, posts and their counters (API.md, section 3).

``page_post_engagements`` is not asked for: it holds clicks. What belongs here: the endpoints and what their rows mean.
What does not: the Graph API itself (``graph.py``). That ``page_follows`` reaches back two years is inferred from the
retention of insights (API.md, section 16): what an account really gave stands in the ledger.
"""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.odd import Odd, placed_days, readable_days
from connectors.core.protocol import Context, Source, SourceType, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, FOLLOWER_TOTALS_DAILY, POST_COUNTERS, SOCIAL_POSTS
from connectors.core.shape import Node, as_whole
from connectors.meta.account import KEPT_DAYS, MetaSource
from connectors.meta.graph import VENDOR, Graph, Parameters, day_ended, midnight
from connectors.meta.settings import FacebookPage
from connectors.meta.usage import LIMITS
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

PLATFORM = str(FacebookPage.facts.platform)
TOTAL_METRIC = "page_follows"
POST_FIELDS = ("id", "created_time", "message", "permalink_url", "is_published")
COUNTER_FIELDS = (
    "id",
    "is_published",
    "shares",
    "reactions.summary(true).limit(0)",
    "comments.summary(true).limit(0).filter(stream)",
)
"""``filter(stream)``: replies count too. The order of modifiers means nothing to Meta."""

WHOLE_BELOW_POSTS = 400
"""A shorter list is whole; of a longer one Facebook shows the newest 500 or 600 posts: older ones fall off its end, and
how many are shown is another number each time."""

SNAPSHOTS = Stream(
    table=FOLLOWER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /{page}?fields=followers_count",
    note="followers before the two years that page_follows keeps",
)
COUNTERS = Stream(
    table=POST_COUNTERS,
    delivery="snapshot",
    api="GET /{page}/published_posts with shares and summaries of reactions and comments",
    note="interactions before the first night: Facebook keeps running totals only",
)
POSTS = Stream(
    table=SOCIAL_POSTS,
    delivery="listing",
    grain=None,
    api="GET /{page}/published_posts",
    note="posts deleted before the first night; what Facebook leaves out above some 600 posts a year",
)
TOTALS = Stream(
    table=FOLLOWER_TOTALS_DAILY,
    delivery="window",
    settle_days=7,
    history_days=KEPT_DAYS,
    slice_days=89,  # ninety days, of which one has 25 hours, are more than Meta's most between since and until
    zero_by_absence=False,
    api=f"GET /{{page}}/insights?metric={TOTAL_METRIC}&period=day",
    note="follower totals of more than two years ago, and of a page with too few likes for insights",
)


class FacebookPageSource(MetaSource):
    """One page. Days are Pacific."""

    def __init__(self, *, settings: FacebookPage, context: Context, graph: Graph) -> None:
        node = quote(settings.page_id, safe="")
        super().__init__(context=context, graph=graph, platform=PLATFORM, node=node, name_field="name")
        self.windows = {TOTALS.name: self._totals}
        self.lists = {SNAPSHOTS.name: self.followers, POSTS.name: self._posts, COUNTERS.name: self._counters}

    def about(self) -> Node:
        """The page, which the file may name by its name or by its number."""
        page = super().about()
        self.tell(page_id=page.text("id", None))
        return page

    def _totals(self, window: Window) -> Answer:
        """The follower total at the end of each day; a day that Facebook leaves out is missing, not zero."""
        part = self.clip(window, history_days=KEPT_DAYS)
        params: Parameters = {"period": "day", "since": midnight(part.start), "until": midnight(part.end + ONE_DAY)}
        attempted = f"{TOTAL_METRIC}, {part.start} to {part.end}"
        found = self.graph.insights(self.node, [TOTAL_METRIC], params, attempted=attempted)
        what = "the followers"
        placed, unplaced = placed_days(
            values(found.get(TOTAL_METRIC)), day_of, within=part, what=what, zero_by_absence=TOTALS.zero_by_absence
        )
        rows, doubts = readable_days(placed, lambda day, item: self._total(day, as_whole(item["value"])), what=what)
        quality = {"days_without_value": part.days - len(rows), **self.graph.quality()}
        return Answer(rows=rows, covers=part, quality=quality, doubts=(*unplaced, *doubts, *self.graph.doubts()))

    def _total(self, day: date, followers: int) -> Row:
        return {"platform": PLATFORM, "day": day, "followers": followers, "is_final": self.is_final(day, TOTALS)}

    def _listed(self, fields: tuple[str, ...], odd: Odd, attempted: str) -> list[Node]:
        posts = self.graph.listed(f"/{self.node}/published_posts", fields=fields, odd=odd, attempted=attempted)
        return [post for post in posts if post["is_published"].value is not False]

    def _posts(self) -> Answer:
        items = self._listed(POST_FIELDS, odd := Odd(), "listing posts")
        return self.listing(
            items, odd, whole_below=WHOLE_BELOW_POSTS, text="message", url="permalink_url", published="created_time"
        )

    def _counters(self) -> Answer:
        items = self._listed(COUNTER_FIELDS, odd := Odd(), "reading the posts' counters")
        return self.counters(items, odd, counts)


def counts(post: Node) -> Row:
    """Running totals. A summary left out is not known; ``shares`` left out are none, where a summary is there."""
    likes, comments = _summary(post, "reactions"), _summary(post, "comments")
    is_counted = likes is not None or comments is not None
    shares = post["shares"].whole("count") if "shares" in post else (0 if is_counted else None)
    return {"likes": likes, "comments": comments, "shares": shares}


def _summary(post: Node, name: str) -> int | None:
    return post[name]["summary"].whole("total_count") if name in post else None


def values(metric: Node | None) -> list[Node]:
    """Values of an insight; one without a value is left out."""
    return [item for item in metric.each("values") if "value" in item] if metric is not None else []


def day_of(value: Node) -> date:
    """The Pacific day that a value ends."""
    return day_ended(value.instant("end_time"))


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one page. Raises ``Misconfigured`` where a secret is missing."""
    assert isinstance(settings, FacebookPage)  # noqa: S101 - the registry pairs settings and builders by type
    return FacebookPageSource(settings=settings, context=context, graph=Graph(settings=settings, context=context))


FACEBOOK_PAGE = SourceType(
    settings=FacebookPage,
    streams=(SNAPSHOTS, COUNTERS, POSTS, TOTALS),
    build=build,
    is_told_posts=True,
    day_boundary="Pacific (America/Los_Angeles)",
    vendor_url=VENDOR,
    docs="About two years of follower totals by day; all posts; interactions from the first night on.",
    limits=LIMITS,
)
