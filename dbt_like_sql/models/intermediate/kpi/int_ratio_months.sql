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
    -- what was read of days that the source says it has no whole report of is in no sum
    inner join {{ ref('int_stream_days') }} as observed
        on
            days.client = observed.client
            and days.source = observed.source
            and days.stream = observed.stream
            and days.day = observed.day
    group by days.client, days.kpi, days.source, date_trunc('month', days.day)
),

-- of a rate that counts from a day on, the days since then, weighted by the site's page views
counted as (
    select
        series.client,
        series.source,
        days.month,
        cast(count(observed.day) as bigint) as observed_days,
        sum(case when observed.day is not null then days.filled_value end) as observed_weight,
        sum(days.filled_value order by days.day) as expected_weight
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_filled_days') }} as days
        on
            series.client = days.client
            and series.source = days.source
            and series.counted_from_on > days.month
            and days.kpi = 'page_views'
    left join {{ ref('int_stream_days') }} as observed
        on
            series.client = observed.client
            and series.source = observed.source
            and series.stream = observed.stream
            and days.day = observed.day
            and series.counted_from_on <= observed.day
    where series.kpi = 'conversion_rate'
    group by series.client, series.source, days.month
),

coverage as (
    select
        series.client,
        series.kpi,
        series.source,
        series.stream,
        series.counted_from_on > months.month as is_counted_later,
        months.month,
        months.expected_days,
        months.observed_days,
        months.observed_share,
        months.data_through_on
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
    case
        when coverage.is_counted_later then coalesce(counted.observed_days, 0)
        else coverage.observed_days
    end as observed_days,
    case
        when not coalesce(coverage.is_counted_later, false)
            then coalesce(weighted.observed_share, coverage.observed_share)
        when counted.expected_weight > 0
            then round(coalesce(counted.observed_weight, 0.0) / counted.expected_weight, 6)
        when coverage.expected_days > 0
            then cast(coalesce(counted.observed_days, 0) as double) / coverage.expected_days
        else 0.0
    end as observed_share,
    coverage.data_through_on
from coverage
left join counted
    on
        coverage.client = counted.client
        and coverage.source = counted.source
        and coverage.month = counted.month
        and coverage.kpi = 'conversion_rate'
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
