-- the hosts that each web source has seen; the main one is that of most page views
with seen as (
    select
        client,
        source,
        site_host,
        sum(page_views) as page_views
    from {{ ref('stg_raw__web_pages_daily') }}
    group by client, source, site_host
)

select
    seen.client,
    seen.source,
    sources.position,
    seen.site_host,
    cast(seen.page_views as bigint) as page_views,
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
