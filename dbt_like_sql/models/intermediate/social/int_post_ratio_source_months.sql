-- interactions per post of each source in every month of its client's calendar, and which posts the figure leaves out
select
    series.client,
    series.kpi,
    series.source,
    months.month,
    ratios.interactions_28d / nullif(ratios.known_posts, 0) as value,
    coalesce(ratios.interactions_28d, 0.0) as numerator,
    cast(coalesce(ratios.known_posts, 0) as double) as denominator,
    case
        when listings.last_loaded_on is null then 0.0
        -- no list was read that could tell of the month's posts: there may be some
        when listings.expected_days > 0 and listings.observed_days = 0 then 0.0
        when coalesce(ratios.matured_posts, 0) = 0 then 1.0
        else cast(ratios.known_posts as double) / ratios.matured_posts
    end as observed_share,
    coalesce(ratios.is_estimated, false) as is_estimated,
    case
        when ratios.matured_posts > ratios.known_posts
            then [{{ note('posts_counted', 'series.scope', part='ratios.known_posts', whole='ratios.matured_posts') }}]
        when ratios.maturing_posts > 0
            then [{{ note('posts_maturing', 'series.scope', part='ratios.maturing_posts') }}]
        when ratios.is_estimated then [{{ note('split_at_28_days', 'series.scope') }}]
    end as note_codes,
    counters.data_through_on
from {{ ref('int_kpi_series') }} as series
inner join {{ ref('int_months') }} as months
    on series.client = months.client
left join {{ ref('int_stream_months') }} as listings
    on
        series.client = listings.client
        and series.source = listings.source
        and months.month = listings.month
        and listings.stream = 'social_posts'
left join {{ ref('int_stream_months') }} as counters
    on
        series.client = counters.client
        and series.source = counters.source
        and months.month = counters.month
        and counters.stream = 'post_counters'
left join {{ ref('int_post_ratio_months') }} as ratios
    on
        series.client = ratios.client
        and series.scope = ratios.scope
        and months.month = ratios.month
where series.kpi = 'interactions_per_post'
