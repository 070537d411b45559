-- each post's page views so far and in its own first 90 days, and how search shows it
with web_clients as (
    select distinct client
    from {{ ref('int_web_hosts') }}
),

windows as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.published_on,
        cast(posts.published_on + {{ var('blog_post_window_days') }} - 1 as date) as window_ends_on,
        clients.as_of
    from {{ ref('int_blog_posts') }} as posts
    inner join {{ ref('stg_config__clients') }} as clients
        on posts.client = clients.client
),

viewed as (
    select
        windows.client,
        windows.source,
        windows.post_id,
        sum(days.page_views) as page_views,
        sum(days.engagement_seconds order by days.engagement_seconds) as engagement_seconds,
        bool_or(days.engagement_seconds is null) as is_time_unknown,
        sum(case when days.day <= windows.window_ends_on then days.page_views end) as page_views_90d,
        sum(case when days.day <= windows.window_ends_on then 1 else 0 end) as window_days_observed,
        -- days of the window that have been, up to the last one that anything is known of
        least(min(windows.window_ends_on), max(days.day)) - min(windows.published_on) + 1 as window_days
    from windows
    inner join {{ ref('int_blog_post_days') }} as days
        on
            windows.client = days.client
            and windows.source = days.source
            and windows.post_id = days.post_id
    group by windows.client, windows.source, windows.post_id
),

-- a post whose site no web source has ever seen is not observed, which is not 0
unseen as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.site_host
    from {{ ref('int_blog_posts') }} as posts
    inner join web_clients
        on posts.client = web_clients.client
    left join {{ ref('int_blog_seen_posts') }} as seen
        on
            posts.client = seen.client
            and posts.source = seen.source
            and posts.post_id = seen.post_id
    where
        posts.has_own_address
        and seen.post_id is null
),

searched as (
    select
        addresses.client,
        addresses.source,
        addresses.post_id,
        sum(pages.clicks) as search_clicks,
        round(sum(pages.position_sum) / nullif(sum(pages.impressions), 0), 6) as search_position
    from {{ ref('int_search_post_pages') }} as addresses
    inner join {{ ref('stg_raw__search_pages_daily') }} as pages
        on
            addresses.client = pages.client
            and addresses.site_host = pages.site_host
            and addresses.page_path = pages.page_path
            and pages.day >= coalesce(addresses.from_on, pages.day)
            and pages.day <= coalesce(addresses.until_on, pages.day)
    inner join {{ ref('int_sources') }} as search_sources
        on
            pages.client = search_sources.client
            and pages.source = search_sources.source
    group by addresses.client, addresses.source, addresses.post_id
)

select
    posts.client,
    posts.source,
    posts.post_id,
    posts.url,
    posts.page_path,
    posts.title,
    posts.published_at,
    posts.published_on,
    posts.is_estimated,
    posts.redated_on,
    posts.also_listed_by,
    unseen.site_host as unseen_host,
    cast(viewed.page_views as bigint) as page_views,
    case
        when viewed.window_days_observed >= {{ var('full_share') }} * viewed.window_days
            then cast(viewed.page_views_90d as bigint)
    end as page_views_90d,
    case when not viewed.is_time_unknown then round(viewed.engagement_seconds, 6) end as engagement_seconds,
    cast(searched.search_clicks as bigint) as search_clicks,
    searched.search_position
from {{ ref('int_blog_posts') }} as posts
left join viewed
    on
        posts.client = viewed.client
        and posts.source = viewed.source
        and posts.post_id = viewed.post_id
left join unseen
    on
        posts.client = unseen.client
        and posts.source = unseen.source
        and posts.post_id = unseen.post_id
left join searched
    on
        posts.client = searched.client
        and posts.source = searched.source
        and posts.post_id = searched.post_id
