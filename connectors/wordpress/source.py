"""WordPress: every published post, listed by id so that edits meanwhile don't shift the pages (API.md, section 8).

What belongs here: finding a site's REST root and reading its posts. What does not: views of a post (web sources), the
feeds of a site that keeps its REST API closed (``feed.py``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.doubt import Doubt
from connectors.core.errors import (
    AuthFailed,
    BadReply,
    Misconfigured,
    NotFound,
    PermissionMissing,
    SourceError,
    Unavailable,
)
from connectors.core.http import Http, Verdict, pause
from connectors.core.odd import Odd
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import BLOG_POSTS
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node
from connectors.core.text import plain
from connectors.feed.source import FeedSource
from connectors.wordpress.feed import as_posts, from_feeds
from connectors.wordpress.listing import PageGone, count, list_posts, posts_in
from connectors.wordpress.settings import WordPress
from okr_models.client.identity import joined_parts
from okr_models.client.sources import SourceSettings
from okr_models.hosts import place

PAGE_POSTS = 100
EARLIEST_YEAR = 1971
FIELDS = "id,date,date_gmt,modified_gmt,link,title,status,type"
USE_FEED = "open it, or let the site show its feed at /feed/, or use a source of type feed with its RSS address"

T = TypeVar("T")

POSTS = Stream(
    table=BLOG_POSTS,
    delivery="listing",
    grain=None,
    api="GET /wp-json/wp/v2/posts (or /?rest_route=/wp/v2/posts); where that is closed, /feed/",
    note="posts deleted before the first night",
)

WRONG_PASSWORD = frozenset(
    {"incorrect_password", "invalid_username", "invalid_email", "application_passwords_disabled"}
)


class LoginWanted(AuthFailed):
    """The REST API answers only who is signed in."""


class NoRest(BadReply):
    """A web page where the REST API should be, as plugins show that close it."""


CLOSED = (LoginWanted, PermissionMissing, NotFound)
"""How a site says that it keeps its REST API closed."""


class WordPressSource(BaseSource[Http]):
    """One site's blog. Publication days are the site's own."""

    def __init__(self, *, context: Context, http: Http, page_posts: int | None = None) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._page_posts = page_posts or PAGE_POSTS
        self._root: str | None = None
        self._offset: tzinfo | None = None
        self._closed: SourceError | None = None
        self.lists = {POSTS.name: self._posts}

    def zone(self) -> ZoneInfo:
        """The site's zone; the client's where it only gives an offset, which has no summer time, or keeps it closed."""
        if self._root is None and self._closed is None:
            try:
                self.shaped("finding the site's REST root", self._discover)
            except (*CLOSED, NoRest) as closed:
                self._closed = closed
        return self._zone

    def probe(self) -> Probe:
        """The newest post's page: reachable, open, and how many posts there are; else the feed's."""
        self.transport.begin(keep_replies=False)
        self.zone()
        try:
            if self._closed is not None:
                raise self._closed
            return self.shaped("listing posts", self._probe)
        except (*CLOSED, BadReply) as error:
            broken = error
        why = "is closed" if isinstance(broken, (*CLOSED, NoRest)) else "can't be read"
        return self._from_feeds(
            lambda feed: replace(seen := feed.probe(), detail=f"the REST API {why}; its feed: {seen.detail}"), broken
        )

    def _probe(self) -> Probe:
        reply = self._page(1, per_page=1)
        total = count(reply, "X-WP-Total")
        shown = len(list(posts_in(reply.json())))
        posts = f"{total} published posts" if total is not None else "posts uncounted" if shown else "no posts"
        detail = f"{self._root}, {posts}, days in {self._site_zone()}"
        rows = shown if total is None else total
        return Probe(reachable=True, detail=detail, rows=rows, version="wp/v2", identity=self.identity)

    def _site_zone(self) -> tzinfo:
        return self._offset or self.zone()

    def _discover(self) -> str:
        """The REST root: ``/wp-json/``, else ``?rest_route=/``, else what the site's own Link header names."""
        failure: SourceError | BadShape | None = None
        for root in ("/wp-json/", "/?rest_route=/"):
            try:
                return self._learn(root)
            except (*CLOSED, BadReply, BadShape) as error:
                # what an open root gives wrongly says more than that there is none elsewhere
                failure = error if failure is None or isinstance(error, BadShape) else failure
        named = None
        with suppress(*CLOSED, BadReply):
            named = linked_root(
                self.transport.get("/", attempted="looking for the REST root in the site's Link header")
            )
        if named is None:
            raise failure or BadShape(path="wp-json", wanted="a WordPress REST root", found=None)
        return self._learn(urljoin(self.transport.base_url + "/", named))

    def _learn(self, root: str) -> str:
        site = self.transport.get_json(root, attempted="reading the site's REST root")
        if "namespaces" in site and "wp/v2" not in [name.value for name in site.each("namespaces")]:
            raise BadShape(path="namespaces", wanted="a site with wp/v2", found=None)
        for address in ("home", "url"):
            self.tell(site=place(site.text(address, "")) or None)
        name = site.text("timezone_string", "")
        try:
            self._zone, self._offset = ZoneInfo(name), None
        except (ZoneInfoNotFoundError, ValueError):
            self._zone, self._offset = self.context.client_zone, offset_of(site)
        self._root = root
        return root

    def _page(self, page: int, *, per_page: int) -> Reply:
        root = self._root or self._discover()
        params: dict[str, str | int] = {
            "per_page": per_page,
            "page": page,
            "orderby": "id",
            "order": "asc",
            "status": "publish",
            "_fields": FIELDS,
        }
        path, params = with_route(root, "wp/v2/posts", params)
        return self.transport.get_document(path, attempted=f"listing posts, page {page}", params=params)

    def _posts(self) -> Answer:
        """The list over the REST API; where it is closed or can't be completed, what the feed and it give together."""
        read: dict[int, Node] = {}
        part: Answer | None = None
        try:
            answer, is_cut = self._by_rest(read)
            if not is_cut:
                return answer
            part, broken = answer, self._incomplete("every page gives the same posts")
        except (*CLOSED, BadReply, BadShape, Unavailable) as error:
            broken = error if isinstance(error, SourceError) else self._incomplete(str(error))
            if isinstance(error, Unavailable) and not read:  # the whole API is down for the moment, and so is the feed
                raise
        try:
            return self._by_feed(broken, read)
        except SourceError:
            if not read or isinstance(broken, Unavailable):
                raise
        return part or self._part(broken, read)

    def _incomplete(self, problem: str) -> SourceError:
        return self.transport.error(BadReply, attempted="listing posts", detail=problem, cure=USE_FEED)

    def _part(self, broken: SourceError, read: Mapping[int, Node]) -> Answer:
        """What could be read of a list that breaks off; nothing is taken for deleted."""
        odd = Odd()
        rows = self._rows(read, odd)
        odd.note(f"the list breaks off after {len(rows)} posts: {broken.detail}")
        return Answer(
            rows=rows, listed_since=self.context.now, present=odd.present, doubts=odd.doubts(), on_conflict="last"
        )

    def _by_rest(self, read: dict[int, Node]) -> tuple[Answer, bool]:
        """The list, and whether it never came to its end."""
        self.zone()
        if self._closed is not None:
            raise self._closed
        posts = list_posts(
            lambda number, size: self._page(number, per_page=size), page_posts=self._page_posts, seen=read
        )
        odd = posts.odd
        rows = self._rows(posts.found, odd)
        answer = Answer(
            rows=rows,
            listed_since=odd.since(self.context.now if posts.drifted else None, now=self.context.now),
            present=odd.present,
            quality={"list_moved": posts.moved, "site_zone": str(self._site_zone())},
            doubts=(*posts.doubts(), *odd.doubts()),
            on_conflict="last",
        )
        return answer, posts.is_cut

    def _by_feed(self, broken: SourceError, read: Mapping[int, Node]) -> Answer:
        """The posts that the feed shows, and those that the REST API gave before it broke off."""

        def posts(feed: FeedSource) -> Answer:
            answer = feed.shaped("reading the feed", feed.posts)
            self.identity = joined_parts(self.identity, feed.identity)
            return as_posts(answer, day_of=lambda moment: moment.astimezone(self._site_zone()).date())

        answer = self._from_feeds(posts, broken)
        rows = list(answer.rows)
        if answer.listed_since is not None and read:
            shown = {row["post_id"] for row in rows}
            rows = [*rows, *(row for row in self._rows(read, Odd()) if row["post_id"] not in shown)]
        why = broken.detail or broken.attempted
        return replace(answer, rows=rows, doubts=(*answer.doubts, Doubt(code="read_from_feed", what=why)))

    def _from_feeds(self, action: Callable[[FeedSource], T], broken: SourceError) -> T:
        """Raises why the REST API can't be read where there is no feed."""
        return from_feeds(
            action, context=self.context, source=self.transport.source, base_url=self.transport.base_url, closed=broken
        )

    def _rows(self, found: Mapping[int, Node], odd: Odd) -> list[Row]:
        """Rows of what is published; a post that can't be dated or has no address is noted in ``odd``."""
        posts = [found[number] for number in sorted(found)]
        read = odd.readable(posts, self._row, name=lambda post: str(post.whole("id")))
        return [row for row in read if row is not None]

    def _row(self, post: Node) -> Row | None:
        if post.text("status", "publish") != "publish":
            return None
        zone = self._site_zone()
        url = post.text("link")
        try:
            published = published_at(post, zone)
        except BadShape as problem:
            raise BadShape(path=url, wanted="a post with a date", found=problem.found) from problem
        title = post["title"].text("rendered", "") if isinstance(post["title"].value, dict) else ""
        return {
            "post_id": str(post.whole("id")),
            "url": url,
            "title": plain(title) or url,
            "published_at": published,
            "published_on": published.astimezone(zone).date(),
            "modified_at": changed_at(post),
        }


