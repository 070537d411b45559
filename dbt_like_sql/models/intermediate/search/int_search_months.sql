-- positions weighted by impressions: of the whole site, and of the pages of posts published in the last 180 days
with months as (
    select
        series.client,
        series.kpi,
        series.source,
        months.month,
        months.ends_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi in ('search_position', 'search_position_new_posts')
),

site as (
    select
        client,
        source,
        cast(date_trunc('month', day) as date) as month,
        sum(position_sum order by position_sum) as position_sum,
        sum(impressions) as impressions
    from {{ ref('stg_raw__search_daily') }}
    group by client, source, date_trunc('month', day)
),

blogs as (
    select distinct
        client,
        source
    from {{ ref('int_kpi_series') }}
    where kpi = 'blog_posts'
),

{{ shared_paths() }},

{{ gone_posts_of('blogs') }},

seen_pages as (
    select distinct
        pages.client,
        pages.site_host,
        pages.page_path
    from {{ ref('stg_raw__search_pages_daily') }} as pages
    where
        pages.client in (
            select gone_posts.client
            from gone_posts
        )
),

{{ post_pages_of('seen_pages', 'all_addresses') }},

-- a post that was deleted since was one of the blog's until then
addresses_dated as (
    select
        addresses.client,
        addresses.site_host,
        addresses.page_path,
        addresses.from_on,
        addresses.until_on,
        posts.published_on
    from {{ ref('int_search_post_pages') }} as addresses
    inner join {{ ref('int_blog_posts') }} as posts
        on
            addresses.client = posts.client
            and addresses.source = posts.source
            and addresses.post_id = posts.post_id
    union all
    select
        post_pages.client,
        post_pages.site_host,
        post_pages.page_path,
        post_pages.from_on,
        post_pages.until_on,
        gone_posts.live_on as published_on
    from post_pages
    inner join gone_posts
        on
            post_pages.client = gone_posts.client
            and post_pages.source = gone_posts.source
            and post_pages.post_id = gone_posts.post_id
),

-- a page counts once, however many lists name its post
new_pages as (
    select distinct
        months.client,
        months.source,
        months.month,
        pages.day,
        pages.page,
        pages.position_sum,
        pages.impressions
    from months
    inner join {{ ref('stg_raw__search_pages_daily') }} as pages
        on
            months.client = pages.client
            and months.source = pages.source
            and pages.day between months.month and months.ends_on
    inner join addresses_dated as addresses
        on
            pages.client = addresses.client
            and pages.site_host = addresses.site_host
            and pages.page_path = addresses.page_path
            and pages.day >= coalesce(addresses.from_on, pages.day)
            and pages.day <= coalesce(addresses.until_on, pages.day)
            and addresses.published_on between months.ends_on - {{ var('new_post_days') }} + 1 and months.ends_on
    where months.kpi = 'search_position_new_posts'
),

new_posts as (
    select
        client,
        source,
        month,
        sum(position_sum order by position_sum) as position_sum,
        sum(impressions) as impressions
    from new_pages
    group by client, source, month
)

select
    months.client,
    months.kpi,
    months.source,
    months.month,
    round(
        case months.kpi
            when 'search_position' then coalesce(site.position_sum, 0.0)
            else coalesce(new_posts.position_sum, 0.0)
        end,
        6
    ) as position_sum,
    cast(
        case months.kpi
            when 'search_position' then coalesce(site.impressions, 0)
            else coalesce(new_posts.impressions, 0)
        end as bigint
    ) as impressions,
    coverage.expected_days,
    coverage.observed_days,
    coverage.observed_share,
    coverage.data_through_on
from months
inner join {{ ref('int_weighted_months') }} as coverage
    on
        months.client = coverage.client
        and months.source = coverage.source
        and months.month = coverage.month
        and coverage.stream
        = case months.kpi when 'search_position' then 'search_daily' else 'search_pages_daily' end
left join site
    on
        months.client = site.client
        and months.source = site.source
        and months.month = site.month
left join new_posts
    on
        months.client = new_posts.client
        and months.source = new_posts.source
        and months.month = new_posts.month
