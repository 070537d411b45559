"""Hosts with letters beyond ASCII that anything was read of, each with its spelling as IDNA (``config.hosts``).

SQL takes addresses apart but can't encode a host: it asks here. What belongs here: finding such hosts. What does not:
their spelling (``okr_models/hosts.py``).
"""

from __future__ import annotations

from collections.abc import Collection

from okr_models.hosts import ascii_host, plain_host
from pipelines.warehouse.db import Connection

# more bytes than letters: cheaper than any look at the letters themselves, and nearly no row has it
_WRITTEN = """
    select distinct client, host as address from raw.web_pages_daily where strlen(host) <> length(host)
    union
    select distinct client, regexp_extract(page, '^[^/]*//[^/?#]*') from raw.search_pages_daily
    where strlen(page) <> length(page)
    union
    select distinct client, regexp_extract(url, '^[^/]*//[^/?#]*') from raw.blog_posts where strlen(url) <> length(url)
    union
    select distinct client, regexp_extract(url, '^[^/]*//[^/?#]*') from ops.blog_post_history
    where strlen(url) <> length(url)
"""


def host_spellings(con: Connection, clients: Collection[str]) -> tuple[tuple[str, str, str], ...]:
    """Client, host as written, and as IDNA, of every host that is not ASCII alone."""
    rows = con.execute(f"select client, address from ({_WRITTEN}) where list_contains(?, client)", [sorted(clients)])  # noqa: S608 - a constant
    found = {(client, plain_host(address)) for client, address in rows.fetchall()}
    return tuple((client, host, ascii_host(host)) for client, host in sorted(found) if not host.isascii())
