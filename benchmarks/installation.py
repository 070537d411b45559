"""A large installation made up in SQL: clients times days of every kind of raw row, its ledger and its config.

Page-level rows dominate, as they do in life. The rows are the same each time (a hash decides, no chance). What belongs
here: the rows. What does not: timing anything (``sql_build.py``, ``nightly_models.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.catalogue import SETTINGS
from okr_models.client.file import read_client
from pipelines.warehouse.db import Connection
from pipelines.warehouse.ingest.config_tables import write_config
from pipelines.warehouse.schema import ensure_schema

ZONE = ZoneInfo("Europe/Stockholm")
_CLIENT = """
client: {client}
name: {client}
language: sv
timezone: Europe/Stockholm
fiscal_year_start: 1
currency: SEK
sources:
  - {{id: web, type: ga4, property_id: "1", credentials: {{env: NONE}}, start: {start}}}
  - {{id: search, type: search_console, site_url: "sc-domain:{client}.se", credentials: {{env: NONE}}, start: {start}}}
  - {{id: linkedin, type: linkedin, organization_id: "1", token: {{env: NONE}}, start: {start}}}
  - {{id: toots, type: mastodon, account: "a", base_url: "https://example.org", start: {start}}}
  - {{id: blog, type: wordpress, base_url: "https://{client}.se", start: {start}}}
