-- months of ratios whose two parts a source gives by day, each the sum of its days
with days as (
    select
        client,
        'conversion_rate' as kpi,
        source,
        'web_conversions_daily' as stream,
        day,
        cast(converted_visits as double) as numerator,
        cast(visits as double) as denominator
    from {{ ref('stg_raw__web_conversions_daily') }}
    union all
    select
        client,
        'first_response_hours' as kpi,
        source,
        'tickets_daily' as stream,
        day,
        response_hours as numerator,
        cast(answered as double) as denominator
    from {{ ref('stg_raw__tickets_daily') }}
    union all
    select
        client,
        'newsletter_click_rate' as kpi,
        source,
        'newsletters_daily' as stream,
        day,
        cast(unique_clicks as double) as numerator,
        cast(delivered as double) as denominator
    from {{ ref('stg_raw__newsletters_daily') }}
),

sums as (
    select
        client,
        kpi,
        source,
        cast(date_trunc('month', day) as date) as month,
        sum(numerator order by numerator) as numerator,
        sum(denominator order by denominator) as denominator
    from days
    group by client, kpi, source, date_trunc('month', day)
)

select
    series.client,
    series.kpi,
    series.source,
    months.month,
    round(coalesce(sums.numerator, 0.0), 6) as numerator,
    round(coalesce(sums.denominator, 0.0), 6) as denominator,
    months.expected_days,
    months.observed_days,
    coalesce(weighted.observed_share, months.observed_share) as observed_share,
    months.data_through_on
from {{ ref('int_kpi_series') }} as series
inner join {{ ref('int_stream_months') }} as months
    on
        series.client = months.client
        and series.source = months.source
        and series.stream = months.stream
left join {{ ref('int_weighted_months') }} as weighted
    on
        months.client = weighted.client
        and months.source = weighted.source
        and months.stream = weighted.stream
        and months.month = weighted.month
left join sums
    on
        series.client = sums.client
        and series.kpi = sums.kpi
        and series.source = sums.source
        and months.month = sums.month
where series.kpi in ('conversion_rate', 'first_response_hours', 'newsletter_click_rate')
