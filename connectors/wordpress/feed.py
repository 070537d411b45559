"""The posts of a WordPress whose REST API is closed, from its feeds, which WordPress pages back to the first post.

What belongs here: where WordPress has its feeds, and which post an entry is. What does not: feeds as such
(``feed/source.py``). A sitemap, the last resort that API.md's section 8 names, says of no post when it was published,
so that it can't count posts and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from connectors.core.arrow import Row
from connectors.core.base import Answer
from connectors.core.errors import AuthFailed, BadReply, NotFound, PermissionMissing, SourceError
from connectors.core.protocol import Context
from connectors.feed.source import FeedSource, open_feed

FEEDS = ("/feed/", "/?feed=rss2", "/feed/atom/")
"""With permalinks, with plain ones, and Atom."""
_NUMBER = re.compile(r"(?:[?&]|&#0?38;)p=([0-9]+)$")

T = TypeVar("T")


def from_feeds(
    action: Callable[[FeedSource], T], *, context: Context, source: str, base_url: str, closed: SourceError
) -> T:
    """Do something with the first feed that there is. Raises ``closed`` where there is none; what passes, as it is."""
    for path in FEEDS:
        feed = open_feed(context, source=source, address=base_url + path, in_pages=True)
        try:
            return action(feed)
        except (NotFound, PermissionMissing, AuthFailed, BadReply):
            continue
        finally:
            feed.close()
    raise closed


def as_posts(answer: Answer, *, day_of: Callable[[datetime], date]) -> Answer:
    """A feed's answer with each post's own number, as the REST API would give it, and its day in the site's zone."""
    rows: list[Row] = []
    for row in answer.rows:
        published = row["published_at"]
        assert isinstance(published, datetime)  # noqa: S101 - a feed's entry without a date is no row
        rows.append({**row, "post_id": number_of(str(row["post_id"])), "published_on": day_of(published)})
    return replace(
        answer,
        rows=rows,
        present=frozenset(map(number_of, answer.present)),
        quality={**answer.quality, "read_from": "feed"},
    )


def number_of(post_id: str) -> str:
    """The post's number in WordPress, from the short address that is its guid; any other id as it is."""
    number = _NUMBER.search(post_id)
    return number[1] if number else post_id
