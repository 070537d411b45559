-- web sources that see the same site as one before them in the file, which alone counts for all of a client's sources:
-- their main host is the other's too, or one that the other counts a good part of as well, day by day; and properties
-- that another of the file holds whole
with mains as (
    select
        client,
        source,
        position,
        site_host
    from {{ ref('int_web_hosts') }}
    where is_main
),

-- a page that went astray on another's site does not make its counter one of that site
beside as (
    select
        mains.client,
        mains.source,
        mains.site_host,
        others.source as seen_by,
        others.position
    from mains
    inner join {{ ref('int_web_hosts') }} as others
        on
            mains.client = others.client
            and mains.site_host = others.site_host
            and mains.position > others.position
            and not others.is_main
),

hosts as (
    select distinct
        client,
        site_host
    from beside
),

views as (
    select
        pages.client,
        pages.source,
        pages.site_host,
        pages.day,
        sum(pages.page_views) as page_views
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    inner join hosts
        on
            pages.client = hosts.client
            and pages.site_host = hosts.site_host
    group by pages.client, pages.source, pages.site_host, pages.day
),

seen as (
    select
        beside.client,
        beside.source,
        beside.site_host,
        beside.seen_by,
        beside.position
    from beside
    inner join views as own
        on
            beside.client = own.client
            and beside.source = own.source
            and beside.site_host = own.site_host
    inner join views as theirs
        on
            beside.client = theirs.client
            and beside.seen_by = theirs.source
            and beside.site_host = theirs.site_host
            and own.day = theirs.day
    group by beside.client, beside.source, beside.site_host, beside.seen_by, beside.position
    having sum(theirs.page_views) >= {{ var('same_site_share') }} * sum(own.page_views)
),

sites as (
    select
        client,
        source,
        source as seen_by,
        position,
        site_host
    from mains
    union all
    select
        mains.client,
        mains.source,
        others.source as seen_by,
        others.position,
        mains.site_host
    from mains
    inner join mains as others
        on
            mains.client = others.client
            and mains.site_host = others.site_host
            and mains.position > others.position
    union all
    select
        client,
        source,
        seen_by,
        position,
        site_host
    from seen
)

select
    client,
    source,
    arg_min(seen_by, position) as counted_by,
    site_host
from sites
group by client, source, site_host
having arg_min(seen_by, position) <> source
union all
select
    client,
    source,
    held_by as counted_by,
    '' as site_host
from {{ ref('stg_config__sources') }}
where held_by is not null
