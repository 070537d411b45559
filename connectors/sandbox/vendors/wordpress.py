"""WordPress's REST API under ``/sites/{brand}``: index, posts with paging headers, discovery, plain permalinks.

What belongs here: routes, query parameters and WordPress's error bodies. What does not: feeds and sitemaps. Links in
the answers are the site's public addresses, as a site behind a proxy gives them; paging links are the server's.
Parameters and codes: developer.wordpress.org/rest-api/reference/posts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from connectors.sandbox.call import Call, Endpoint, Handler, Json, ReplyFault, Vendor, json_reply
from connectors.sandbox.faults import AuthReject, DuplicateRow, PageDrift, RateLimit, Status
from connectors.sandbox.world import Brand
from connectors.sandbox.world.pages import BlogPost

JSON_TYPE = "application/json; charset=UTF-8"
USERNAME = "redaktion"
"""Whose application password is the sandbox's ``wordpress`` token."""
_TEXTURIZED = {"&": "&#038;", "\u2013": "&#8211;", "'": "&#8217;", "<": "&lt;", ">": "&gt;", "\u2026": "&#8230;"}
_ORDERS = {"date", "modified", "id", "slug", "title"}


class WordPressError(Exception):
    """An answer other than success; becomes ``{"code", "message", "data": {"status"}}``."""

    def __init__(self, status: int, code: str, message: str, *, params: dict[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.params = status, code, message, params
        super().__init__(message)

    def response(self) -> Response:
        """The HTTP answer."""
        data: Json = {"status": self.status}
        if self.params:
            data["params"] = self.params
        body = {"code": self.code, "message": self.message, "data": data}
        return json_reply(body, status=self.status, content_type=JSON_TYPE)


def _bad(name: str, why: str) -> WordPressError:
    return WordPressError(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: why})


def rendered(title: str) -> str:
    """A title as WordPress renders it: typographic marks and ampersands as numeric entities."""
    return "".join(_TEXTURIZED.get(letter, letter) for letter in title)


def encoded(path: str) -> str:
    """A path as WordPress writes it: percent-encoded in lower case."""
    return "".join(letter if letter.isascii() else quote(letter).lower() for letter in path)


def _naive(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def entry(brand: Brand, post: BlogPost, at: datetime) -> Json:
    """One post as the posts endpoint shows it."""
    zone, link = brand.site.zone, f"https://{brand.site.host}{encoded(post.path)}"
    modified = post.modified_at(at)
    return {
        "id": post.post_id,
        "date": _naive(post.published_at, zone),
        "date_gmt": _naive(post.published_at, "UTC"),
        "guid": {"rendered": f"https://{brand.site.host}/?p={post.post_id}"},
        "modified": _naive(modified, zone),
        "modified_gmt": _naive(modified, "UTC"),
        "slug": encoded(post.slug),
        "status": "publish",
        "type": "post",
        "link": link,
        "title": {"rendered": rendered(post.title)},
        "content": {"rendered": f"<p>{rendered(post.title)}</p>\n", "protected": False},
        "excerpt": {"rendered": f"<p>{rendered(post.title)} [&hellip;]</p>\n", "protected": False},
        "author": 2,
        "featured_media": 0,
        "comment_status": "closed",
        "ping_status": "closed",
        "sticky": False,
        "template": "",
        "format": "standard",
        "meta": [],
        "categories": [1],
        "tags": [],
        "_links": {"self": [{"href": f"https://{brand.site.host}/wp-json/wp/v2/posts/{post.post_id}"}]},
    }


def _brand(call: Call) -> Brand:
    if call.brand is None:
        raise WordPressError(404, "rest_no_site", "There is no such site.")
    return call.brand


def _base(call: Call, brand: Brand) -> str:
    return f"{str(call.request.base_url).rstrip('/')}/sites/{brand.slug}"


def _check_login(call: Call) -> bool:
    """Whether the caller logged in; 401 where a login is tried and wrong."""
    scheme, _, given = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        name, _, password = base64.b64decode(given).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, password = "", ""
    if name != USERNAME:
        raise WordPressError(401, "invalid_username", "Unknown username. Check again or try your email address.")
    if password.replace(" ", "") != call.sandbox.token("wordpress"):
        raise WordPressError(401, "incorrect_password", "The provided password is an invalid application password.")
    return True


def _number(call: Call, name: str, usual: int, *, low: int, high: int | None) -> int:
    given = call.request.query_params.get(name, str(usual))
    try:
        number = int(given)
    except ValueError as error:
        raise _bad(name, f"{name} is not of type integer.") from error
    if number < low or (high is not None and number > high):
        between = f"between {low} (inclusive) and {high} (inclusive)" if high else f"greater than or equal to {low}"
        raise _bad(name, f"{name} must be {between}")
    return number


def _instant(call: Call, name: str, zone: str) -> datetime | None:
    """A date parameter; without an offset it is the site's local time."""
    given = call.request.query_params.get(name)
    if not given:
        return None
    try:
        parsed = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as error:
        raise _bad(name, "Invalid date.") from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _listed(call: Call, name: str) -> set[str]:
    return {part for value in call.request.query_params.getlist(name) for part in value.split(",") if part}


def _selected(call: Call, brand: Brand) -> list[BlogPost]:
    """Live posts that pass the request's filters, in its order."""
    zone, now = brand.site.zone, call.world.now
    posts = list(call.world.blog_posts(brand.slug))
    if after := _instant(call, "after", zone):
        posts = [post for post in posts if post.published_at > after]
    if before := _instant(call, "before", zone):
        posts = [post for post in posts if post.published_at < before]
    if modified_after := _instant(call, "modified_after", zone):
        posts = [post for post in posts if post.modified_at(now) > modified_after]
    if modified_before := _instant(call, "modified_before", zone):
        posts = [post for post in posts if post.modified_at(now) < modified_before]
    if include := _listed(call, "include"):
        posts = [post for post in posts if str(post.post_id) in include]
    if exclude := _listed(call, "exclude"):
        posts = [post for post in posts if str(post.post_id) not in exclude]
    if slugs := _listed(call, "slug"):
        posts = [post for post in posts if {post.slug, encoded(post.slug)} & slugs]
    if search := call.request.query_params.get("search"):
        posts = [post for post in posts if search.lower() in post.title.lower()]
    by, order = call.request.query_params.get("orderby", "date"), call.request.query_params.get("order", "desc")
    if by not in _ORDERS:
        raise _bad("orderby", f"orderby is not one of {', '.join(sorted(_ORDERS))}.")
    if order not in {"asc", "desc"}:
        raise _bad("order", "order is not one of asc, desc.")
    keys: dict[str, Callable[[BlogPost], tuple[str | float, int]]] = {
        "date": lambda post: (post.published_at.timestamp(), post.post_id),
        "modified": lambda post: (post.modified_at(now).timestamp(), post.post_id),
        "id": lambda post: (0.0, post.post_id),
        "slug": lambda post: (post.slug, post.post_id),
        "title": lambda post: (post.title, post.post_id),
    }
    return sorted(posts, key=keys[by], reverse=order == "desc")


def only_fields(body: Json, fields: set[str]) -> Json:
    """What ``_fields`` leaves: whole top-level fields, or parts named ``title.rendered``."""
    if not fields:
        return body
    kept: Json = {}
    for name, value in body.items():
        parts = {field.partition(".")[2] for field in fields if field.partition(".")[0] == name}
        if name in fields or "" in parts:
            kept[name] = value
        elif parts and isinstance(value, dict):
            kept[name] = {part: value[part] for part in parts if part in value}
    return kept


def posts(call: Call) -> Response:
    """``GET …/wp/v2/posts``."""
    brand = _brand(call)
    logged_in = _check_login(call)
    statuses = _listed(call, "status") or {"publish"}
    if statuses != {"publish"} and not logged_in:
        raise _bad("status", "Status is forbidden.")
    per_page = _number(call, "per_page", 10, low=1, high=100)
    page = _number(call, "page", 1, low=1, high=None)
    found = _selected(call, brand) if statuses & {"publish", "any"} else []
    total, pages = len(found), -(-len(found) // per_page)
    if page > 1 and page > pages:
        raise WordPressError(
            400,
            "rest_post_invalid_page_number",
            "The page number requested is larger than the number of pages available.",
        )
    offset = (page - 1) * per_page
    if offset and call.faults.has(PageDrift):
        found = [*found[1:], found[0]]
    if offset and call.faults.has(DuplicateRow):
        offset -= 1
    fields = _listed(call, "_fields") | _listed(call, "_fields[]")
    shown = [only_fields(entry(brand, post, call.world.now), fields) for post in found[offset : offset + per_page]]
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages), "Allow": "GET"}
    if links := _page_links(call, brand, page, pages):
        headers["Link"] = ", ".join(links)
    return json_reply(shown, headers=headers, content_type=JSON_TYPE)


def _page_links(call: Call, brand: Brand, page: int, pages: int) -> list[str]:
    kept = [(name, value) for name, value in call.request.query_params.multi_items() if name != "page"]
    neighbours = ((page - 1, "prev", page > 1), (page + 1, "next", page < pages))
    return [
        f'<{_base(call, brand)}/wp-json/wp/v2/posts?{urlencode([*kept, ("page", number)])}>; rel="{rel}"'
        for number, rel, there in neighbours
        if there
    ]


def _one(call: Call, post_id: str) -> Response:
    brand = _brand(call)
    _check_login(call)
    for post in call.world.blog_posts(brand.slug):
        if str(post.post_id) == post_id:
            body = only_fields(entry(brand, post, call.world.now), _listed(call, "_fields"))
            return json_reply(body, content_type=JSON_TYPE)
    raise WordPressError(404, "rest_post_invalid_id", "Invalid post ID.")


def one_post(call: Call) -> Response:
    """``GET …/wp/v2/posts/{id}``."""
    return _one(call, call.path("post_id"))


def index(call: Call) -> Response:
    """``GET …/wp-json/``: name, zone and what is served."""
    brand = _brand(call)
    _check_login(call)
    offset = call.world.now.astimezone(ZoneInfo(brand.site.zone)).utcoffset()
    body: Json = {
        "name": brand.name,
        "description": "",
        "url": f"https://{brand.site.host}",
        "home": f"https://{brand.site.host}",
        "gmt_offset": offset.total_seconds() / 3600 if offset else 0,
        "timezone_string": brand.site.zone,
        "namespaces": ["oembed/1.0", "wp/v2"],
        "authentication": {},
        "routes": {"/": {"methods": ["GET"]}, "/wp/v2/posts": {"namespace": "wp/v2", "methods": ["GET", "POST"]}},
    }
    return json_reply(only_fields(body, _listed(call, "_fields")), content_type=JSON_TYPE)


def front_page(call: Call) -> Response:
    """``GET /sites/{brand}/``: a page that names the API in its ``Link`` header, or the API by ``rest_route``."""
    brand = _brand(call)
    asked = call.request.query_params.get("rest_route")
    if asked is None:
        link = f'<{_base(call, brand)}/wp-json/>; rel="https://api.w.org/"'
        return HTMLResponse(f"<!doctype html><title>{brand.name}</title>", headers={"Link": link})
    parts = asked.strip("/").split("/")
    if parts == [""]:
        return index(call)
    if parts[:3] == ["wp", "v2", "posts"]:
        return posts(call) if len(parts) == 3 else _one(call, parts[3])
    raise WordPressError(404, "rest_no_route", "No route was found matching the URL and request method.")


def no_route(call: Call) -> Response:
    """Anything else below ``wp-json``."""
    _brand(call)
    raise WordPressError(404, "rest_no_route", "No route was found matching the URL and request method.")


def fault_reply(fault: ReplyFault, call: Call) -> Response:
    """A fault in WordPress's shape; throttles come from the host in front of it, with ``Retry-After``."""
    if isinstance(fault, AuthReject):
        return WordPressError(401, "rest_not_logged_in", "You are not currently logged in.").response()
    if isinstance(fault, RateLimit):
        headers = {"Retry-After": str(fault.retry_after_seconds or 1)}
        return HTMLResponse("<h1>429 Too Many Requests</h1>", status_code=429, headers=headers)
    if isinstance(fault, Status):
        return HTMLResponse(f"<h1>{fault.code}</h1>", status_code=fault.code)
    return WordPressError(404, "rest_no_route", "No route was found matching the URL and request method.").response()


def brand_of(call: Call) -> Brand | None:
    """The brand whose site the path names, if it has one."""
    return call.world.brand_of("wordpress", call.path("site"))


def _worded(handler: Handler) -> Handler:
    """WordPress's error body for what the handler raises."""

    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except WordPressError as error:
            return error.response()

    return answer


VENDOR = Vendor(
    name="wordpress",
    endpoints=tuple(
        Endpoint(methods=("GET",), path=f"/sites/{{site}}{path}", handler=_worded(handler))
        for path, handler in (
            ("", front_page),
            ("/", front_page),
            ("/wp-json", index),
            ("/wp-json/", index),
            ("/wp-json/wp/v2/posts", posts),
            ("/wp-json/wp/v2/posts/{post_id}", one_post),
            ("/wp-json/{rest:path}", no_route),
        )
    ),
    brand_of=brand_of,
    fault_reply=fault_reply,
)
