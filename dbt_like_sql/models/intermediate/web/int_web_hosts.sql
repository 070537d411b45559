-- the hosts that each web source has seen; the main one is that of most page views, and one where another source counts
-- far more, day by day, was only strayed on
with seen as (
    select
        client,
        source,
        site_host,
        sum(page_views) as page_views
    from {{ ref('stg_raw__web_pages_daily') }}
    group by client, source, site_host
),

hosts as (
    select
        seen.client,
        seen.source,
        sources.position,
        seen.site_host,
        seen.page_views,
        seen.site_host <> ''
        and row_number() over (
            partition by seen.client, seen.source
            order by case when seen.site_host = '' then 1 else 0 end asc, seen.page_views desc, seen.site_host asc
        ) = 1 as is_main
    from seen
    inner join {{ ref('int_sources') }} as sources
        on
            seen.client = sources.client
            and seen.source = sources.source
),

shared as (
    select
        client,
        site_host
    from hosts
    where site_host <> ''
    group by client, site_host
    having count(*) > 1 and not bool_and(is_main)
),

views as (
    select
        pages.client,
        pages.source,
        pages.site_host,
        pages.day,
        sum(pages.page_views) as page_views
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    inner join shared
        on
            pages.client = shared.client
            and pages.site_host = shared.site_host
    group by pages.client, pages.source, pages.site_host, pages.day
),

spans as (
    select
        pages.client,
        pages.source,
        min(pages.day) as first_on,
        max(pages.day) as last_on
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    semi join shared
        on pages.client = shared.client
    group by pages.client, pages.source
),

beside as (
    select
        hosts.client,
        hosts.source,
        hosts.site_host,
        theirs.source as seen_by,
        coalesce(sum(own.page_views), 0) < {{ var('same_site_share') }} * sum(theirs.page_views) as is_little
    from hosts
    inner join spans
        on
            hosts.client = spans.client
            and hosts.source = spans.source
    inner join views as theirs
        on
            hosts.client = theirs.client
            and hosts.site_host = theirs.site_host
            and hosts.source <> theirs.source
            and theirs.day between spans.first_on and spans.last_on
    left join views as own
        on
            hosts.client = own.client
            and hosts.source = own.source
            and hosts.site_host = own.site_host
            and theirs.day = own.day
    where not hosts.is_main
    group by hosts.client, hosts.source, hosts.site_host, theirs.source
),

strayed as (
    select distinct
        client,
        source,
        site_host
    from beside
    where is_little
)

select
    hosts.client,
    hosts.source,
    hosts.position,
    hosts.site_host,
    cast(hosts.page_views as bigint) as page_views,
    hosts.is_main,
    strayed.client is not null as is_astray
from hosts
left join strayed
    on
        hosts.client = strayed.client
        and hosts.source = strayed.source
        and hosts.site_host = strayed.site_host
