"""RSS and Atom feeds: the newest posts of a blog that has no API, or keeps it closed (API.md, section 8).

A feed shows only the newest posts, so what is not in it is not deleted unless it would have to be in it; WordPress's
feeds have older pages too and are read to their end. What belongs here: fetching, paging and how far a reading
reaches. What does not: the formats (``entries.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from connectors.core.arrow import Row
from connectors.core.base import Answer, BaseSource
from connectors.core.errors import BadReply, Misconfigured, NotFound, PermissionMissing
from connectors.core.http import Http, Verdict, pause
from connectors.core.odd import Odd
from connectors.core.protocol import Context, Probe, Source, SourceType, Stream
from connectors.core.raw_tables import BLOG_POSTS
from connectors.core.reply import Reply
from connectors.core.shape import BadShape
from connectors.feed.entries import Document, Entry, LeftOut, named_feed, parse, problem, reaches_back_to, told_apart
from connectors.feed.settings import Feed
from okr_models.client.sources import EnvRef, SourceSettings
from okr_models.hosts import place

LARGEST_BODY_BYTES = 16 * 1024 * 1024
MOST_PAGES = 200
MOST_PASSES = 3
ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"

POSTS = Stream(
    table=BLOG_POSTS,
    delivery="listing",
    grain=None,
    api="GET the feed's address (WordPress: and its pages, ?paged=)",
    note="posts that were no longer in the feed on the first night; WordPress shows all, others the newest ten or so",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One walk over a WordPress feed's pages. ``is_whole``: it came to the end, and no entry stood twice."""

    newest: Document
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    is_whole: bool

    @property
    def ids(self) -> list[str]:
        return [entry.post_id for entry in self.entries]


class FeedSource(BaseSource[Http]):
    """One feed. A feed has no zone of its own: publication days are the client's."""

    def __init__(self, *, context: Context, http: Http, address: str, in_pages: bool = False) -> None:
        super().__init__(context=context, transport=http, zone=context.client_zone)
        self._address, self._in_pages = address, in_pages
        self.lists = {POSTS.name: self.posts}

    def probe(self) -> Probe:
        """The newest entries: reachable, and a feed."""
        self.transport.begin(keep_replies=False)
        document = self.shaped("reading the feed", lambda: self._page(1))
        newest = max((entry.published_at for entry in document.entries), default=None)
        dated = f", newest of {newest.astimezone(self.zone()).date()}" if newest else ""
        dated += f"; {len(document.left_out)} can't be used: {document.left_out[0].why}" if document.left_out else ""
        detail = f"{document.title or 'the feed'}, {len(document.entries)} posts shown{dated}"
        return Probe(reachable=True, detail=detail, rows=len(document.entries), identity=self.identity)

    def _page(self, number: int) -> Document:
        params: dict[str, str | int] = {"paged": number} if number > 1 else {}
        reply = self.transport.get(self._address, attempted=f"reading the feed, page {number}", params=params)
        document = parse(reply, zone=self.zone())
        self.tell(site=place(document.home) or None)
        return document

    def _has_pages(self, newest: Document) -> bool:
        return self._in_pages or newest.is_wordpress

    def posts(self) -> Answer:
        """What the feed shows; all posts, where a WordPress feed gave the same whole list twice."""
        seen: list[Entry] = []
        left_out: list[LeftOut] = []
        before: Sweep | None = None
        for _ in range(MOST_PASSES):
            sweep = self._sweep()
            seen += sweep.entries
            left_out += sweep.left_out
            if not self._has_pages(sweep.newest) or len(sweep.entries) == len(sweep.newest.entries):
                break
            if before and before.is_whole and sweep.is_whole and before.ids == sweep.ids:
                return self._answer(sweep.newest, sweep.entries, sweep.left_out, since=None)
            before = sweep
        since = reaches_back_to(sweep.newest.entries, now=self.context.now)
        return self._answer(sweep.newest, seen, left_out, since=since)

    def _sweep(self) -> Sweep:
        """The first page, and of WordPress all others until there is none. A full last page may not be the last."""
        newest = self._page(1)
        pages = [newest]
        size = _size(newest)
        is_whole = False
        for number in range(2, MOST_PAGES + 1) if self._has_pages(newest) and size else ():
            try:
                page = self._page(number)
            except NotFound:
                is_whole = _size(pages[-1]) < size
                break
            except PermissionMissing:  # some hosts close the older pages
                break
            if page.entries == pages[-1].entries and page.left_out == pages[-1].left_out:  # pages are ignored
                break
            pages.append(page)
        entries = told_apart((entry for page in pages for entry in page.entries), home=newest.home)
        shown = sum(len(page.entries) for page in pages)
        return Sweep(
            newest=newest,
            entries=entries,
            left_out=tuple(one for page in pages for one in page.left_out),
            is_whole=is_whole and shown == len(entries),
        )

    def _answer(
        self, newest: Document, entries: Iterable[Entry], left_out: Iterable[LeftOut], *, since: datetime | None
    ) -> Answer:
        odd = Odd()
        for one in dict.fromkeys(left_out):
            odd.note(one.why, item_id=one.post_id)
        rows: list[Row] = [
            {
                "post_id": entry.post_id,
                "url": entry.url,
                "title": entry.title,
                "published_at": entry.published_at,
                "published_on": entry.published_at.astimezone(self.zone()).date(),
                "modified_at": entry.updated_at,
            }
            for entry in told_apart(entries, home=newest.home)
        ]
        if odd.problems and not rows:
            wanted = "entries with an address and a date that can be told"
            raise BadShape(path="entry", wanted=wanted, found=odd.problems[0])
        return Answer(
            rows=rows,
            listed_since=since,
            present=odd.present,
            quality={"is_whole": since is None, "reaches_back_to": since.isoformat() if since else None},
            doubts=odd.doubts(),
            on_conflict="last",
        )


