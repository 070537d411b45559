"""What a Facebook page and an Instagram account have in common as sources: the account itself, its followers, a probe.

What belongs here: that. What does not: the Graph API (``graph.py``), posts and insights, which differ in every name.
"""

from __future__ import annotations

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.http import Http
from connectors.core.protocol import Access, Context, Probe
from connectors.core.shape import Node
from connectors.meta.graph import PACIFIC, Graph

KEPT_DAYS = 728
"""Days of insights: Meta refuses a start 730 days back, and that line moves at midnight."""
TEXT_CHARACTERS = 280


class MetaSource(BaseSource[Http]):
    """One account at ``/{node}``; ``name_field`` is what it calls its name. Days are Pacific."""

    def __init__(self, *, context: Context, graph: Graph, platform: str, node: str, name_field: str) -> None:
        super().__init__(context=context, http=graph.http, zone=PACIFIC)
        self.graph, self.platform, self.node, self._name_field = graph, platform, node, name_field

    def probe(self) -> Probe:
        """Name and followers, then when the token expires."""
        self.http.begin(keep_replies=False)
        account = self.shaped("reading the account", self._about)
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
        )

    def access(self) -> Access:
        """When the token, the access to data and the version end."""
        return self.shaped("asking when the token expires", self.graph.access)

    def _about(self) -> Node:
        params = {"fields": f"id,{self._name_field},followers_count"}
        return self.graph.get(f"/{self.node}", params, attempted="reading the account")

    def followers(self) -> Answer:
        """The follower total as it is now."""
        row = {**self.reading(), "followers": self._about().whole("followers_count")}
        return Answer(rows=[row], quality=self.graph.quality())

    def reading(self) -> Row:
        """What every snapshot row begins with."""
        return {"platform": self.platform, "taken_at": self.context.now, "day": self.snapshot_day()}

    def post(self, item: Node, *, text: str, url: str, published: str) -> Row:
        """A listed post, from the fields in which the platform keeps these."""
        return {
            "platform": self.platform,
            "post_id": item.text("id"),
            "url": item.text(url, None),
            "published_at": item.instant(published),
            "text": (item.text(text, None) or "")[:TEXT_CHARACTERS] or None,
        }
