"""Every address and publication that a blog's lists ever gave its posts (``ops.blog_post_history``).

A list of posts is replaced by the next one, and with it would go where a post was before and when it was published
first. What belongs here: noting both, in the transaction that replaces a list. What does not: which addresses are one
post (``dbt_like_sql``).
"""

from __future__ import annotations

from datetime import datetime

from connectors.core.raw_tables import BLOG_POSTS
from pipelines.warehouse.db import Connection

HAS_HISTORY = frozenset({BLOG_POSTS.name})
"""Raw tables whose rows are noted here."""

_SAME = (
    "known.client = listed.client and known.source = listed.source and known.post_id = listed.post_id"
    " and known.url = listed.url and known.published_at = listed.published_at"
)
_NEW = f"""
    insert into ops.blog_post_history by name
    select client, source, post_id, url, published_at, published_on, $seen_at as first_seen_at, $seen_at as last_seen_at
    from raw.blog_posts as listed
    where client = $client and source = $source
        and not exists (select 1 from ops.blog_post_history as known where {_SAME})
"""  # noqa: S608 - constants
_AGAIN = f"""
    update ops.blog_post_history as known
    set last_seen_at = $seen_at, published_on = listed.published_on
    from raw.blog_posts as listed
    where {_SAME} and known.client = $client and known.source = $source
"""  # noqa: S608 - constants
_LAST_READ = """
    select max(started_at) from ops.loads
    where client = $client and source = $source and stream = 'blog_posts' and status = 'loaded'
"""


def note_standing(con: Connection, *, client: str, source: str, now: datetime) -> None:
    """Note what stands in ``raw``, where nobody has: a home from before there was a history. Before a list is written.

    Runs in the caller's transaction.
    """
    whose = {"client": client, "source": source}
    read = con.execute(_LAST_READ, whose).fetchall()
    con.execute(_NEW, {**whose, "seen_at": read[0][0] or now})


def note_listed(con: Connection, *, client: str, source: str, now: datetime) -> None:
    """Note what the list just written says. Runs in the caller's transaction."""
    whose = {"client": client, "source": source, "seen_at": now}
    con.execute(_AGAIN, whose)
    con.execute(_NEW, whose)
