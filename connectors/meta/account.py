"""What a Facebook page and an Instagram account have in common as sources: the account itself, its followers, a probe.

What belongs here: that. What does not: the Graph API (``graph.py``), posts and insights, which differ in every name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import COUNTERS, counter_doubts
from connectors.core.http import Http
from connectors.core.odd import Odd
from connectors.core.paging import cut_off, shortfall, tells_since
from connectors.core.protocol import Access, Context, Probe
from connectors.core.shape import Node
from connectors.meta.graph import PACIFIC, Graph

KEPT_DAYS = 728
"""Days of insights: Meta refuses a start 730 days back, and that line moves at midnight."""
TEXT_CHARACTERS = 280


class MetaSource(BaseSource[Http]):
    """One account at ``/{node}``; ``name_field`` is what it calls its name. Days are Pacific."""

    def __init__(self, *, context: Context, graph: Graph, platform: str, node: str, name_field: str) -> None:
        super().__init__(context=context, transport=graph.http, zone=PACIFIC)
        self.graph, self.platform, self.node, self._name_field = graph, platform, node, name_field

    def probe(self) -> Probe:
        """Name and followers, then when the token expires."""
        self.transport.begin(keep_replies=False)
        account = self.shaped("reading the account", self.about)
        followers = self.shaped("reading the account", lambda: account.whole("followers_count"))
        access = self.access()
        name = account.text(self._name_field, None) or self.node
        return Probe(
            reachable=True,
            detail=self.graph.about(f"{name}, {followers} followers"),
            rows=followers,
            token_expires_on=access.ends_on,
            token_renews=access.renews,
            token_trouble=access.trouble,
            token_at_latest=access.at_latest,
            version=access.version,
            version_sunset_on=access.version_sunset_on,
            identity=self.identity,
        )

    def access(self) -> Access:
        """When the token, the access to data and the version end."""
        return self.shaped("asking when the token expires", self.graph.access)

    def about(self) -> Node:
        """The account itself, as it is now."""
        params = {"fields": f"id,{self._name_field},followers_count"}
        return self.graph.get(f"/{self.node}", params, attempted="reading the account")

    def followers(self) -> Answer:
        """The follower total as it is now."""
        row = {**self.reading(), "followers": self.about().whole("followers_count")}
        return Answer(rows=[row], quality=self.graph.quality(), doubts=self.graph.doubts())

    def listing(
        self,
        items: Sequence[Node],
        odd: Odd,
        *,
        whole_below: int,
        text: str,
        url: str,
        published: str,
        total: int | None = None,
    ) -> Answer:
        """A list of posts, from the fields in which the platform keeps these.

        Meta ends lists without a word. One of ``whole_below`` posts or more, or of an account that had so many, or of
        fewer than the ``total`` that the account counts, may be cut: what is older than its oldest stays. One that ends
        before several that were known is short of those.
        """
        short = shortfall(len(items) + len(odd.problems), total)
        rows = odd.readable(
            items,
            lambda item: self._post(item, text=text, url=url, published=published),
            name=lambda item: item.text("id"),
        )
        days = [moment for row in rows if isinstance(moment := row["published_at"], datetime)]
        most = max(len(items), len(self.context.listed)) if items else 0
        since = tells_since(days, now=self.context.now) if short or most >= whole_below else None
        since = odd.since(since, now=self.context.now)
        if since is None and total is None:
            # no number says that it is all: the first night is not believed (``ingest/doubted_lists.py``)
            named = {str(row["post_id"]) for row in rows} | odd.present
            short = shortfall(len(named), len(named) + cut_off(named, self.context.listed, days))
        doubts = (*self.graph.doubts(), *short, *odd.doubts())
        return Answer(
            rows=rows,
            listed_since=since,
            present=odd.present,
            quality={**self.graph.quality(), "is_whole": since is None},
            doubts=doubts,
        )

    def counters(self, items: Sequence[Node], odd: Odd, counts: Callable[[Node], Row]) -> Answer:
        """Running totals of each post now."""
        rows = odd.readable(items, lambda item: {**self.reading(), "post_id": item.text("id"), **counts(item)})
        shown = tuple(name for name in COUNTERS if any(row[name] is not None for row in rows))
        doubts = (*self.graph.doubts(), *counter_doubts(rows, counters=shown), *odd.doubts())
        return Answer(rows=rows, quality=self.graph.quality(), doubts=doubts)

    def reading(self) -> Row:
        """What every snapshot row begins with."""
        return {"platform": self.platform, "taken_at": self.context.now, "day": self.snapshot_day()}

    def _post(self, item: Node, *, text: str, url: str, published: str) -> Row:
        """A listed post, from the fields in which the platform keeps these."""
        return {
            "platform": self.platform,
            "post_id": item.text("id"),
            "url": item.text(url, None),
            "published_at": item.instant(published),
            "text": (item.text(text, None) or "")[:TEXT_CHARACTERS] or None,
        }
