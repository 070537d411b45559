-- which source gives which KPI, and which of its streams the figure rests on
with kpi_streams as (
    select
        given.kpi,
        given.stream,
        given.preference
    from (
        values
        ('sessions', 'web_daily', 1),
        ('page_views', 'web_daily', 1),
        ('unique_visitors', 'web_monthly', 1),
        ('followers', 'follower_snapshots', 1),
        ('followers', 'follower_totals_daily', 2),
        ('new_followers', 'follower_snapshots', 1),
        ('new_followers', 'follower_totals_daily', 2),
        -- the platform's own daily figures where it has them, else differences of snapshots
        ('interactions', 'interactions_daily', 1),
        ('interactions', 'post_counters', 2),
        ('interactions_per_post', 'post_counters', 1),
        ('social_posts', 'social_posts', 1),
        ('blog_posts', 'blog_posts', 1),
        ('blog_posts', 'web_pages_daily', 2),
        ('page_views_per_blog_post', 'blog_posts', 1),
        ('page_views_per_blog_post', 'web_pages_daily', 2),
        ('seconds_per_blog_post', 'blog_posts', 1),
        ('seconds_per_blog_post', 'web_pages_daily', 2),
        ('search_clicks', 'search_daily', 1),
        ('search_impressions', 'search_daily', 1),
        ('search_position', 'search_daily', 1),
        ('search_position_new_posts', 'search_pages_daily', 1)
    ) as given (kpi, stream, preference)
),

blogs as (
    select distinct
        client,
        true as has_listing
    from {{ ref('stg_config__streams') }}
    where stream = 'blog_posts'
),

loaded as (
    select distinct
        client,
        source,
        stream,
        true as is_loaded
    from {{ ref('stg_ops__loads') }}
),

candidates as (
    select
        streams.client,
        kpi_streams.kpi,
        streams.source,
        sources.platform,
        streams.stream,
        streams.delivery,
        streams.is_zero_by_absence,
        row_number() over (
            partition by streams.client, kpi_streams.kpi, streams.source
            -- a stream that this account can't be asked for is never loaded
            order by coalesce(loaded.is_loaded, false) desc, kpi_streams.preference
        ) as choice
    from kpi_streams
    inner join {{ ref('stg_config__streams') }} as streams
        on kpi_streams.stream = streams.stream
    inner join {{ ref('int_sources') }} as sources
        on
            streams.client = sources.client
            and streams.source = sources.source
    left join blogs
        on streams.client = blogs.client
    left join loaded
        on
            streams.client = loaded.client
            and streams.source = loaded.source
            and streams.stream = loaded.stream
    where
        -- blog_path says what a post is only where no list of posts does
        (streams.stream <> 'web_pages_daily' or (sources.blog_path is not null and blogs.has_listing is null))
        and (
            kpi_streams.kpi <> 'search_position_new_posts'
            or blogs.has_listing
            or exists (
                select 1
                from {{ ref('int_sources') }} as sites
                where sites.client = streams.client and sites.blog_path is not null
            )
        )
)

select
    candidates.client,
    candidates.kpi,
    candidates.source,
    candidates.platform,
    'source=' || candidates.source as scope,
    candidates.stream,
    candidates.delivery <> 'window' or candidates.is_zero_by_absence as is_zero_by_absence,
    sources.opened_on,
    kpis.kind,
    kpis.adds_over_time,
    kpis.adds_over_sources,
    kpis.closing_days
from candidates
inner join {{ ref('int_sources') }} as sources
    on
        candidates.client = sources.client
        and candidates.source = sources.source
inner join {{ ref('stg_config__kpis') }} as kpis
    on
        candidates.client = kpis.client
        and candidates.kpi = kpis.kpi
where candidates.choice = 1
