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
        changed_days.day,
        changed_days.fingerprint
    from {{ ref('int_blog_posts') }} as posts
    inner join {{ ref('int_blog_seen_posts') }} as seen_posts
        on
            posts.client = seen_posts.client
            and posts.source = seen_posts.source
            and posts.post_id = seen_posts.post_id
    inner join changed_days
        on
            posts.client = changed_days.client
            and posts.source = changed_days.source
            and posts.live_on <= changed_days.day
),

changed_pages as (
    select
        web_sources.client,
        web_sources.source,
        pages.site_host,
        pages.page_path,
        pages.day,
        sum(pages.page_views) as page_views,
        sum(pages.engagement_seconds order by pages.engagement_seconds) as engagement_seconds,
        bool_or(pages.engagement_seconds is null and pages.page_views > 0) as is_time_unknown
    from {{ ref('int_blog_web_sources') }} as web_sources
    inner join {{ ref('stg_raw__web_pages_daily') }} as pages
        on
            web_sources.client = pages.client
            and web_sources.web_source = pages.source
            and web_sources.site_host = pages.site_host
    inner join changed_days
        on
            web_sources.client = changed_days.client
            and web_sources.source = changed_days.source
            and pages.day = changed_days.day
    group by web_sources.client, web_sources.source, pages.site_host, pages.page_path, pages.day
),

seen as (
    select distinct
        client,
        site_host,
        page_path
    from changed_pages
),

{{ post_pages_of('seen') }},

viewed as (
    select
        post_pages.client,
        post_pages.source,
        post_pages.post_id,
        changed_pages.day,
        sum(changed_pages.page_views) as page_views,
        sum(changed_pages.engagement_seconds order by changed_pages.engagement_seconds) as engagement_seconds,
        bool_or(changed_pages.is_time_unknown) as is_time_unknown
    from post_pages
    inner join changed_pages
        on
            post_pages.client = changed_pages.client
            and post_pages.source = changed_pages.source
            and post_pages.site_host = changed_pages.site_host
            and post_pages.page_path = changed_pages.page_path
            and changed_pages.day >= coalesce(post_pages.from_on, changed_pages.day)
            and changed_pages.day <= coalesce(post_pages.until_on, changed_pages.day)
    group by post_pages.client, post_pages.source, post_pages.post_id, changed_pages.day
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
