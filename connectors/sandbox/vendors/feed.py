"""WordPress's feeds under ``/sites/{brand}/feed/``: RSS 2.0 and Atom, the newest ten, older ones by ``?paged=``.

What belongs here: the two formats as WordPress 6.8 writes them. What does not: its REST API (``wordpress.py``). Links
are the site's public addresses, as a site behind a proxy gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from connectors.sandbox.call import Call, Endpoint, ReplyFault, Vendor
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.vendors.wordpress import encoded, rendered
from connectors.sandbox.world import Brand
from connectors.sandbox.world.pages import BlogPost

PAGE_POSTS = 10
GENERATOR = "6.8.3"


def _address(brand: Brand, post: BlogPost) -> str:
    return f"https://{brand.site.host}{encoded(post.path)}"


def _cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>"


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def rss(brand: Brand, posts: list[BlogPost], now: datetime) -> str:
    """RSS 2.0. Titles are rendered and stand outside of CDATA; ``pubDate`` is in UTC, as WordPress gives it."""
    items = "".join(
        f"<item>\n<title>{rendered(post.title)}</title>\n<link>{_address(brand, post)}</link>\n"
        f"<dc:creator>{_cdata('redaktion')}</dc:creator>\n"
        f"<pubDate>{format_datetime(post.published_at)}</pubDate>\n"
        f"<category>{_cdata('Okategoriserade')}</category>\n"
        f'<guid isPermaLink="false">https://{brand.site.host}/?p={post.post_id}</guid>\n'
        f"<description>{_cdata(f'<p>{rendered(post.title)} [&#8230;]</p>')}</description>\n</item>\n"
        for post in posts
    )
    built = max((post.modified_at(now) for post in posts), default=now)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"\n'
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"\nxmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        'xmlns:atom="http://www.w3.org/2005/Atom"\nxmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n'
        f"<channel>\n<title>{rendered(brand.name)}</title>\n"
        f'<atom:link href="https://{brand.site.host}/feed/" rel="self" type="application/rss+xml" />\n'
        f"<link>https://{brand.site.host}</link>\n<description></description>\n"
        f"<lastBuildDate>{format_datetime(built)}</lastBuildDate>\n<language>sv-SE</language>\n"
        "<sy:updatePeriod>hourly</sy:updatePeriod>\n<sy:updateFrequency>1</sy:updateFrequency>\n"
        f"<generator>https://wordpress.org/?v={GENERATOR}</generator>\n{items}</channel>\n</rss>\n"
    )


def atom(brand: Brand, posts: list[BlogPost], now: datetime) -> str:
    """Atom 1.0, whose ``updated`` is a post's last change."""
    zone = ZoneInfo(brand.site.zone)
    entries = "".join(
        f"<entry>\n<author><name>redaktion</name></author>\n"
        f'<title type="html">{_cdata(rendered(post.title))}</title>\n'
        f'<link rel="alternate" type="text/html" href="{_address(brand, post)}" />\n'
        f"<id>https://{brand.site.host}/?p={post.post_id}</id>\n"
        f"<updated>{_stamp(post.modified_at(now))}</updated>\n<published>{_stamp(post.published_at)}</published>\n"
        f'<summary type="html">{_cdata(f"<p>{rendered(post.title)} [&#8230;]</p>")}</summary>\n</entry>\n'
        for post in posts
    )
    built = max((post.modified_at(now) for post in posts), default=now).astimezone(zone)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="sv-SE">\n'
        f'<title type="text">{escape(brand.name)}</title>\n<updated>{built.isoformat()}</updated>\n'
        f'<link rel="alternate" type="text/html" href="https://{brand.site.host}" />\n'
        f"<id>https://{brand.site.host}/feed/atom/</id>\n"
        f'<generator uri="https://wordpress.org/" version="{GENERATOR}">WordPress</generator>\n{entries}</feed>\n'
    )


Writer = Callable[[Brand, list[BlogPost], datetime], str]


def _feed(write: Writer, content_type: str) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        if call.brand is None:
            return _not_found()
        given = call.request.query_params.get("paged", "1")
        page = max(int(given), 1) if given.isdigit() else 1
        posts = sorted(call.world.blog_posts(call.brand.slug), key=lambda post: post.published_at, reverse=True)
        offset = (page - 1) * PAGE_POSTS
        if offset and offset >= len(posts):
            return _not_found()
        if offset and call.faults.has(PageDrift):
            posts = [*posts[1:], posts[0]]
        if offset and call.faults.has(DuplicateRow):
            offset -= 1
        body = write(call.brand, posts[offset : offset + PAGE_POSTS], call.world.now)
        return Response(body.encode(), media_type=content_type)

    return answer


def _not_found() -> Response:
    return HTMLResponse("<!doctype html><title>Sidan hittades inte</title>", status_code=404)


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in the words of the host in front of the site."""
    if isinstance(fault, AuthReject):
        return HTMLResponse(
            "<h1>401 Unauthorized</h1>", status_code=401, headers={"WWW-Authenticate": 'Basic realm="Site"'}
        )
    if isinstance(fault, RateLimit):
        headers = {"Retry-After": str(fault.retry_after_seconds or 1)}
        return HTMLResponse("<h1>429 Too Many Requests</h1>", status_code=429, headers=headers)
    code = fault.code if isinstance(fault, Status) else 410
    return HTMLResponse(f"<h1>{code}</h1>", status_code=code)


def brand_of(call: Call) -> Brand | None:
    """The brand whose site the path names, if it has a feed."""
    return call.world.brand_of("feed", call.path("site"))


VENDOR = Vendor(
    name="feed",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=f"/sites/{{site}}/{path}", handler=_feed(write, content_type))
        for path, write, content_type in (
            ("feed", rss, "application/rss+xml; charset=UTF-8"),
            ("feed/", rss, "application/rss+xml; charset=UTF-8"),
            ("feed/atom", atom, "application/atom+xml; charset=UTF-8"),
            ("feed/atom/", atom, "application/atom+xml; charset=UTF-8"),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
