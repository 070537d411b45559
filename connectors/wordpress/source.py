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
from connectors.core.errors import AuthFailed, BadReply, Misconfigured, NotFound, PermissionMissing, SourceError
from connectors.core.http import Http, Verdict
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import BLOG_POSTS
from connectors.core.reply import Reply
from connectors.core.shape import BadShape, Node, as_instant
from connectors.core.text import plain
from connectors.feed.source import FeedSource
from connectors.wordpress.feed import as_posts, from_feeds
from connectors.wordpress.settings import WordPress
from okr_models.client.sources import SourceSettings

PAGE_POSTS = 100
MOST_PAGES = 1_000
MOST_PASSES = 3
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


class PageGone(BadReply):
    """A page past the last: posts went meanwhile."""


class NoRest(BadReply):
    """A web page where the REST API should be, as plugins show that close it."""


CLOSED = (LoginWanted, PermissionMissing, NotFound)
"""How a site says that it keeps its REST API closed."""


class WordPressSource(BaseSource[Http]):
    """One site's blog. Publication days are the site's own."""

    def __init__(self, *, context: Context, http: Http, page_posts: int | None = None) -> None:
        super().__init__(context=context, http=http, zone=context.client_zone)
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
        self.http.begin(keep_replies=False)
        return self._open_or_feed(
            lambda: self.shaped("listing posts", self._probe),
            lambda feed: replace(seen := feed.probe(), detail=f"the REST API is closed; its feed: {seen.detail}"),
        )

    def _open_or_feed(self, by_rest: Callable[[], T], by_feed: Callable[[FeedSource], T]) -> T:
        """The first where the REST API is open, else the second with the site's feed. Raises why it is closed."""
        self.zone()
        if self._closed is None:
            try:
                return by_rest()
            except CLOSED as closed:
                self._closed = closed
        return from_feeds(
            by_feed, context=self.context, source=self.http.source, base_url=self.http.base_url, closed=self._closed
        )

    def _probe(self) -> Probe:
        reply = self._page(1, per_page=1)
        return Probe(
            reachable=True,
            detail=f"{self._root}, {total(reply, 'X-WP-Total')} published posts, days in {self._site_zone()}",
            rows=total(reply, "X-WP-Total"),
            version="wp/v2",
        )

    def _site_zone(self) -> tzinfo:
        return self._offset or self.zone()

    def _discover(self) -> str:
        """The REST root: ``/wp-json/``, else ``?rest_route=/``, else what the site's own Link header names."""
        failure: SourceError | None = None
        for root in ("/wp-json/", "/?rest_route=/"):
            try:
                return self._learn(root)
            except (*CLOSED, BadReply, BadShape) as error:
                failure = failure or (error if isinstance(error, SourceError) else None)
        named = None
        with suppress(*CLOSED, BadReply):
            named = linked_root(self.http.get("/", attempted="looking for the REST root in the site's Link header"))
        if named is None:
            raise failure or BadShape(path="wp-json", wanted="a WordPress REST root", found=None)
        return self._learn(urljoin(self.http.base_url + "/", named))

    def _learn(self, root: str) -> str:
        site = self.http.get_json(root, attempted="reading the site's REST root")
        if "namespaces" in site and "wp/v2" not in [name.value for name in site.each("namespaces")]:
            raise BadShape(path="namespaces", wanted="a site with wp/v2", found=None)
        name = site.text("timezone_string", "")
        try:
            self._zone, self._offset = ZoneInfo(name), None
        except (ZoneInfoNotFoundError, ValueError):
            hours = site.number("gmt_offset")
            self._zone, self._offset = self.context.client_zone, timezone(timedelta(hours=hours))
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
        return self.http.get_document(path, attempted=f"listing posts, page {page}", params=params)

    def _posts(self) -> Answer:
        def by_feed(feed: FeedSource) -> Answer:
            answer = feed.shaped("reading the feed", feed.posts)
            return as_posts(answer, day_of=lambda moment: moment.astimezone(self._site_zone()).date())

        return self._open_or_feed(self._listed, by_feed)

    def _listed(self) -> Answer:
        """All pages. Where posts came or went meanwhile, again with other page sizes, so that no post stays hidden."""
        seen: dict[int, Node] = {}
        for attempt in range(MOST_PASSES):
            found, posts = self._one_pass(per_page=self._page_posts - attempt)
            if posts is not None and len(found) == posts:
                return self._answer(found, drifted=attempt > 0)
            seen |= found
            if posts is not None and len(seen) >= posts:
                return self._answer(seen, drifted=True)
        raise BadShape(path="X-WP-Total", wanted="a list that can be read whole", found=len(seen))

    def _one_pass(self, *, per_page: int) -> tuple[dict[int, Node], int | None]:
        """Posts by id, and how many there are; None where that changed while reading."""
        found: dict[int, Node] = {}
        first = None
        for number in range(1, MOST_PAGES + 1):
            try:
                reply = self._page(number, per_page=per_page)
            except PageGone:
                return found, None
            posts = total(reply, "X-WP-Total")
            first = posts if first is None else first
            found |= {post.whole("id"): post for post in reply.json()}
            if posts != first:
                return found, None
            if number >= total(reply, "X-WP-TotalPages"):
                return found, posts
        raise BadShape(path="X-WP-TotalPages", wanted=f"at most {MOST_PAGES}", found=first)

    def _answer(self, found: Mapping[int, Node], *, drifted: bool) -> Answer:
        zone = self._site_zone()
        rows: list[Row] = []
        for number, post in sorted(found.items()):
            if post.text("status", "publish") != "publish":
                continue
            published = published_at(post, zone)
            modified = post.text("modified_gmt", None)
            rows.append(
                {
                    "post_id": str(number),
                    "url": post.text("link"),
                    "title": plain(post["title"].text("rendered")),
                    "published_at": published,
                    "published_on": published.astimezone(zone).date(),
                    "modified_at": as_instant(modified, naive_is_utc=True) if modified else None,
                }
            )
        return Answer(rows=rows, quality={"list_moved": drifted, "site_zone": str(zone)}, on_conflict="last")


def published_at(post: Node, zone: tzinfo) -> datetime:
    """When it was published; by the site's own time for posts that some imports leave without the other."""
    if "date_gmt" in post:
        return post.instant("date_gmt", naive_is_utc=True)
    text = post.text("date")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError as error:
        raise BadShape(path=post["date"].path, wanted="a moment in the site's time", found=text) from error


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


def total(reply: Reply, header: str) -> int:
    """A count from a header; a reply without it is not WordPress's list of posts."""
    text = reply.headers.get(header, "")
    if not (text.isascii() and text.isdigit()):
        raise BadShape(path=header, wanted="a count", found=text or None)
    return int(text)


def classify(reply: Reply) -> Verdict | None:
    """WordPress's codes: a closed API and a missing route both lead to the site's feed."""
    code = reply.field("code")
    if reply.status < 400 or not isinstance(code, str):
        is_rest = "/wp-json/" in reply.url or "rest_route=" in reply.url
        by_status = {200: NoRest, 403: PermissionMissing, 404: NotFound} if is_rest else {}
        closed = by_status.get(reply.status) if reply.looks_like_html() else None
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
        min_interval_seconds=0.1,
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
