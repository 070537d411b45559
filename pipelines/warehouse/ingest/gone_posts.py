"""When social posts were published that a list no longer names (``ops.gone_social_posts``).

A list of posts is replaced by the next one, and with a post that was deleted would go when it was published: what it
received would be counted as if nobody knew. What belongs here: noting that, in the transaction that replaces a list.
What does not: what a deleted post received (``dbt_like_sql``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.core.raw_tables import SOCIAL_POSTS
from pipelines.warehouse.db import Connection

KEEPS_GONE = frozenset({SOCIAL_POSTS.name})
"""Raw tables of whose rows those are noted here that go."""

_GONE = """
    insert into ops.gone_social_posts by name
    select client, source, post_id, published_at, cast(? as timestamptz) as gone_at
    from raw.social_posts as old
    where client = ? and source = ? and {replaced}
        and not exists (select 1 from {listed} as listed where listed.post_id = old.post_id)
        and not exists (
            select 1 from ops.gone_social_posts as known
            where known.client = old.client and known.source = old.source and known.post_id = old.post_id
                and known.gone_at = ?
        )
"""


def note_gone(
    con: Connection, listed: str, replaced: str, values: Sequence[object], *, client: str, source: str, now: datetime
) -> None:
    """Note which of the posts that a list takes the place of it does not name. Before they are deleted.

    ``listed``: a relation of the list's rows. ``replaced``: the condition, with ``values`` for its marks, of what the
    list takes the place of (``old``). Runs in the caller's transaction.
    """
    con.execute(_GONE.format(listed=listed, replaced=replaced), [now, client, source, *values, now])
