-- figures that add up over days, on the days that were observed; a day without a row is 0 only where that says zero
with figures as (
    select
        client,
        'sessions' as kpi,
        source,
        'web_daily' as stream,
        day,
        cast(sessions as double) as value,
        false as is_estimated,
        false as is_split_over_months,
        false as is_partial
    from {{ ref('stg_raw__web_daily') }}
    union all
    select
        client,
        'page_views' as kpi,
        source,
        'web_daily' as stream,
        day,
        cast(page_views as double) as value,
        false as is_estimated,
        false as is_split_over_months,
        false as is_partial
    from {{ ref('stg_raw__web_daily') }}
    union all
    select
        client,
        'search_clicks' as kpi,
        source,
        'search_daily' as stream,
        day,
        cast(clicks as double) as value,
        false as is_estimated,
        false as is_split_over_months,
        false as is_partial
    from {{ ref('stg_raw__search_daily') }}
    union all
    select
        client,
        'search_impressions' as kpi,
        source,
        'search_daily' as stream,
        day,
        cast(impressions as double) as value,
        false as is_estimated,
        false as is_split_over_months,
        false as is_partial
    from {{ ref('stg_raw__search_daily') }}
    union all
    select
        client,
        'interactions' as kpi,
        source,
        'interactions_daily' as stream,
        day,
        cast(interactions as double) as value,
        is_partial as is_estimated,
        false as is_split_over_months,
        is_partial
    from {{ ref('stg_raw__interactions_daily') }}
    union all
    select
        client,
        'interactions' as kpi,
        source,
        'post_counters' as stream,
        day,
        -- a day on which no post shows its likes was not observed
        case when not bool_and(are_likes_unknown) then round(sum(interactions), 9) end as value,
        bool_or(is_estimated) as is_estimated,
        bool_or(is_split_over_months) as is_split_over_months,
        bool_or(is_partial) as is_partial
    from {{ ref('int_social_post_days') }}
    group by client, source, day
    union all
    select
        client,
        'social_posts' as kpi,
        source,
        'social_posts' as stream,
        client_published_on as day,
        cast(count(*) as double) as value,
        false as is_estimated,
        false as is_split_over_months,
        false as is_partial
    from {{ ref('int_social_posts') }}
    group by client, source, client_published_on
    union all
    select
        client,
        'blog_posts' as kpi,
        source,
        case when is_estimated then 'web_pages_daily' else 'blog_posts' end as stream,
        published_on as day,
        cast(count(*) as double) as value,
        bool_or(is_estimated) as is_estimated,
        bool_or(is_estimated) as is_split_over_months,
        false as is_partial
    from {{ ref('int_blog_posts') }}
    where published_on is not null
    group by client, source, published_on, is_estimated
),

page_histories as (
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

observed as (
    select
        series.client,
        series.kpi,
        series.source,
        days.day,
        days.is_before_opening,
        figures.value,
        figures.client is null and (series.is_zero_by_absence or days.is_before_opening) as is_zero,
        coalesce(figures.is_estimated, false) as is_estimated,
        coalesce(figures.is_split_over_months, false) as is_split_over_months,
        coalesce(figures.is_partial, false) as is_partial
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_stream_days') }} as days
        on
            series.client = days.client
            and series.source = days.source
            and series.stream = days.stream
    left join figures
        on
            series.client = figures.client
            and series.kpi = figures.kpi
            and series.source = figures.source
            and series.stream = figures.stream
            and days.day = figures.day
    left join page_histories
        on
            series.client = page_histories.client
            and series.source = page_histories.source
    where
        series.kpi in (
            'sessions',
            'page_views',
            'search_clicks',
            'search_impressions',
            'interactions',
            'social_posts',
            'blog_posts'
        )
        -- where first views stand for publications, the first days of a history can't tell them
        and (
            series.kpi <> 'blog_posts'
            or series.stream <> 'web_pages_daily'
            or days.is_before_opening
            or days.day >= page_histories.begins_on + {{ var('unknown_publication_days') }}
        )
)

select
    client,
    kpi,
    source,
    day,
    coalesce(value, 0.0) as value,
    is_before_opening,
    is_estimated,
    is_split_over_months,
    is_partial
from observed
where
    value is not null
    or is_zero
