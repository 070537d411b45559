"""Instagram business and creator accounts: followers now, interactions by day, media and their counters (API.md, 4).

``follower_count`` by day is not asked for: it holds new followers, not the total, of the last 30 days. What belongs
here: the endpoints and what their rows mean. What does not: the Graph API itself (``graph.py``).

That a day's likes are net of those taken back, as the counters' differences are, is an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.errors import SourceError
from connectors.core.odd import Odd
from connectors.core.protocol import Context, Source, SourceType, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, INTERACTIONS_DAILY, POST_COUNTERS, SOCIAL_POSTS
from connectors.core.shape import BadShape, Node
from connectors.meta.account import KEPT_DAYS, MetaSource
from connectors.meta.graph import VENDOR, Graph, Parameters, day_by_day, midnight
from connectors.meta.settings import Instagram
from connectors.meta.usage import LIMITS
from okr_models.client.sources import SourceSettings
from okr_models.periods import ONE_DAY, Window

PLATFORM = str(Instagram.facts.platform)
METRICS = ("likes", "comments", "shares", "reposts")
MEDIA_FIELDS = ("id", "caption", "permalink", "timestamp")
COUNTER_FIELDS = ("id", "like_count", "comments_count")
MOST_MEDIA = 10_000
"""Instagram lists the newest so many."""
SHARE_FIELDS = ("shares_count", "reposts_count")
"""Given since 2026, and to Facebook Login only."""

SNAPSHOTS = Stream(
    table=FOLLOWER_SNAPSHOTS,
    delivery="snapshot",
    api="GET /{account}?fields=followers_count",
    note="followers before the first night: Instagram keeps no totals",
)
COUNTERS = Stream(
    table=POST_COUNTERS,
    delivery="snapshot",
    api="GET /{account}/media with like_count, comments_count, shares_count and reposts_count",
    note="counters as they were before the first night; likes of posts that hide them; stories",
)
MEDIA = Stream(
    table=SOCIAL_POSTS,
    delivery="listing",
    grain=None,
    api="GET /{account}/media",
    note="posts deleted before the first night; stories; all but the newest 10,000",
)
INTERACTIONS = Stream(
    table=INTERACTIONS_DAILY,
    delivery="window",
    settle_days=7,
    history_days=KEPT_DAYS,
    slice_days=10,
    reads_per_night=15,
    zero_by_absence=False,
    api="GET /{account}/insights?metric=likes,comments,shares,reposts&metric_type=total_value, one call a day",
    note="interactions of more than two years ago",
)


class InstagramSource(MetaSource):
    """One professional account. Days are Pacific."""

    def __init__(self, *, settings: Instagram, context: Context, graph: Graph) -> None:
        node = settings.account_id
        super().__init__(context=context, graph=graph, platform=PLATFORM, node=node, name_field="username")
        self.windows = {INTERACTIONS.name: self._interactions}
        self.lists = {SNAPSHOTS.name: self.followers, MEDIA.name: self._media, COUNTERS.name: self._counters}

    def _interactions(self, window: Window) -> Answer:
        """One call a day: a request gives one number for its whole window. A day not counted yet is missing."""
        part = self.clip(window, history_days=KEPT_DAYS)
        rows, doubts = day_by_day(
            part, self._day, what="the interactions", is_settled=lambda day: self.is_final(day, INTERACTIONS)
        )
        quality = {"days_without_value": part.days - len(rows), **self.graph.quality()}
        return Answer(rows=rows, covers=part, quality=quality, doubts=(*doubts, *self.graph.doubts()))

    def _day(self, day: date) -> Row | None:
        params: Parameters = {
            "metric_type": "total_value",
            "period": "day",
            "since": midnight(day),
            "until": midnight(day + ONE_DAY),
        }
        found = self.graph.insights(self.node, METRICS, params, attempted=f"interactions of {day}")
        values = {name: item["total_value"].whole("value") for name, item in found.items() if "total_value" in item}
        if not values:
            return None
        return {"platform": PLATFORM, "day": day, "is_final": self.is_final(day, INTERACTIONS), **counted(values)}

    def _media(self) -> Answer:
        odd = Odd()
        items = self.graph.listed(f"/{self.node}/media", fields=MEDIA_FIELDS, odd=odd, attempted="listing media")
        total, whole_below = None, MOST_MEDIA
        try:
            total = self._count(items)
        except (BadShape, SourceError):
            whole_below = 0  # nobody knows whether it is all: what is older than its oldest stays
        return self.listing(
            items,
            odd,
            whole_below=whole_below,
            text="caption",
            url="permalink",
            published="timestamp",
            total=total,
        )

    def _count(self, items: Sequence[Node]) -> int | None:
        """How many media the account counts; asked only where a post that was known is not listed, and of a first list.

        For some accounts it is a few more than Meta ever lists (instaloader/instaloader#2179).
        """
        known = self.context.listed
        if known and known.keys() <= {item.text("id") for item in items}:
            return None
        counted = self.graph.get(f"/{self.node}", {"fields": "id,media_count"}, attempted="counting media")
        return counted.whole("media_count", None)

    def _counters(self) -> Answer:
        """Running totals. Meta leaves a count out where it is hidden or not given: not known, not zero."""
        odd = Odd()
        items = self.graph.listed(
            f"/{self.node}/media",
            fields=COUNTER_FIELDS,
            optional=SHARE_FIELDS,
            odd=odd,
            attempted="reading the media's counters",
        )
        return self.counters(items, odd, counts)


def counts(media: Node) -> Row:
    """Running totals of one post."""
    values = {name.removesuffix("_count"): media.whole(name) for name in SHARE_FIELDS if name in media}
    shown = {"likes": media.whole("like_count", None), "comments": media.whole("comments_count", None)}
    return {**shown, "shares": shared(values)}


def counted(values: dict[str, int]) -> Row:
    """A day's figures; one that Meta left out is not known."""
    return {"likes": values.get("likes"), "comments": values.get("comments"), "shares": shared(values)}


def shared(values: dict[str, int]) -> int | None:
    """Shares with reposts, as MEASURES.md counts them; reposts alone are not a figure of shares."""
    shares = values.get("shares")
    return None if shares is None else shares + values.get("reposts", 0)


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account. Raises ``Misconfigured`` where a secret is missing."""
    assert isinstance(settings, Instagram)  # noqa: S101 - the registry pairs settings and builders by type
    return InstagramSource(settings=settings, context=context, graph=Graph(settings=settings, context=context))


INSTAGRAM = SourceType(
    settings=Instagram,
    streams=(SNAPSHOTS, COUNTERS, MEDIA, INTERACTIONS),
    build=build,
    is_told_posts=True,
    day_boundary="Pacific (America/Los_Angeles)",
    vendor_url=VENDOR,
    docs="Two years of interactions by day, loaded over several nights; all posts; followers from the first night on.",
    limits=f"{LIMITS} One call a day of interactions, so that two years of them take several nights.",
)
