"""What an RSS or Atom document says of posts: ids, addresses, titles, dates, and how far back it reaches.

What belongs here: reading one document that is already in memory. What does not: fetching (``source.py``; feedparser
never fetches), and dates (``dates.py``; feedparser's own reading asks the machine's clock, and is not used).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from connectors.core.reply import Reply
from connectors.core.shape import BadShape
from connectors.core.text import plain
from connectors.feed.dates import Unplaced, place

_TAIL_BYTES = 8 * 1024
_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|RDF)\s*>")
_ALTERNATE = re.compile(rb"<link\b[^>]*\btype=[\"']application/(?:rss|atom)\+xml[\"'][^>]*>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=[\"']([^\"'<>]+)[\"']", re.IGNORECASE)
_WORDPRESS_ID = re.compile(r"^https?://[^?#]*/\?p=\d+$")
_LONG_TAG = re.compile(rb"""<[A-Za-z](?:[^<>"']|"[^"]{0,1024}"|'[^']{0,1024}'){64,}+""")
_QUOTED = re.compile(rb"""\"[^"]*"|'[^']*'""")
MOST_ATTRIBUTES = 250
LARGEST_BYTES = 16 * 2**20
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post as a feed shows it. ``updated_at``: where the feed says it apart from the publication."""

    post_id: str
    url: str
    title: str
    published_at: datetime
    updated_at: datetime | None

    @property
    def changed_at(self) -> datetime:
        """Its last change that is known."""
        return max(self.updated_at or self.published_at, self.published_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An entry that can't be used, with the reason in words."""

    post_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One feed document, in its own order. ``home``: the address that the feed gives as its site's."""

    title: str
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    is_wordpress: bool
    home: str = ""


def problem(reply: Reply) -> str | None:
    """Why a reply is no whole feed, in words; None where it looks like one. feedparser would read a cut-off one too."""
    if len(reply.body) > LARGEST_BYTES:
        return f"the feed has {len(reply.body) // 2**20} MiB, more than {LARGEST_BYTES // 2**20}"
    if (most := _most_attributes(reply.body)) > MOST_ATTRIBUTES:
        return f"the feed has a tag of {most} attributes, more than {MOST_ATTRIBUTES}"
    if _END.search(reply.body[-_TAIL_BYTES:].replace(b"\0", b"")):
        return None
    if reply.looks_like_html():
        return "a web page instead of a feed"
    return "the feed is cut off, or neither RSS nor Atom" if reply.body.strip() else "an empty body instead of a feed"


def _most_attributes(body: bytes) -> int:
    """Of the tag that has most; feedparser's time grows with their square. Counts nothing in tags that are short."""
    return max((_QUOTED.sub(b"", tag.group()).count(b"=") for tag in _LONG_TAG.finditer(body)), default=0)


def named_feed(reply: Reply) -> str | None:
    """The feed that a web page names as its own."""
    link = _ALTERNATE.search(reply.body)
    href = _HREF.search(link.group(0)) if link else None
    return urljoin(reply.url, href.group(1).decode("utf-8", "replace")) if href else None


def parse(reply: Reply, *, zone: ZoneInfo) -> Document:
    """A document's entries. ``zone``: for dates that give none. Raises ``BadShape`` where it is no feed."""
    import feedparser

    found = feedparser.parse(
        io.BytesIO(reply.body), response_headers={"content-type": reply.headers.get("Content-Type", "")}
    )
    if not found.version:
        raise BadShape(path="", wanted="RSS or Atom", found=reply.excerpt())
    language = str(found.feed.get("language", ""))
    read = [_entry(raw, base=reply.url, zone=zone, language=language) for raw in found.entries]
    entries = [entry for entry in read if isinstance(entry, Entry)]
    return Document(
        title=plain(str(found.feed.get("title", ""))),
        entries=tuple(entries),
        left_out=tuple(one for one in read if isinstance(one, LeftOut)),
        is_wordpress="wordpress" in str(found.feed.get("generator", "")).lower()
        or (bool(entries) and all(_WORDPRESS_ID.search(entry.post_id) for entry in entries)),
        home=str(found.feed.get("link", "")),
    )


def told_apart(entries: Iterable[Entry], *, home: str = "") -> tuple[Entry, ...]:
    """Entries each by an id of its own, the last of each in the place of the first.

    An id that stands on several addresses, or is the site's own address, identifies nothing: then the address does.
    """
    listed = list(entries)
    addresses: dict[str, set[str]] = {}
    for entry in listed:
        addresses.setdefault(entry.post_id, set()).add(entry.url)
    shared = {post_id for post_id, urls in addresses.items() if len(urls) > 1}
    known: dict[str, Entry] = {}
    for entry in listed:
        is_home = bool(home) and entry.post_id.rstrip("/") == home.rstrip("/") and entry.url != entry.post_id
        own = replace(entry, post_id=entry.url) if entry.post_id in shared or is_home else entry
        known[own.post_id] = own
    return tuple(known.values())


def reaches_back_to(entries: Sequence[Entry], *, now: datetime) -> datetime:
    """The instant after which everything published is in a feed of the newest entries; ``now`` where nothing is sure.

    A feed is sorted by publication or by last change, mostly without saying which. In either order an entry proves
    that whatever was published after its last change stands before it. In neither, and of an empty feed, nothing is
    known: what lies outside is not to be taken for deleted.
    """
    published, changed = [entry.published_at for entry in entries], [entry.changed_at for entry in entries]
    sorted_at_all = any(all(a >= b for a, b in pairwise(order)) for order in (published, changed))
    return min(changed) if entries and sorted_at_all else now


def _entry(raw: Mapping[str, Any], *, base: str, zone: ZoneInfo, language: str) -> Entry | LeftOut:
    url, title = _address(raw, base=base), _title(raw)
    post_id = str(raw.get("id") or url or title)
    named = f"\u201c{title or post_id}\u201d"
    if url is None:
        return LeftOut(post_id=post_id, why=f"{named} has no address on the web")
    # feedparser answers "updated" with "published" where only that is there, but not to "in"
    updated, unread = _instant(raw, "updated", zone=zone, language=language)
    published, why = _instant(raw, "published", zone=zone, language=language)
    if published is None and why is None:
        published, why = updated, unread or f"{named} has no date"
    if published is None:
        return LeftOut(post_id=post_id, why=why if why and named in why else f"{named}: {why}")
    return Entry(post_id=post_id, url=url, title=title or url, published_at=published, updated_at=updated)


def _address(raw: Mapping[str, Any], *, base: str) -> str | None:
    """The entry's own address: its alternate link of any kind, a document's too, else an id that is an address."""
    links = [link for link in raw.get("links", ()) if isinstance(link, Mapping) and link.get("rel") == "alternate"]
    given = [raw.get("feedburner_origlink"), raw.get("link"), *(link.get("href") for link in links)]
    for text in given:
        address = _joined(base, text)
        if _is_web(address):
            return address
    post_id = str(raw.get("id") or "").strip()
    return post_id if _is_web(post_id) else None


def _joined(base: str, text: object) -> str:
    """An address made whole; empty where there is none that can be."""
    try:
        return urljoin(base, text.strip()) if isinstance(text, str) and text.strip() else ""
    except ValueError:
        return ""


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _title(raw: Mapping[str, Any]) -> str:
    """Plain text; what the feed itself marks as plain is taken as it is."""
    text, detail = str(raw.get("title", "")), raw.get("title_detail")
    is_plain = isinstance(detail, Mapping) and detail.get("type") == "text/plain"
    return " ".join(text.split()) if is_plain else plain(text)


def _instant(raw: Mapping[str, Any], name: str, *, zone: ZoneInfo, language: str) -> tuple[datetime | None, str | None]:
    """A date of an entry, or why it can't be told; neither where it has none."""
    text = str(raw[name]).strip() if name in raw else ""
    if not text:
        return None, None
    try:
        return place(text, zone=zone, language=language), None
    except Unplaced as problem:
        return None, f"its date {text[:_SHOWN]!r} {problem}"
