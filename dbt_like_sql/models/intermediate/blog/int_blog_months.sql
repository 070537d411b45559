-- page views of and time on blog posts in each month, and the posts live at its end: one deleted later was
with blogs as (
    select distinct
        client,
        source
    from {{ ref('int_kpi_series') }}
    where kpi = 'blog_posts'
),

-- a post counts in the months before it was listed too, so any successful list will do
listings as (
    select
        series.client,
        series.source,
        max(months.last_loaded_on) as last_loaded_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_stream_months') }} as months
        on
            series.client = months.client
            and series.source = months.source
            and series.stream = months.stream
    where series.kpi = 'blog_posts'
    group by series.client, series.source
),

blog_months as (
    select
        blogs.client,
        blogs.source,
        months.month,
        least(months.ends_on, clients.as_of) as counted_on
    from blogs
    inner join listings
        on
            blogs.client = listings.client
            and blogs.source = listings.source
            and listings.last_loaded_on is not null
    inner join {{ ref('int_months') }} as months
        on blogs.client = months.client
    inner join {{ ref('stg_config__clients') }} as clients
        on blogs.client = clients.client
),

-- of a blog without a post nothing says which web source told of it
blogs_with_posts as (
    select distinct
        posts.client,
        posts.source
    from {{ ref('int_blog_posts') }} as posts
    inner join blogs
        on
            posts.client = blogs.client
            and posts.source = blogs.source
),

{{ shared_paths() }},

{{ gone_posts_of('blogs_with_posts') }},

seen_gone_posts as (
    select distinct
        addresses.client,
        addresses.source,
        addresses.post_id,
        addresses.from_on as live_on,
        addresses.until_on as last_seen_on
    from gone_addresses as addresses
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            addresses.client = web_sources.client
            and addresses.source = web_sources.source
            and (
                addresses.site_host = web_sources.site_host
                or web_sources.site_host = ''
                or addresses.site_host = ''
            )
),

-- a post that no web source can tell of is on neither side
seen_posts as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.live_on,
        cast(null as date) as last_seen_on
    from {{ ref('int_blog_posts') }} as posts
    inner join {{ ref('int_blog_seen_posts') }} as seen
        on
            posts.client = seen.client
            and posts.source = seen.source
            and posts.post_id = seen.post_id
    union all
    select
        client,
        source,
        post_id,
        live_on,
        last_seen_on
    from seen_gone_posts
),

posts_live as (
    select
        blog_months.client,
        blog_months.source,
        blog_months.month,
        count(posts.post_id) as posts
    from blog_months
    left join seen_posts as posts
        on
            blog_months.client = posts.client
            and blog_months.source = posts.source
            and blog_months.counted_on >= posts.live_on
            and blog_months.counted_on < coalesce(posts.last_seen_on, blog_months.counted_on + 1)
    group by blog_months.client, blog_months.source, blog_months.month
),

seen_pages as (
    select distinct
        pages.client,
        pages.site_host,
        pages.page_path
    from {{ ref('stg_raw__web_pages_daily') }} as pages
    where
        pages.client in (
            select gone_posts.client
            from gone_posts
        )
),

{{ post_pages_of('seen_pages', 'all_addresses') }},

-- what a post received in the months at whose end it was live it keeps; in its last one it is on neither side
viewed_before as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        pages.day,
        pages.page_views,
        coalesce(pages.engagement_seconds, case when pages.page_views = 0 then 0.0 end) as engagement_seconds
    from seen_gone_posts as posts
    inner join post_pages
        on
            posts.client = post_pages.client
            and posts.source = post_pages.source
            and posts.post_id = post_pages.post_id
    inner join {{ ref('int_blog_web_sources') }} as web_sources
        on
            posts.client = web_sources.client
            and posts.source = web_sources.source
            and post_pages.site_host = web_sources.site_host
    inner join {{ ref('stg_raw__web_pages_daily') }} as pages
        on
            web_sources.client = pages.client
            and web_sources.web_source = pages.source
            and post_pages.site_host = pages.site_host
            and post_pages.page_path = pages.page_path
            and pages.day between post_pages.from_on and post_pages.until_on
            and last_day(pages.day) < posts.last_seen_on
    inner join {{ ref('int_blog_days') }} as days
        on
            posts.client = days.client
            and posts.source = days.source
            and pages.day = days.day
),

