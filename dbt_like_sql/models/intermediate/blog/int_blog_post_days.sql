-- page views of each post from its publication on, all its addresses merged, on days that every site's source observed
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['client', 'source', 'day'],
    pre_hook="{{ forget_changed(blog_days(), ['client', 'source', 'day']) }}"
) }}

with days as (
    {{ blog_days() }}
),

changed_days as (
    select
        client,
        source,
        day,
        fingerprint
    from days
    where {{ is_changed(['client', 'source', 'day']) }}
),

post_days as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.site_host,
        posts.page_path,
        changed_days.day,
        changed_days.fingerprint
    from {{ ref('int_blog_posts') }} as posts
    inner join changed_days
        on
            posts.client = changed_days.client
            and posts.source = changed_days.source
            and posts.live_on <= changed_days.day
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
    inner join changed_days
        on
            posts.client = changed_days.client
            and posts.source = changed_days.source
            and pages.day = changed_days.day
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
    end as engagement_seconds,
    post_days.fingerprint
from post_days
left join viewed
    on
        post_days.client = viewed.client
        and post_days.source = viewed.source
        and post_days.post_id = viewed.post_id
        and post_days.day = viewed.day
