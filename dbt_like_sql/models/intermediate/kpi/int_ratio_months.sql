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
        days.client,
        days.kpi,
        days.source,
        cast(date_trunc('month', days.day) as date) as month,
        sum(days.numerator order by days.numerator) as numerator,
        sum(days.denominator order by days.denominator) as denominator
    from days
    inner join {{ ref('int_kpi_series') }} as series
        on
            days.client = series.client
            and days.kpi = series.kpi
            and days.source = series.source
            and days.day >= coalesce(series.counted_from_on, days.day)
    group by days.client, days.kpi, days.source, date_trunc('month', days.day)
),

-- days before it counted are not observed
coverage as (
    select
        series.client,
        series.kpi,
        series.source,
        series.stream,
        months.month,
        months.expected_days,
        months.observed_days,
        months.observed_share,
        months.data_through_on,
        greatest(
            months.observed_days - greatest(coalesce(series.counted_from_on - months.month, 0), 0), 0
        ) as counted_days
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_stream_months') }} as months
        on
            series.client = months.client
            and series.source = months.source
            and series.stream = months.stream
    where series.kpi in ('conversion_rate', 'first_response_hours', 'newsletter_click_rate')
)

select
    coverage.client,
    coverage.kpi,
    coverage.source,
    coverage.month,
    round(coalesce(sums.numerator, 0.0), 6) as numerator,
    round(coalesce(sums.denominator, 0.0), 6) as denominator,
    coverage.expected_days,
    coverage.counted_days as observed_days,
    case
        when coverage.counted_days < coverage.observed_days
            then cast(coverage.counted_days as double) / coverage.expected_days
        else coalesce(weighted.observed_share, coverage.observed_share)
    end as observed_share,
    coverage.data_through_on
from coverage
left join {{ ref('int_weighted_months') }} as weighted
    on
        coverage.client = weighted.client
        and coverage.source = weighted.source
        and coverage.stream = weighted.stream
        and coverage.month = weighted.month
left join sums
    on
        coverage.client = sums.client
        and coverage.kpi = sums.kpi
        and coverage.source = sums.source
        and coverage.month = sums.month
