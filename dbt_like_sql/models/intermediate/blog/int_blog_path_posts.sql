-- posts of a web source whose blog_path alone says what one is: pages below it, other faces merged, without archives
with hosts as (
    select
        client,
        source,
        site_host
    from {{ ref('int_web_hosts') }}
    where is_main
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
    left join hosts
        on
            pages.client = hosts.client
            and pages.source = hosts.source
    where
        pages.page_views > 0
        and (pages.site_host = '' or pages.site_host = hosts.site_host)
    group by pages.client, pages.source, pages.page_path
),

faces as (
    select
        viewed.client,
        viewed.source,
        viewed.site_host,
        viewed.first_viewed_on,
        sources.position,
        sources.zone,
        rtrim({{ page_path('sources.blog_path') }}, '/') as blog_path,
        {{ path_of_page('viewed.page_path') }} as page_path
    from viewed
    inner join {{ ref('int_sources') }} as sources
        on
            viewed.client = sources.client
            and viewed.source = sources.source
),

texts as (
    select
        client,
        source,
        site_host,
        first_viewed_on,
        position,
        zone,
        blog_path,
        page_path as face_path,
        {{ path_of_text('page_path') }} as page_path
    from faces
),

posts as (
    select
        client,
        source,
        site_host,
        page_path,
        zone,
        min(first_viewed_on) as first_viewed_on,
        -- of two sources that see one site the first in the file says what its posts are
        dense_rank() over (
            partition by client, site_host, blog_path, case when site_host = '' then page_path end
            order by position
        ) as choice
    from texts
    where
        starts_with(page_path, blog_path || '/')
        and not {{ is_archive('substr(face_path, length(blog_path) + 1)') }}
        and not {{ is_archive('substr(page_path, length(blog_path) + 1)') }}
    group by client, source, site_host, page_path, position, zone, blog_path
)

-- what was already there when history began has no known publication
select
    posts.client,
    posts.source,
    posts.site_host,
    posts.page_path,
    posts.first_viewed_on,
    case
        when posts.first_viewed_on >= histories.begins_on + {{ var('unknown_publication_days') }}
            then posts.first_viewed_on
    end as published_on,
    posts.zone
from posts
inner join histories
    on
        posts.client = histories.client
        and posts.source = histories.source
where posts.choice = 1