viewed as (
    select
        client,
        source,
        cast(date_trunc('month', day) as date) as month,
        sum(page_views) as page_views,
        sum(engagement_seconds order by engagement_seconds) as engagement_seconds,
        bool_or(engagement_seconds is null) as is_time_unknown
    from (
        select
            client,
            source,
            day,
            page_views,
            engagement_seconds
        from {{ ref('int_blog_post_days') }}
        union all
        select
            client,
            source,
            day,
            page_views,
            engagement_seconds
        from viewed_before
    ) as post_days
    group by client, source, date_trunc('month', day)
),

web_sources as (
    select distinct
        client,
        source,
        web_source,
        count(distinct web_source) over (partition by client, source) as web_sources
    from {{ ref('int_blog_web_sources') }}
),

-- days of which nothing is expected of any of them
silent_days as (
    select
        web_sources.client,
        web_sources.source,
        days.day
    from web_sources
    inner join {{ ref('stg_config__pauses') }} as pauses
        on
            web_sources.client = pauses.client
            and web_sources.web_source = pauses.source
    inner join {{ ref('int_blog_days') }} as days
        on
            web_sources.client = days.client
            and web_sources.source = days.source
            and days.day between pauses.from_on and pauses.to_on
    group by web_sources.client, web_sources.source, days.day
    having count(distinct web_sources.web_source) = max(web_sources.web_sources)
),

-- what they rest on: days that every site's source of the blog observed
common_days as (
    select
        days.client,
        days.source,
        cast(date_trunc('month', days.day) as date) as month,
        cast(sum(case when silent_days.day is null then 1 else 0 end) as bigint) as days,
        max(days.day) as data_through_on
    from {{ ref('int_blog_days') }} as days
    left join silent_days
        on
            days.client = silent_days.client
            and days.source = silent_days.source
            and days.day = silent_days.day
    group by days.client, days.source, date_trunc('month', days.day)
),

-- figures that can't be scaled are judged by the share of the site's page views on the days observed
coverage as (
    select
        web_sources.client,
        web_sources.source,
        pages.month,
        count(*) as web_sources,
        min(pages.observed_share) as observed_share,
        min(pages.observed_days) as observed_days,
        max(pages.expected_days) as expected_days
    from web_sources
    inner join {{ ref('int_weighted_months') }} as pages
        on
            web_sources.client = pages.client
            and web_sources.web_source = pages.source
            and pages.stream = 'web_pages_daily'
    group by web_sources.client, web_sources.source, pages.month
)

select
    posts_live.client,
    posts_live.source,
    posts_live.month,
    posts_live.posts,
    cast(coalesce(viewed.page_views, 0) as bigint) as page_views,
    case
        when viewed.page_views is null then 0.0
        when not viewed.is_time_unknown then round(viewed.engagement_seconds, 6)
    end as engagement_seconds,
    coverage.expected_days,
    -- several sources may each have holes of their own
    case
        when coverage.web_sources = 1 then coverage.observed_days
        else least(coverage.observed_days, coalesce(common_days.days, 0))
    end as observed_days,
    case
        when coverage.web_sources = 1 then coverage.observed_share
        when coverage.expected_days = 0 then 0.0
        else least(
            coverage.observed_share, round(coalesce(common_days.days, 0) / cast(coverage.expected_days as double), 6)
        )
    end as observed_share,
    common_days.data_through_on
from posts_live
inner join coverage
    on
        posts_live.client = coverage.client
        and posts_live.source = coverage.source
        and posts_live.month = coverage.month
left join viewed
    on
        posts_live.client = viewed.client
        and posts_live.source = viewed.source
        and posts_live.month = viewed.month
left join common_days
    on
        posts_live.client = common_days.client
        and posts_live.source = common_days.source
        and posts_live.month = common_days.month
