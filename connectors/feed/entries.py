"""What an RSS or Atom document says of posts: ids, addresses, titles, dates, and how far back it reaches.

What belongs here: reading one document that is already in memory. What does not: fetching (``source.py``); feedparser
never fetches.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from connectors.core.reply import Reply
from connectors.core.shape import BadShape
from connectors.core.text import plain

_TAIL_BYTES = 8 * 1024
_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|RDF)\s*>")
_ALTERNATE = re.compile(rb"<link\b[^>]*\btype=[\"']application/(?:rss|atom)\+xml[\"'][^>]*>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=[\"']([^\"'<>]+)[\"']", re.IGNORECASE)
_WORDPRESS_ID = re.compile(r"^https?://[^?#]*/\?p=\d+$")
_NO_ZONE = re.compile(r"(?:^|[ T])\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?$")
_SWEDISH_ZONES = {"CET": timedelta(hours=1), "CEST": timedelta(hours=2), "MET": timedelta(hours=1)}
"""Names that feedparser does not know and takes for UTC."""


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
class Document:
    """One feed document, in its own order. ``left_out``: entries without a date or an address."""

    title: str
    entries: tuple[Entry, ...]
    left_out: int
    is_wordpress: bool


def problem(reply: Reply) -> str | None:
    """Why a reply is no whole feed, in words; None where it looks like one. feedparser would read a cut-off one too."""
    if _END.search(reply.body[-_TAIL_BYTES:].replace(b"\0", b"")):
        return None
    if reply.looks_like_html():
        return "a web page instead of a feed"
    return "the feed is cut off, or neither RSS nor Atom" if reply.body.strip() else "an empty body instead of a feed"


def named_feed(reply: Reply) -> str | None:
    """The feed that a web page names as its own."""
    link = _ALTERNATE.search(reply.body)
    href = _HREF.search(link.group(0)) if link else None
    return urljoin(reply.url, href.group(1).decode("utf-8", "replace")) if href else None


def parse(reply: Reply, *, zone: ZoneInfo) -> Document:
    """A document's entries. ``zone``: for dates that give none. Raises ``BadShape`` where no entry has a date."""
    import feedparser

    found = feedparser.parse(
        io.BytesIO(reply.body), response_headers={"content-type": reply.headers.get("Content-Type", "")}
    )
    if not found.version:
        raise BadShape(path="", wanted="RSS or Atom", found=reply.excerpt())
    entries = [entry for raw in found.entries if (entry := _entry(raw, base=reply.url, zone=zone))]
    if found.entries and not entries:
        raise BadShape(path="entry", wanted="entries with a date and an address", found=dict(found.entries[0]))
    return Document(
        title=plain(str(found.feed.get("title", ""))),
        entries=tuple(entries),
        left_out=len(found.entries) - len(entries),
        is_wordpress="wordpress" in str(found.feed.get("generator", "")).lower()
        or (bool(entries) and all(_WORDPRESS_ID.search(entry.post_id) for entry in entries)),
    )


def reaches_back_to(entries: Sequence[Entry], *, now: datetime) -> datetime:
    """The instant after which everything published is in a feed of the newest entries; ``now`` where nothing is sure.

    A feed is sorted by publication or by last change, mostly without saying which. In either order an entry proves
    that whatever was published after its last change stands before it. In neither, and of an empty feed, nothing is
    known: what lies outside is not to be taken for deleted.
    """
    published, changed = [entry.published_at for entry in entries], [entry.changed_at for entry in entries]
    sorted_at_all = any(all(a >= b for a, b in pairwise(order)) for order in (published, changed))
    return min(changed) if entries and sorted_at_all else now


def _entry(raw: Mapping[str, Any], *, base: str, zone: ZoneInfo) -> Entry | None:
    address = raw.get("feedburner_origlink") or raw.get("link")
    updated = _instant(raw, "updated", zone=zone)
    published = _instant(raw, "published", zone=zone) or updated
    if not isinstance(address, str) or not address or published is None:
        return None
    url = urljoin(base, address)
    if urlsplit(url).scheme not in {"http", "https"}:
        return None
    return Entry(
        post_id=str(raw.get("id") or url),
        url=url,
        title=_title(raw) or url,
        published_at=published,
        updated_at=updated,
    )


def _title(raw: Mapping[str, Any]) -> str:
    """Plain text; what the feed itself marks as plain is taken as it is."""
    text, detail = str(raw.get("title", "")), raw.get("title_detail")
    is_plain = isinstance(detail, Mapping) and detail.get("type") == "text/plain"
    return " ".join(text.split()) if is_plain else plain(text)


def _instant(raw: Mapping[str, Any], name: str, *, zone: ZoneInfo) -> datetime | None:
    """A date of an entry; None where it has none that can be understood."""
    # feedparser answers "updated" with "published" where only that is there, but not to "in"
    if name not in raw or f"{name}_parsed" not in raw or raw[f"{name}_parsed"] is None:
        return None
    text = str(raw[name]).strip()
    try:
        moment = datetime.fromtimestamp(calendar.timegm(raw[f"{name}_parsed"]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if _NO_ZONE.search(text):
        return moment.replace(tzinfo=zone).astimezone(UTC)
    return moment - _SWEDISH_ZONES.get(text.rpartition(" ")[2].upper(), timedelta(0))
