-- months of figures that add up over days: whole from 90 % of the days on, scaled up from 60 %, else without a value
with sums as (
    select
        figures.client,
        figures.kpi,
        figures.source,
        days.month,
        round(sum(figures.value), 6) as observed_value,
        bool_or(figures.is_split_over_months) as is_split_over_months,
        bool_or(figures.is_partial) as is_partial,
        max(figures.day) as data_through_on
    from {{ ref('int_kpi_days') }} as figures
    inner join {{ ref('int_days') }} as days
        on
            figures.client = days.client
            and figures.day = days.day
    group by figures.client, figures.kpi, figures.source, days.month
),

coverage as (
    select
        client,
        kpi,
        source,
        month,
        count(*) as expected_days,
        cast(sum(case when is_observed then 1 else 0 end) as bigint) as observed_days,
        round(sum(case when not is_observed then filled_value end), 6) as missing_value
    from {{ ref('int_filled_days') }}
    group by client, kpi, source, month
),

series as (
    select
        series.client,
        series.kpi,
        series.source,
        months.month,
        months.is_so_far,
        months.last_loaded_on is not null as is_read,
        begun.began_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_stream_months') }} as months
        on
            series.client = months.client
            and series.source = months.source
            and series.stream = months.stream
    left join {{ ref('int_kpi_series_months') }} as begun
        on
            series.client = begun.client
            and series.kpi = begun.kpi
            and series.source = begun.source
            and months.month = begun.month
    where
        series.kind = 'flow'
        and series.adds_over_time
        and series.kpi <> 'new_followers'
),

shares as (
    select
        series.client,
        series.kpi,
        series.source,
        series.month,
        series.is_so_far,
        series.is_read,
        series.began_on,
        coalesce(coverage.expected_days, 0) as expected_days,
        coalesce(coverage.observed_days, 0) as observed_days,
        case
            when coalesce(coverage.expected_days, 0) = 0 then 0.0
            else cast(coverage.observed_days as double) / coverage.expected_days
        end as observed_share,
        sums.observed_value,
        coverage.missing_value,
        coalesce(sums.is_split_over_months, false) as is_split_over_months,
        coalesce(sums.is_partial, false) as is_partial,
        sums.data_through_on
    from series
    left join coverage
        on
            series.client = coverage.client
            and series.kpi = coverage.kpi
            and series.source = coverage.source
            and series.month = coverage.month
    left join sums
        on
            series.client = sums.client
            and series.kpi = sums.kpi
            and series.source = sums.source
            and series.month = sums.month
)

select
    client,
    kpi,
    source,
    month,
    expected_days,
    observed_days,
    observed_share,
    case
        -- days before the account opened are no figure of a month of which no other was ever read
        when not is_read then null
        -- a month that is not given to its end yet is what there is so far
        when is_so_far or observed_share >= {{ var('full_share') }} then observed_value
        -- days before an account's first sign are not to be made up from those after it
        when began_on is not null then observed_value
        when observed_share >= {{ var('least_share') }} then round(observed_value + missing_value, 6)
    end as value,
    not is_so_far
    and began_on is null
    and observed_share >= {{ var('least_share') }}
    and observed_share < {{ var('full_share') }}
    -- days before the opening give nothing to make up those after it from
    and missing_value is not null as is_scaled,
    is_split_over_months,
    is_partial,
    data_through_on
from shares