def published_at(post: Node, zone: tzinfo) -> datetime:
    """When it was published; by the site's own time for posts that some imports leave without the other.

    Raises ``BadShape`` where neither is a moment.
    """
    try:
        return within(post.instant("date_gmt", naive_is_utc=True))
    except BadShape:
        text = post.text("date", "")
    try:
        return within(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise BadShape(path=post["date"].path, wanted="a moment in the site's time", found=text) from error


def within(moment: datetime) -> datetime:
    """The moment, unless it is WordPress's zero, which it writes as a day of the year 1 or before."""
    if moment.year < EARLIEST_YEAR:
        raise BadShape(path="date_gmt", wanted=f"a moment since {EARLIEST_YEAR}", found=str(moment))
    return moment


def changed_at(post: Node) -> datetime | None:
    """Its last change; None where that is not told, or no moment."""
    try:
        return within(post.instant("modified_gmt", naive_is_utc=True))
    except BadShape:
        return None


def offset_of(site: Node) -> timezone:
    """The offset of a site without a zone. WordPress itself takes one that is empty or no number for 0."""
    try:
        hours = float(str(site["gmt_offset"].value).replace(",", "."))
        return timezone(timedelta(hours=hours))
    except ValueError:
        return UTC


def with_route(root: str, route: str, params: Mapping[str, str | int]) -> tuple[str, dict[str, str | int]]:
    """Address and parameters of a route under a root that is a path (``/wp-json/``) or a ``rest_route`` query."""
    query = dict(parse_qsl(urlsplit(root).query, keep_blank_values=True))
    if "rest_route" not in query:
        return root.rstrip("/") + "/" + route, dict(params)
    base = root.split("?", 1)[0]
    return base, {**query, "rest_route": query["rest_route"].rstrip("/") + "/" + route, **params}


def linked_root(reply: Reply) -> str | None:
    """The address that ``Link: <…>; rel="https://api.w.org/"`` names."""
    for address, rest in re.findall(r"<([^>]*)>([^,<]*)", reply.headers.get("Link", "")):
        if "https://api.w.org/" in rest:
            return str(address)
    return None


def classify(reply: Reply) -> Verdict | None:
    """WordPress's codes: a closed API and a missing route both lead to the site's feed."""
    code = reply.field("code")
    if reply.status < 400 or not isinstance(code, str):
        is_rest = "/wp-json/" in reply.url or "rest_route=" in reply.url
        by_status = {200: NoRest, 403: PermissionMissing, 404: NotFound} if is_rest else {}
        # JSON under a web page's label is what it is
        closed = by_status.get(reply.status) if reply.looks_like_html() and reply.json_problem() else None
        return (
            Verdict(error=closed, detail="a web page where the REST API should be", cure=USE_FEED) if closed else None
        )
    verdicts: tuple[tuple[bool, type[SourceError], str | None], ...] = (
        (code == "rest_post_invalid_page_number", PageGone, None),
        (code in WRONG_PASSWORD, AuthFailed, "make a new application password in the user's profile"),
        (code == "rest_no_route" or reply.status == 404, NotFound, USE_FEED),
        (reply.status == 401, LoginWanted, f"give username and password; or {USE_FEED}"),
        (reply.status == 403, PermissionMissing, USE_FEED),
    )
    for applies, kind, cure in verdicts:
        if applies:
            return Verdict(error=kind, detail=f"{code}: {reply.excerpt()}", cure=cure)
    return None


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one site. Raises ``Misconfigured`` where only one of user name and password is given."""
    assert isinstance(settings, WordPress)  # noqa: S101 - the registry pairs settings and builders by type
    if (settings.username is None) != (settings.password is None) or context.base_url is None:
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="opening the site",
            detail="base_url, or one of username and password, is missing",
            cure="give base_url, and username and password both or neither",
        )
    headers: dict[str, str] = {}
    secrets: list[str] = []
    if settings.username is not None:
        password = context.secret("password")
        pair = base64.b64encode(f"{settings.username}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
        secrets = [password, pair]
    http = Http(
        context=context,
        source=settings.id,
        base_url=context.base_url,
        classify=classify,
        headers=headers,
        secrets=secrets,
        min_interval_seconds=pause(0.1, context.base_url),
    )
    return WordPressSource(context=context, http=http)


WORDPRESS = SourceType(
    settings=WordPress,
    streams=(POSTS,),
    build=build,
    day_boundary="the site's zone, learned from the site",
    vendor_url=None,
    docs="All posts that are published now, with their dates.",
    limits=f"The server's own: at most ten requests a second are made, {PAGE_POSTS} posts each.",
)
