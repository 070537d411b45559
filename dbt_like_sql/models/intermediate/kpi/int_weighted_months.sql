-- share of each month that a stream observed, its days weighted by the site's page views (search: its impressions)
with weights as (
    select
        client,
        source,
        month,
        day,
        filled_value as weight,
        case kpi when 'page_views' then 'web' else 'search' end as category
    from {{ ref('int_filled_days') }}
    where kpi in ('page_views', 'search_impressions')
),

streams as (
    select
        client,
        source,
        stream,
        case when stream like 'web_%' then 'web' else 'search' end as category
    from {{ ref('stg_config__streams') }}
    where
        stream in (
            'web_daily', 'web_pages_daily', 'web_conversions_daily', 'search_daily', 'search_pages_daily'
        )
),

weighted as (
    select
        streams.client,
        streams.source,
        streams.stream,
        weights.month,
        sum(weights.weight order by weights.weight) as expected_weight,
        sum(case when observed.day is not null then weights.weight end) as observed_weight
    from streams
    inner join weights
        on
            streams.client = weights.client
            and streams.source = weights.source
            and streams.category = weights.category
    left join {{ ref('int_stream_days') }} as observed
        on
            streams.client = observed.client
            and streams.source = observed.source
            and streams.stream = observed.stream
            and weights.day = observed.day
    group by streams.client, streams.source, streams.stream, weights.month
)

select
    months.client,
    months.source,
    months.stream,
    months.month,
    months.expected_days,
    months.observed_days,
    -- a month without any views has nothing to weight with
    round(
        case
            when weighted.expected_weight > 0 then coalesce(weighted.observed_weight, 0.0) / weighted.expected_weight
            else months.observed_share
        end,
        6
    ) as observed_share,
    months.data_through_on
from {{ ref('int_stream_months') }} as months
inner join streams
    on
        months.client = streams.client
        and months.source = streams.source
        and months.stream = streams.stream
left join weighted
    on
        months.client = weighted.client
        and months.source = weighted.source
        and months.stream = weighted.stream
        and months.month = weighted.month
