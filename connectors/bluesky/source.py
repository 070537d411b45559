"""Bluesky through its public AppView, without credentials (API.md, section 7).

An account is its DID: the handle is only asked for the DID, for handles change. What belongs here: the endpoints, what
their fields mean, and Bluesky's errors. What does not: the rows (``core/present_only.py``), HTTP and waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.bluesky.settings import Bluesky
from connectors.core.errors import NotFound, PermissionMissing, RateLimited
from connectors.core.http import Classify, Http, Verdict, pause
from connectors.core.odd import Odd
from connectors.core.present_only import DAY_BOUNDARY, DOCS, Account, Post, Posts, PresentOnlySource, streams
from connectors.core.protocol import Context, Source, SourceType
from connectors.core.reply import Reply
from connectors.core.retry import RetryPolicy, until_reset
from connectors.core.shape import BadShape, Node
from connectors.core.text import beginning
from okr_models.client.sources import SourceSettings

PLATFORM = str(Bluesky.facts.platform)
VENDOR = "https://public.api.bsky.app"
PAGE_POSTS = 100
MOST_PAGES = 2_000
MIN_INTERVAL_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 310.0
"""Quotas are for 5 minutes. A new one is waited for, once: a reading can't be taken again tomorrow."""
POSTS_ONLY, WITH_ANSWERS = "posts_no_replies", "posts_with_replies"
GONE = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})


class BlueskySource(PresentOnlySource):
    """One account."""

    def __init__(self, *, settings: Bluesky, context: Context, http: Http) -> None:
        super().__init__(platform=PLATFORM, context=context, http=http)
        self._actor = settings.actor

    def account(self) -> Account:
        """The profile. Its follower count is always there; absent, it is not taken for nobody."""
        attempted = f"reading the profile of {self._actor}"
        found = self.transport.get_json(
            "/app.bsky.actor.getProfile", attempted=attempted, params={"actor": self._actor}
        )
        did, handle = found.text("did"), found.text("handle")
        self.tell(did=did)
        return Account(
            account_id=did,
            name=f"@{handle}",
            followers=self.followers_in(found, "followersCount", attempted=attempted),
            quality={"did": did, "handle": handle},
            posts=found.whole("postsCount", None),
        )

    def posts(self, account: Account) -> Posts:
        """The account's own posts, newest first: no reposts of others, and each once, also one that is pinned.

        The list ends early at times, without a word; whether it did, the profile's count of posts tells. It counts
        answers too, so that these are listed where there are fewer posts than it says.
        """
        did, total, odd = account.account_id, account.posts, Odd()
        found, circles = self._listed(did, POSTS_ONLY, odd)
        listed = _by(did, found)
        if total is not None and listed < total:
            # what only the other list shows is there all the same, and no post that was deleted
            others, circles = self._listed(did, WITH_ANSWERS, Odd())
            found = others | found
            listed = _by(did, found)
        if circles and (total is None or listed < total):
            raise BadShape(path="cursor", wanted="a list of posts that ends", found=circles)
        read = odd.readable(
            found.values(),
            lambda post: as_post(post, did) if is_post(post, did) else None,
            name=lambda post: post.text("uri"),
        )
        own = [post for post in read if post is not None]
        return Posts(items=own, odd=odd, listed=listed, total=total)

    def _listed(self, did: str, which: str, odd: Odd) -> tuple[dict[str, Node], str | None]:
        """The posts, and the cursor that led back to a page already read, where one did."""
        found: dict[str, Node] = {}
        passed: set[str | None] = {None}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page(did, which, cursor)
            found |= odd.by_id((item["post"] for item in page.each("feed")), lambda post: post.text("uri"))
            # a page may be empty and not the last: what a reader may not see is left out after paging
            cursor = page.text("cursor", None) or None
            if cursor is None or cursor in passed:
                return found, cursor
            passed.add(cursor)
        raise BadShape(path="cursor", wanted="a list of posts that ends", found=cursor)

    def _page(self, did: str, which: str, cursor: str | None) -> Node:
        params: dict[str, str | int] = {"actor": did, "limit": PAGE_POSTS, "filter": which}
        if cursor is not None:
            params["cursor"] = cursor
        attempted = f"listing posts from {f'before {cursor}' if cursor else 'the newest'}"
        return self.transport.get_json("/app.bsky.feed.getAuthorFeed", attempted=attempted, params=params)


