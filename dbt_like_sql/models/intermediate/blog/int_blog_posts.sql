-- blog posts as listed now; where no list says what a post is, the pages under the web source's blog_path
with listed as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.url,
        posts.site_host,
        posts.page_path,
        posts.title,
        posts.published_at,
        posts.published_on,
        posts.published_on as live_on,
        false as is_estimated,
        -- one address belongs to one post; a plain permalink (/?p=12) says nothing without its query
        posts.page_path <> '/'
        and row_number() over (
            partition by posts.client, posts.source, posts.site_host, posts.page_path
            order by posts.published_at, posts.post_id
        ) = 1 as has_own_address
    from {{ ref('stg_raw__blog_posts') }} as posts
    inner join {{ ref('int_sources') }} as sources
        on
            posts.client = sources.client
            and posts.source = sources.source
),

hosts as (
    select
        pages.client,
        pages.source,
        pages.site_host,
        row_number() over (
            partition by pages.client, pages.source order by sum(pages.page_views) desc, pages.site_host
        ) as rank
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    where pages.site_host <> ''
    group by pages.client, pages.source, pages.site_host
),

histories as (
    select
        client,
        source,
        min(day) as begins_on
    from {{ ref('int_stream_days') }}
    where
        stream = 'web_pages_daily'
        and not is_before_opening
    group by client, source
),

viewed as (
    select
        pages.client,
        pages.source,
        pages.page_path,
        coalesce(min(hosts.site_host), '') as site_host,
        min(pages.day) as first_viewed_on
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    inner join {{ ref('int_kpi_series') }} as series
        on
            pages.client = series.client
            and pages.source = series.source
            and series.kpi = 'blog_posts'
            and series.stream = 'web_pages_daily'
    inner join {{ ref('int_sources') }} as sources
        on
            pages.client = sources.client
            and pages.source = sources.source
    left join hosts
        on
            pages.client = hosts.client
            and pages.source = hosts.source
            and hosts.rank = 1
    where
        pages.page_views > 0
        and (pages.site_host = '' or pages.site_host = hosts.site_host)
        and starts_with(pages.page_path, rtrim(sources.blog_path, '/') || '/')
        -- the blog's own listing pages are no posts
        and not regexp_matches(substr(pages.page_path, length(rtrim(sources.blog_path, '/')) + 1), '^/page/[0-9]+$')
    group by pages.client, pages.source, pages.page_path
),

-- what was already there when history began has no known publication
dated as (
    select
        viewed.client,
        viewed.source,
        viewed.page_path,
        viewed.site_host,
        viewed.first_viewed_on,
        case
            when viewed.first_viewed_on >= histories.begins_on + {{ var('unknown_publication_days') }}
                then viewed.first_viewed_on
        end as published_on,
        sources.zone
    from viewed
    inner join histories
        on
            viewed.client = histories.client
            and viewed.source = histories.source
    inner join {{ ref('int_sources') }} as sources
        on
            viewed.client = sources.client
            and viewed.source = sources.source
)

select
    client,
    source,
    post_id,
    url,
    site_host,
    page_path,
    title,
    published_at,
    published_on,
    live_on,
    is_estimated,
    has_own_address
from listed
union all
select
    client,
    source,
    page_path as post_id,
    case when site_host <> '' then 'https://' || site_host || page_path end as url,
    site_host,
    page_path,
    null as title,
    cast(published_on as timestamp) at time zone zone as published_at,
    published_on,
    first_viewed_on as live_on,
    true as is_estimated,
    true as has_own_address
from dated