def _size(page: Document) -> int:
    """How many entries a page shows, read or not."""
    return len(page.entries) + len(page.left_out)


def classify(reply: Reply) -> Verdict | None:
    """A good status with something that is no whole feed is a bad reply; a web page may name its feed."""
    what = problem(reply) if reply.status < 300 else None
    if what is None:
        return None
    named = named_feed(reply)
    cure = f"this page says that its feed is at {named}" if named else "set url to the address of the feed itself"
    return Verdict(error=BadReply, detail=what, cure=cure, retry=named is None)


def address_of(settings: Feed, context: Context) -> str:
    """The feed's address: as written or from its variable; with ``base_url``, that and the address's own path."""
    url = context.secret("url") if isinstance(settings.url, EnvRef) else settings.url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if url.startswith("/") and context.base_url is not None:
        return context.base_url + url
    if not usable or parts.username or parts.password:
        raise Misconfigured(
            client=context.client,
            source=settings.id,
            attempted="reading url",
            detail="url is not a plain http(s) address",
            cure="give the feed's address, such as https://example.se/feed/",
        )
    if context.base_url is not None:
        return context.base_url + parts.path + (f"?{parts.query}" if parts.query else "")
    return parts._replace(fragment="").geturl()


def build(settings: SourceSettings, context: Context) -> Source:
    """A source for one feed. Raises ``Misconfigured`` where its address is missing or none."""
    assert isinstance(settings, Feed)  # noqa: S101 - the registry pairs settings and builders by type
    return open_feed(context, source=settings.id, address=address_of(settings, context))


def open_feed(context: Context, *, source: str, address: str, in_pages: bool = False) -> FeedSource:
    """The feed at an address. ``in_pages``: it is known to be WordPress's, whatever its own words."""
    parts = urlsplit(address)
    http = Http(
        context=context,
        source=source,
        base_url=f"{parts.scheme}://{parts.netloc}",
        classify=classify,
        headers={"Accept": ACCEPT},
        min_interval_seconds=pause(0.1, address),
        largest_body_bytes=LARGEST_BODY_BYTES,
    )
    return FeedSource(context=context, http=http, address=address, in_pages=in_pages)


FEED = SourceType(
    settings=Feed,
    streams=(POSTS,),
    build=build,
    day_boundary="the client's zone",
    vendor_url=None,
    docs="The posts that the feed shows now: of WordPress all, of others the newest; those stay when newer ones come.",
    limits=(
        f"At most ten requests a second; a document of at most {LARGEST_BODY_BYTES // 1024**2} MB; of a WordPress feed"
        f" at most {MOST_PAGES} pages."
    ),
    library="requests, feedparser",
)
