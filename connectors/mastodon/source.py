"""Mastodon: one account on its home instance; an account's copies elsewhere are stale (API.md, section 7).

Its posts are its own public and unlisted statuses, the parts of its threads included; boosts, answers to others and
whatever only some may read are none, so that a token changes no figure. What belongs here: the endpoints, what their
fields mean, and Mastodon's errors. What does not: the rows (``core/present_only.py``), HTTP and waiting.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from connectors.core.doubt import Doubt
from connectors.core.errors import AuthFailed, Misconfigured, NotFound, PermissionMissing, RateLimited
from connectors.core.http import Classify, Http, Verdict, pause
from connectors.core.odd import Odd
from connectors.core.present_only import DAY_BOUNDARY, DOCS, Account, Post, Posts, PresentOnlySource, streams
from connectors.core.protocol import Context, Source, SourceType
from connectors.core.reply import Reply
from connectors.core.retry import RetryPolicy, until_reset
from connectors.core.shape import BadShape, Node
from connectors.core.text import beginning
from connectors.mastodon.settings import Mastodon
from okr_models.client.sources import SourceSettings
from okr_models.hosts import place

PLATFORM = str(Mastodon.facts.platform)
PAGE_POSTS = 40
MOST_PAGES = 2_000
MIN_INTERVAL_SECONDS = 0.2
PLENTY_CALLS = 30
QUOTA_SECONDS = 300.0
"""The instance's quota is 300 calls in 5 minutes; the last of them are spread over the time until it begins anew."""
LONGEST_WAIT_SECONDS = 310.0
"""A new quota is waited for, once: a night that gives up loses a reading that can't be taken again."""
PUBLIC = frozenset({"public", "unlisted"})


class MastodonSource(PresentOnlySource):
    """One account."""

    def __init__(self, *, settings: Mastodon, context: Context, http: Http) -> None:
        super().__init__(platform=PLATFORM, context=context, http=http)
        self._name = settings.account
        self._ids: frozenset[str] = frozenset()

    def account(self) -> Account:
        """The account by its name. A suspended one shows zeros, and a hidden count is -1: neither is a figure."""
        attempted = f"looking up @{self._name}"
        found = self.transport.get_json("/api/v1/accounts/lookup", attempted=attempted, params={"acct": self._name})
        if found["suspended"].value is True:
            detail, cure = "the instance has suspended the account", "ask the instance's moderators"
            raise self.transport.error(PermissionMissing, attempted=attempted, detail=detail, cure=cure)
        followers = self.followers_in(found, "followers_count", attempted=attempted)
        if isinstance(followers, int) and followers < 0:
            detail, cure = "the follower count is hidden", "let the account and its instance show it"
            followers = self.transport.error(PermissionMissing, attempted=attempted, detail=detail, cure=cure)
        self.tell(account_id=found.text("id"), instance=place(found.text("url", "")).partition("/")[0])
        moved = f"@{found['moved'].text('acct', 'another')}" if "moved" in found else None
        return Account(
            account_id=found.text("id"),
            name=found.text("url", f"@{self._name}"),
            followers=followers,
            quality={"account": self._name},
            doubts=(Doubt(code="account_moved", what=moved),) if moved else (),
            posts=found.whole("statuses_count", None),
        )

    def posts(self, account: Account) -> Posts:
        """The account's own posts, newest first."""
        odd = Odd()
        found = self._listed(account.account_id, odd, with_boosts=False)
        read = odd.readable(
            found.values(),
            lambda status: as_post(status) if is_post(status, account.account_id) else None,
            name=lambda status: status.text("id"),
        )
        self._ids = frozenset(found)
        return Posts(items=[post for post in read if post is not None], odd=odd, listed=len(found))

    def checked(self, account: Account, posts: Posts) -> Posts:
        """Whether the list is whole the account's count of statuses tells.

        It counts boosts too, and statuses that only some may read, so that it is asked only where a post that was known
        is not listed, and of a list read first.
        """
        known, total = self.context.listed.keys(), account.posts
        if total is None or posts.listed >= total or (known and known <= self._ids):
            return posts
        with_boosts = self._listed(account.account_id, Odd(), with_boosts=True)
        return replace(posts, listed=max(posts.listed, len(with_boosts)), total=total)

    def _listed(self, account_id: str, odd: Odd, *, with_boosts: bool) -> dict[str, Node]:
        """Every status by id. Pages end at an id and not at an offset, so what comes or goes shifts none.

        Where a proxy drops the header that names the next page, it is what is older than the last status of this one.
        """
        found: dict[str, Node] = {}
        before: str | None = None
        for _ in range(MOST_PAGES):
            reply = self._page(account_id, before, with_boosts=with_boosts)
            page = odd.by_id(reply.json(), lambda status: status.text("id"))
            is_new = not page.keys() <= found.keys()
            found |= page
            older = next_max_id(reply) if "Link" in reply.headers else next(reversed(page), None) if is_new else None
            if older is None or not page:
                return found
            if older == before:
                break
            before = older
            self.context.sleep(breather(reply, now=self.context.now))
        raise BadShape(path="Link", wanted="a list of statuses that ends", found=before)

    def _page(self, account_id: str, before: str | None, *, with_boosts: bool) -> Reply:
        params: dict[str, str | int] = {
            "limit": PAGE_POSTS,
            "exclude_reblogs": "false" if with_boosts else "true",
            "exclude_replies": "false",
        }
        if before is not None:
            params["max_id"] = before
        attempted = f"listing statuses from {f'before {before}' if before else 'the newest'}"
        return self.transport.get_document(
            f"/api/v1/accounts/{account_id}/statuses", attempted=attempted, params=params
        )


