-- days of every KPI of which a day means something, source by source
select
    client,
    kpi,
    source,
    day,
    value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    is_estimated,
    cast(null as varchar) as method
from {{ ref('int_kpi_days') }}
union all
select
    observed.client,
    'unique_visitors' as kpi,
    observed.source,
    observed.day,
    -- the day's own count of distinct visitors; days never add up to a month
    cast(case when traffic.client is null then 0 else traffic.visitors end as double) as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    false as is_estimated,
    cast(null as varchar) as method
from {{ ref('int_stream_days') }} as observed
inner join {{ ref('stg_config__streams') }} as streams
    on
        observed.client = streams.client
        and observed.source = streams.source
        and observed.stream = streams.stream
left join {{ ref('stg_raw__web_daily') }} as traffic
    on
        observed.client = traffic.client
        and observed.source = traffic.source
        and observed.day = traffic.day
where
    observed.stream = 'web_daily'
    and (traffic.visitors is not null or streams.is_zero_by_absence or observed.is_before_opening)
    -- a source may count visits and no distinct visitors of a day
    and (traffic.client is null or traffic.visitors is not null)
union all
select
    client,
    'followers' as kpi,
    source,
    day,
    cast(followers as double) as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    is_estimated,
    method
from {{ ref('int_follower_days') }}
union all
select
    today.client,
    'new_followers' as kpi,
    today.source,
    today.day,
    cast(today.followers - before.followers as double) as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    today.is_estimated or before.is_estimated as is_estimated,
    case when 'reconstructed' in (today.method, before.method) then 'reconstructed' else 'measured' end as method
from {{ ref('int_follower_days') }} as today
inner join {{ ref('int_follower_days') }} as before
    on
        today.client = before.client
        and today.source = before.source
        and today.day = before.day + 1
union all
select
    client,
    'search_position' as kpi,
    source,
    day,
    position_sum / nullif(impressions, 0) as value,
    position_sum as numerator,
    cast(impressions as double) as denominator,
    false as is_estimated,
    cast(null as varchar) as method
from {{ ref('stg_raw__search_daily') }}
union all
select
    rates.client,
    'conversion_rate' as kpi,
    rates.source,
    rates.day,
    cast(rates.converted_visits as double) / nullif(rates.visits, 0) as value,
    cast(rates.converted_visits as double) as numerator,
    cast(rates.visits as double) as denominator,
    false as is_estimated,
    cast(null as varchar) as method
from {{ ref('stg_raw__web_conversions_daily') }} as rates
inner join {{ ref('int_stream_days') }} as observed
    on
        rates.client = observed.client
        and rates.source = observed.source
        and rates.day = observed.day
        and observed.stream = 'web_conversions_daily'
left join {{ ref('int_kpi_series') }} as series
    on
        rates.client = series.client
        and rates.source = series.source
        and series.kpi = 'conversion_rate'
-- with a key event marked since, a day before would be another rate
where rates.day >= coalesce(series.counted_from_on, rates.day)
union all
select
    client,
    'first_response_hours' as kpi,
    source,
    day,
    response_hours / nullif(answered, 0) as value,
    response_hours as numerator,
    cast(answered as double) as denominator,
    false as is_estimated,
    cast(null as varchar) as method
from {{ ref('stg_raw__tickets_daily') }}
union all
select
    client,
    'newsletter_click_rate' as kpi,
    source,
    day,
    cast(unique_clicks as double) / nullif(delivered, 0) as value,
    cast(unique_clicks as double) as numerator,
    cast(delivered as double) as denominator,
    false as is_estimated,
    cast(null as varchar) as method
from {{ ref('stg_raw__newsletters_daily') }}
union all
select
    client,
    'newsletter_subscribers' as kpi,
    source,
    day,
    cast(subscribers as double) as value,
    cast(null as double) as numerator,
    cast(null as double) as denominator,
    false as is_estimated,
    'measured' as method
from {{ ref('int_subscriber_days') }}