objectives:
  - id: awareness
    title: Awareness
    team: marketing
    owner: a@example.org
    period: {{start: 2026-01-01, end: 2026-12-31}}
    key_results:
      - {{id: visitors, title: Visitors, kpi: unique_visitors, target: "+30%"}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large: clients, days of history, pages and found pages seen a day, posts counted each night."""

    clients: int = 100
    days: int = 1095
    pages: int = 60
    found_pages: int = 40
    blog_posts: int = 40
    social_posts: int = 40
    nights: int = 365
    """Nights whose readings of posts and followers are there; before that there is none."""


def fill(con: Connection, size: Size, *, as_of: date) -> None:
    """Make the tables and put the rows in; the night is that of ``as_of``, its rows reach to the day before."""
    ensure_schema(con)
    start = as_of - timedelta(days=size.days)
    configure(con, size, as_of=as_of)
    names = {"start": start, "last": as_of - timedelta(days=1), "nights": size.nights}
    con.execute(
        f"""
        create temp table clients as select client, rank() over (order by client) as number from config.clients;
        create temp table all_days as
        select cast(unnest(generate_series(date '{start}', date '{names["last"]}', interval '1 day')) as date) as day;
        """
    )
    for statement in _statements(size, as_of=as_of):
        con.execute(statement)
    con.execute("drop table clients; drop table all_days")


def configure(con: Connection, size: Size, *, as_of: date) -> None:
    """Write the client files' tables as of that night."""
    start = as_of - timedelta(days=size.days)
    texts = {f"c{number:03}": _CLIENT.format(client=f"c{number:03}", start=start) for number in range(size.clients)}
    clients = [read_client(text, file_name=f"{client}.yaml", types=SETTINGS).client for client, text in texts.items()]
    now = datetime(as_of.year, as_of.month, as_of.day, 5, tzinfo=ZONE)
    write_config(con, clients, now=now, known=texts)


def _statements(size: Size, *, as_of: date) -> Iterator[str]:
    day_rows = "from clients cross join all_days"
    yield f"""insert into raw.web_daily by name
        select client, 'web' as source, day, 100 + hash(client, day) % 400 as sessions,
            250 + hash(client, day, 1) % 900 as page_views, (hash(client, day, 2) % 90000) / 7 as engagement_seconds,
            80 + hash(client, day) % 300 as visitors, 90 + hash(client, day) % 300 as total_users, true as is_final
        {day_rows}"""
    yield f"""insert into raw.web_monthly by name
        select client, 'web' as source, date_trunc('month', day) as month, max(day) as asked_through,
            1000 + hash(client, date_trunc('month', day)) % 5000 as visitors, null as total_users,
            'activeUsers' as visitors_definition, true as is_final
        {day_rows} group by client, date_trunc('month', day)"""
    yield f"""insert into raw.web_pages_daily by name
        select client, 'web' as source, day, 'www.' || client || '.se' as host,
            case when page < {size.blog_posts} then '/blogg/inlagg-' || page || '/' else '/sida-' || page end as path,
            hash(client, day, page) % 40 as page_views, (hash(client, day, page, 1) % 9000) / 7 as engagement_seconds,
            true as is_final
        {day_rows} cross join range({size.pages}) as pages (page)"""
    yield f"""insert into raw.search_daily by name
        select client, 'search' as source, day, hash(client, day, 3) % 90 as clicks,
            300 + hash(client, day, 4) % 900 as impressions, (hash(client, day, 5) % 900000) / 70 as position_sum,
            true as is_final
        {day_rows} where day <= date '{as_of}' - 3"""
    yield f"""insert into raw.search_pages_daily by name
        select client, 'search' as source, day, 'https://' || client || '.se/blogg/inlagg-' || page || '/' as page,
            hash(client, day, page, 3) % 5 as clicks, 1 + hash(client, day, page, 4) % 60 as impressions,
            (hash(client, day, page, 5) % 60000) / 70 as position_sum, true as is_final
        {day_rows} cross join range({size.found_pages}) as pages (page) where day <= date '{as_of}' - 3"""
    yield f"""insert into raw.follower_changes_daily by name
        select client, 'linkedin' as source, 'linkedin' as platform, day,
            cast(hash(client, day, 6) % 9 as bigint) - 3 as change, true as is_final
        {day_rows} where day <= date '{as_of}' - 2"""
    yield f"""insert into raw.interactions_daily by name
        select client, 'linkedin' as source, 'linkedin' as platform, day, hash(client, day, 7) % 40 as likes,
            hash(client, day, 8) % 9 as comments, hash(client, day, 9) % 5 as shares, true as is_final
        {day_rows} where day <= date '{as_of}' - 2"""
    yield f"""insert into raw.blog_posts by name
        select client, 'blog' as source, cast(post as varchar) as post_id,
            'https://' || client || '.se/blogg/inlagg-' || post || '/' as url, 'Inlägg ' || post as title,
            published_on + interval '9 hours' as published_at, published_on, null as modified_at
        from (
            select client, post,
                date '{as_of}' - cast({size.days} * (post + 1) // {size.blog_posts + 1} as integer) as published_on
            from clients cross join range({size.blog_posts}) as posts (post)
        )"""
    social = f"(values ('linkedin'), ('toots')) as sources (source), range({size.social_posts}) as posts (post)"
    yield f"""create temp table social as
        select client, source, case source when 'toots' then 'mastodon' else source end as platform,
            cast(post as varchar) as post_id,
            date '{as_of}' - cast({size.nights} * (post + 1) // {size.social_posts + 1} as integer) as published_on
        from clients, {social}"""
    yield """insert into raw.social_posts by name
        select client, source, platform, post_id, null as url, published_on + interval '11 hours' as published_at,
            null as text
        from social"""
    yield f"""create temp table readings as
        select client, source, platform, day, (day + 1) + interval '4 hours' as taken_at
        from clients cross join all_days
        cross join (values ('linkedin', 'linkedin'), ('toots', 'mastodon')) as sources (source, platform)
        where day >= date '{as_of}' - {size.nights}"""
    yield """insert into raw.follower_snapshots by name
        select client, source, platform, taken_at, day, 1000 + hash(client, source, day) % 300 as followers
        from readings"""
    yield """insert into raw.post_counters by name
        select client, source, platform, post_id, taken_at, day, (day - published_on) * 2 as likes,
            (day - published_on) // 2 as comments, (day - published_on) // 9 as shares
        from readings inner join social using (client, source, platform)
        where social.published_on <= day"""
    # history was read in months on the first day; then every night read its last days again
    yield """create temp table windows as
        select * from (values
            ('web', 'web_daily', 0, 4), ('web', 'web_monthly', 0, 30), ('web', 'web_pages_daily', 0, 4),
            ('search', 'search_daily', 2, 10), ('search', 'search_pages_daily', 2, 10),
            ('linkedin', 'follower_changes_daily', 1, 8), ('linkedin', 'interactions_daily', 1, 8)
        ) as windows (source, stream, lag, days)"""
    yield f"""insert into ops.loads by name
        with nights as (
            select date '{as_of}' - cast(range as integer) as night
            from range({size.nights}) as nights
        ),
        read as (
            select source, stream, min(day) as window_start, max(day) as window_end,
                date '{as_of}' - {size.nights} + interval '3 hours' as started_at
            from windows cross join all_days
            where day <= date '{as_of}' - {size.nights} - lag group by source, stream, date_trunc('month', day)
            union all
            select source, stream, night - 1 - lag - days + 1, night - 1 - lag, night + interval '4 hours'
            from windows cross join nights
            union all
            select source, stream, night - 1, night - 1, night + interval '4 hours'
            from (values
                ('linkedin', 'follower_snapshots'), ('linkedin', 'post_counters'), ('linkedin', 'social_posts'),
                ('toots', 'follower_snapshots'), ('toots', 'post_counters'), ('toots', 'social_posts'),
                ('blog', 'blog_posts')) as lists (source, stream) cross join nights
        )
        select client, source, stream, window_start, window_end, 1 as rows, 'loaded' as status, 1 as attempts,
            started_at, started_at as finished_at, 'night-' || cast(started_at as date) as run_id,
            '{{"zone": "Europe/Stockholm"}}' as quality
        from read cross join clients order by started_at"""
