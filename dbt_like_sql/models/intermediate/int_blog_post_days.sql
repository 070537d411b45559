-- page views of each post from its publication on, all its addresses merged, on days that every site's source observed
with web_sources as (
    select
        client,
        source,
        web_source,
        count(*) over (partition by client, source) as web_sources
    from {{ ref('int_blog_web_sources') }}
),

observed_days as (
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
),

post_days as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.site_host,
        posts.page_path,
        observed_days.day
    from {{ ref('int_blog_posts') }} as posts
    inner join observed_days
        on
            posts.client = observed_days.client
            and posts.source = observed_days.source
            and posts.live_on <= observed_days.day
    where posts.has_own_address
),

-- with several web sources an empty host is a source's own way of speaking of its only site
viewed as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        pages.day,
        sum(pages.page_views) as page_views,
        sum(pages.engagement_seconds) as engagement_seconds,
        bool_or(pages.engagement_seconds is null and pages.page_views > 0) as is_time_unknown
    from {{ ref('int_blog_posts') }} as posts
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            posts.client = web_sources.client
            and posts.source = web_sources.source
    inner join {{ ref('stg_raw__web_pages_daily') }} as pages
        on
            web_sources.client = pages.client
            and web_sources.web_source = pages.source
            and posts.page_path = pages.page_path
            and (posts.site_host = pages.site_host or pages.site_host = '' or posts.site_host = '')
    where posts.has_own_address
    group by posts.client, posts.source, posts.post_id, pages.day
)

select
    post_days.client,
    post_days.source,
    post_days.post_id,
    post_days.day,
    cast(coalesce(viewed.page_views, 0) as bigint) as page_views,
    case
        when viewed.page_views is null then 0.0
        when not viewed.is_time_unknown then round(viewed.engagement_seconds, 6)
    end as engagement_seconds
from post_days
left join viewed
    on
        post_days.client = viewed.client
        and post_days.source = viewed.source
        and post_days.post_id = viewed.post_id
        and post_days.day = viewed.day
