"""Every address and publication that a blog's lists ever gave its posts (``ops.blog_post_history``).

A list of posts is replaced by the next one, and with it would go where a post was before and when it was published
first. What belongs here: noting both, in the transaction that replaces a list. What does not: which addresses and ids
are one post (``dbt_like_sql``).
"""

from __future__ import annotations

from collections.abc import Collection
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
_RENAMED = """
    delete from raw.blog_posts as old
    where old.client = $client and old.source = $source and not list_contains(cast($present as varchar[]), old.post_id)
        and old.published_at in (
            select published_at from (
                select published_at, post_id, true as is_new from {listed}
                union all
                select published_at, post_id, false from raw.blog_posts where client = $client and source = $source
            )
            where cast(published_at at time zone 'UTC' as time) <> time '00:00:00'
                and cast(published_at at time zone $zone as time) <> time '00:00:00'
            group by published_at
            -- the one that is kept from before, and one that no list has named yet
            having count(*) = 2 and count(*) filter (where is_new) = 1 and count(distinct post_id) = 2
                and not bool_or(
                    is_new and post_id in (
                        select post_id from ops.blog_post_history where client = $client and source = $source
                    )
                )
        )
"""
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


def drop_renamed(
    con: Connection, listed: str, *, client: str, source: str, present: Collection[str], zone: str
) -> None:
    """Drop what a list of the newest posts leaves standing where it gives the same post another id, as a source does
    whose ids are addresses. The same is what was published at the same second; a day without a time (midnight in
    ``zone`` or UTC) is no second. ``listed``: a relation of the list's rows, not yet written.

    Runs in the caller's transaction, after what the list replaces is gone. Its history stays.
    """
    whose = {"client": client, "source": source, "present": sorted(present), "zone": zone}
    con.execute(_RENAMED.format(listed=listed), whose)


def note_listed(con: Connection, *, client: str, source: str, now: datetime) -> None:
    """Note what the list just written says. Runs in the caller's transaction."""
    whose = {"client": client, "source": source, "seen_at": now}
    con.execute(_AGAIN, whose)
    con.execute(_NEW, whose)
