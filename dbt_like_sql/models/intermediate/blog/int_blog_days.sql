-- days on which every site's source of a blog was observed
with web_sources as (
    select
        client,
        source,
        web_source,
        count(*) over (partition by client, source) as web_sources
    from {{ ref('int_blog_web_sources') }}
    group by client, source, web_source
)

select
    web_sources.client,
    web_sources.source,
    observed.day
from web_sources
inner join {{ ref('int_stream_days') }} as observed
    on
        web_sources.client = observed.client
        and web_sources.web_source = observed.source
        and observed.stream = 'web_pages_daily'
group by web_sources.client, web_sources.source, web_sources.web_sources, observed.day
having count(*) = web_sources.web_sources