def as_post(status: Node) -> Post:
    """Likes are favourites; shares are boosts and quotes, which an instance before 4.5 does not have.

    An instance before 2.5 does not count answers: comments are not known.
    """
    return Post(
        post_id=status.text("id"),
        url=status.text("url", None),
        published_at=status.instant("created_at"),
        text=beginning(status.text("content", None), is_html=True),
        likes=status.whole("favourites_count"),
        comments=status.whole("replies_count", None),
        shares=status.whole("reblogs_count") + status.whole("quotes_count", 0),
    )


def is_post(status: Node, account_id: str) -> bool:
    """Whether a status is a post of the account's own that anybody may read."""
    answered = status.text("in_reply_to_account_id", None)
    by = status["account"].text("id") if "account" in status else account_id
    is_own = by == account_id and "reblog" not in status
    return is_own and answered in {None, account_id} and status.text("visibility", "public") in PUBLIC


def next_max_id(reply: Reply) -> str | None:
    """The id before which ``Link: <…?max_id=…>; rel="next"`` goes on; None at the end of the list."""
    for address, rest in re.findall(r"<([^>]*)>([^<]*)", reply.headers.get("Link", "")):
        if re.search(r'rel="?next"?', rest):
            given = parse_qs(urlsplit(str(address)).query).get("max_id", [""])[0]
            if not given:
                raise BadShape(path="Link", wanted="a next page by max_id", found=address)
            return given
    return None


def breather(reply: Reply, *, now: datetime) -> float:
    """Seconds to hold back before the next page, so that a long list never uses the quota up; 0 while plenty is left.

    A quota that is used up all the same was used by others.
    """
    left = reply.headers.get("X-RateLimit-Remaining", "")
    if not (left.isascii() and left.isdigit()) or int(left) > PLENTY_CALLS:
        return 0.0
    wait = until_reset(reply.headers.get("X-RateLimit-Reset", ""), reply.headers, now=now) or 0.0
    return min(wait, QUOTA_SECONDS) / (int(left) + 1)


def classifier(*, has_token: bool, now: datetime) -> Classify:
    """Mastodon's errors; the wait for a new quota is an instant in ``X-RateLimit-Reset``."""

    def classify(reply: Reply) -> Verdict | None:
        detail = reply.excerpt()
        if reply.status == 429:
            wait = until_reset(reply.headers.get("X-RateLimit-Reset", ""), reply.headers, now=now)
            return Verdict(error=RateLimited, detail=detail, retry=True, retry_after_seconds=wait)
        if reply.status == 401 and not has_token:
            cure = "this instance answers only who is signed in; give a token with the scope read"
            return Verdict(error=AuthFailed, detail=detail, cure=cure)
        if reply.status == 403:
            return Verdict(error=PermissionMissing, detail=detail, cure="give the token the scope read")
        if reply.status in {404, 410}:
            cure = "check account, and that base_url is the instance where the account lives"
            return Verdict(error=NotFound, detail=detail, cure=cure)
        return None

    return classify


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one account. Raises ``Misconfigured`` where base_url is missing, or a token that is named."""
    assert isinstance(settings, Mastodon)  # noqa: S101 - the registry pairs settings and builders by type
    if context.base_url is None:
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="opening the account",
            detail="base_url is missing",
            cure="give the account's home instance, such as base_url: https://mastodon.social",
        )
    token = context.secret("token") if settings.token is not None else None
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url,
        classify=classifier(has_token=token is not None, now=context.now),
        headers={"Authorization": f"Bearer {token}"} if token else None,
        secrets=[token] if token else [],
        min_interval_seconds=pause(MIN_INTERVAL_SECONDS, context.base_url),
        policy=RetryPolicy(longest_wait_seconds=LONGEST_WAIT_SECONDS, longest_waits_seconds=LONGEST_WAIT_SECONDS),
    )
    return MastodonSource(settings=settings, context=context, http=http)


MASTODON = SourceType(
    settings=Mastodon,
    streams=streams(
        account_api="GET /api/v1/accounts/lookup",
        posts_api="GET /api/v1/accounts/{id}/statuses",
    ),
    build=build,
    is_told_posts=True,
    day_boundary=DAY_BOUNDARY,
    vendor_url=None,
    docs=DOCS,
    limits=(
        f"300 calls in 5 minutes and address; at most {1 / MIN_INTERVAL_SECONDS:.0f} a second are made, {PAGE_POSTS}"
        f" posts each, and the last {PLENTY_CALLS} are spread over the time until the quota begins anew. One that"
        f" others used up is waited for, once and up to {LONGEST_WAIT_SECONDS:.0f} s."
    ),
)