def _by(did: str, found: Iterable[str]) -> int:
    """How many are an account's own, answers included, by their addresses."""
    return sum(uri.startswith(f"at://{did}/") for uri in found)


def as_post(post: Node, did: str) -> Post:
    """Shares are reposts and quotes. A count of zero may be left out of a post that is there (API.md, section 7)."""
    uri = post.text("uri")
    return Post(
        post_id=uri,
        url=f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
        published_at=published_at(post),
        text=beginning(post["record"].text("text", None)),
        likes=post.whole("likeCount", 0),
        comments=post.whole("replyCount", 0),
        shares=post.whole("repostCount", 0) + post.whole("quoteCount", 0),
    )


def is_post(post: Node, did: str) -> bool:
    """Whether it is a post of the account's own; an answer comes into the list only by being reposted."""
    return post["author"].text("did") == did and "reply" not in post["record"]


def published_at(post: Node) -> datetime:
    """When it was published: as its author says, but not later than Bluesky saw it, which is Bluesky's own order.

    ``createdAt`` is the word of the author's program; where it is no instant, only Bluesky's own counts.
    """
    if "indexedAt" not in post:
        return post["record"].instant("createdAt")
    seen = post.instant("indexedAt")
    try:
        return min(seen, post["record"].instant("createdAt"))
    except BadShape:
        return seen


def classifier(*, now: datetime) -> Classify:
    """Bluesky's errors by their name; the wait for a new quota is in ``ratelimit-reset`` as Unix seconds."""

    def classify(reply: Reply) -> Verdict | None:
        if reply.status < 400:
            return None
        name, detail = reply.field("error"), reply.excerpt()
        if reply.status == 429 or name == "RateLimitExceeded":
            wait = until_reset(reply.headers.get("ratelimit-reset", ""), reply.headers, now=now)
            return Verdict(error=RateLimited, detail=detail, retry=True, retry_after_seconds=wait)
        if name in GONE:
            cure = "the account has to be opened again by its owner or by Bluesky"
            return Verdict(error=PermissionMissing, detail=f"{name}: {detail}", cure=cure)
        if reply.status == 400 and "profile not found" in detail.lower():
            cure = "handles change: write the account's present handle, or better its did:, as actor"
            return Verdict(error=NotFound, detail=detail, cure=cure)
        return None

    return classify


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account."""
    assert isinstance(settings, Bluesky)  # noqa: S101 - the registry pairs settings and builders by type
    http = Http(
        context=context,
        source=settings.id,
        base_url=(context.base_url or VENDOR) + "/xrpc",
        classify=classifier(now=context.now),
        min_interval_seconds=pause(MIN_INTERVAL_SECONDS, context.base_url or VENDOR),
        policy=RetryPolicy(longest_wait_seconds=LONGEST_WAIT_SECONDS, longest_waits_seconds=LONGEST_WAIT_SECONDS),
    )
    return BlueskySource(settings=settings, context=context, http=http)


BLUESKY = SourceType(
    settings=Bluesky,
    streams=streams(
        account_api="GET /xrpc/app.bsky.actor.getProfile",
        posts_api="GET /xrpc/app.bsky.feed.getAuthorFeed?filter=posts_no_replies",
    ),
    build=build,
    day_boundary=DAY_BOUNDARY,
    vendor_url=VENDOR,
    docs=DOCS,
    limits=(
        f"Quotas for 5 minutes, far above what a night takes; at most {1 / MIN_INTERVAL_SECONDS:.0f} calls a second are"
        f" made, {PAGE_POSTS} posts each. A new quota is waited for, once and up to {LONGEST_WAIT_SECONDS:.0f} s."
    ),
)
