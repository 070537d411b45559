"""The half shared by social platforms that know only the present: an account, its posts, all counters as of now.

What belongs here: their three streams and the rows of each. What does not: a platform's endpoints and words, and
platforms that keep a past (``linkedin/source.py``, ``meta/facebook_page.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.http import Http
from connectors.core.protocol import Context, Probe, Quality, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, POST_COUNTERS, SOCIAL_POSTS

DAY_BOUNDARY = "none of its own: the client's zone"
DOCS = "All posts; no past of any count: followers and interactions begin with the first night."


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is now. ``name`` is how people find it; ``quality`` is what a reading should say of it."""

    account_id: str
    name: str
    followers: int
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post of the account's own, with its counters as they are now."""

    post_id: str
    url: str | None
    published_at: datetime
    text: str | None
    likes: int
    comments: int
    shares: int


def streams(*, account_api: str, posts_api: str) -> tuple[Stream, Stream, Stream]:
    """Follower snapshots, posts and post counters, each with the endpoint it is asked at."""
    return (
        Stream(
            table=FOLLOWER_SNAPSHOTS,
            delivery="snapshot",
            api=account_api,
            note="followers before the first night",
        ),
        Stream(
            table=SOCIAL_POSTS,
            delivery="listing",
            grain=None,
            api=posts_api,
            note="posts deleted before the first night",
        ),
        Stream(
            table=POST_COUNTERS,
            delivery="snapshot",
            api=posts_api,
            note="counters as they were before the first night",
        ),
    )


class PresentOnlySource(BaseSource[Http], ABC):
    """One account of a platform without days of its own; a reading stands for a day of the client's."""

    def __init__(self, *, platform: str, context: Context, http: Http) -> None:
        super().__init__(context=context, http=http, zone=context.client_zone)
        self._platform = platform
        self.lists = {
            FOLLOWER_SNAPSHOTS.name: self._followers,
            SOCIAL_POSTS.name: self._posts,
            POST_COUNTERS.name: self._counters,
        }

    @abstractmethod
    def account(self) -> Account:
        """The account, asked for now. Raises ``SourceError``."""

    @abstractmethod
    def posts(self, account: Account) -> Iterable[Post]:
        """All of its own posts, each once. Raises ``SourceError``; never a part of them instead."""

    def probe(self) -> Probe:
        """The account: there, readable, and how many follow it."""
        self.http.begin(keep_replies=False)
        account = self.shaped("reading the account", self.account)
        said = "".join(f", {name} {value}" for name, value in account.quality.items())
        return Probe(
            reachable=True, detail=f"{account.name}, {account.followers} followers{said}", rows=account.followers
        )

    def _followers(self) -> Answer:
        account = self.account()
        row: Row = {
            "platform": self._platform,
            "taken_at": self.context.now,
            "day": self.snapshot_day(),
            "followers": account.followers,
        }
        return Answer(rows=[row], quality=account.quality)

    def _posts(self) -> Answer:
        account = self.account()
        rows: list[Row] = [
            {
                "platform": self._platform,
                "post_id": post.post_id,
                "url": post.url,
                "published_at": post.published_at,
                "text": post.text,
            }
            for post in self.posts(account)
        ]
        return Answer(rows=rows, quality=account.quality)

    def _counters(self) -> Answer:
        account = self.account()
        stamp: Row = {"platform": self._platform, "taken_at": self.context.now, "day": self.snapshot_day()}
        rows: list[Row] = [
            {**stamp, "post_id": post.post_id, "likes": post.likes, "comments": post.comments, "shares": post.shares}
            for post in self.posts(account)
        ]
        return Answer(rows=rows, quality=account.quality)
