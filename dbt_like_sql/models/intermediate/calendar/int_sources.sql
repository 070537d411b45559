-- each source with the days that have ended for it: its own yesterday, not the machine's
with sources as (
    select
        sources.client,
        sources.source,
        sources.position,
        sources.source_type,
        sources.category,
        sources.platform,
        sources.zone,
        sources.opened_on,
        sources.blog_path,
        clients.timezone as client_zone,
        clients.as_of,
        clients.now_at at time zone sources.zone as local_now
    from {{ ref('stg_config__sources') }} as sources
    inner join {{ ref('stg_config__clients') }} as clients
        on sources.client = clients.client
)

select
    client,
    source,
    position,
    source_type,
    category,
    platform,
    zone,
    opened_on,
    blog_path,
    client_zone,
    as_of,
    cast(local_now as date) as today_on,
    -- before noon a snapshot stands for the day before
    cast(local_now - interval '12 hours' as date) as through_on
from sources
