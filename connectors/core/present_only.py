"""The half shared by social platforms that know only the present: an account, its posts, all counters as of now.

What belongs here: their three streams and the rows of each. What does not: a platform's endpoints and words, and
platforms that keep a past (``linkedin/source.py``, ``meta/facebook_page.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.counters import counter_doubts
from connectors.core.doubt import Doubt
from connectors.core.errors import BadReply, SourceError
from connectors.core.http import Http
from connectors.core.odd import Odd
from connectors.core.paging import shortfall, tells_since
from connectors.core.protocol import Context, Probe, Quality, Stream
from connectors.core.raw_tables import FOLLOWER_SNAPSHOTS, POST_COUNTERS, SOCIAL_POSTS
from connectors.core.shape import BadShape, Node

DAY_BOUNDARY = "none of its own: the client's zone"
DOCS = "All posts; no past of any count: followers and interactions begin with the first night."


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is now. ``name`` is how people find it; ``quality`` is what a reading should say of it."""

    account_id: str
    name: str
    followers: int | SourceError
    """Or why the platform does not tell it."""
    quality: Quality
    doubts: tuple[Doubt, ...] = ()
    """What speaks against its follower count."""
    posts: int | None = None
    """How many posts the platform says it has, answers included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post of the account's own, with its counters as they are now."""

    post_id: str
    url: str | None
    published_at: datetime
    text: str | None
    likes: int
    comments: int | None
    """None: the platform does not tell."""
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """An account's own posts, each once, from new to old as far as the platform sorts them.

    ``total``: how many items the platform counts, of which ``listed`` were shown; None where it does not count them.
    """

    items: Sequence[Post]
    odd: Odd
    listed: int
    total: int | None = None


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
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._platform = platform
        self.lists = {
            FOLLOWER_SNAPSHOTS.name: self._followers,
            SOCIAL_POSTS.name: self._posts,
            POST_COUNTERS.name: self._counters,
        }

    def followers_in(self, found: Node, name: str, *, attempted: str) -> int | SourceError:
        """The follower count of a profile. One that is no number is an error of its own, and costs no post."""
        try:
            return found.whole(name)
        except BadShape as shape:
            return self.transport.error(BadReply, attempted=attempted, detail=str(shape))

    @abstractmethod
    def account(self) -> Account:
        """The account, asked for now. Raises ``SourceError``."""

    @abstractmethod
    def posts(self, account: Account) -> Posts:
        """Its own posts, all that the platform lists. Raises ``SourceError``."""

    def checked(self, account: Account, posts: Posts) -> Posts:
        """``posts`` with what tells whether they are all, where that takes calls of its own; for the list alone."""
        return posts

    def probe(self) -> Probe:
        """The account: there, readable, and how many follow it."""
        self.transport.begin(keep_replies=False)
        account = self.shaped("reading the account", self.account)
        if isinstance(account.followers, SourceError):
            raise account.followers
        said = "".join(f", {name} {value}" for name, value in account.quality.items())
        said += "".join(f"; {doubt}" for doubt in account.doubts)
        return Probe(
            reachable=True,
            detail=f"{account.name}, {account.followers} followers{said}",
            rows=account.followers,
            identity=self.identity,
        )

    def _followers(self) -> Answer:
        account = self.account()
        if isinstance(account.followers, SourceError):
            raise account.followers
        row: Row = {
            "platform": self._platform,
            "taken_at": self.context.now,
            "day": self.snapshot_day(),
            "followers": account.followers,
        }
        return Answer(rows=[row], quality=account.quality, doubts=account.doubts)

    def _posts(self) -> Answer:
        """The list. Where it shows fewer than the platform counts, what is older than its end is not deleted."""
        account = self.account()
        posts = self.checked(account, self.posts(account))
        rows: list[Row] = [
            {
                "platform": self._platform,
                "post_id": post.post_id,
                "url": post.url,
                "published_at": post.published_at,
                "text": post.text,
            }
            for post in posts.items
        ]
        short = shortfall(posts.listed, posts.total)
        since = tells_since([post.published_at for post in posts.items], now=self.context.now) if short else None
        return Answer(
            rows=rows,
            listed_since=posts.odd.since(since, now=self.context.now),
            present=posts.odd.present,
            quality=account.quality,
            doubts=(*short, *posts.odd.doubts()),
        )

    def _counters(self) -> Answer:
        account = self.account()
        stamp: Row = {"platform": self._platform, "taken_at": self.context.now, "day": self.snapshot_day()}
        posts = self.posts(account)
        rows: list[Row] = [
            {**stamp, "post_id": post.post_id, "likes": post.likes, "comments": post.comments, "shares": post.shares}
            for post in posts.items
        ]
        doubts = (*shortfall(posts.listed, posts.total), *counter_doubts(rows), *posts.odd.doubts())
        return Answer(rows=rows, quality=account.quality, doubts=doubts)
