-- every day of each additive figure that is expected by now; what is missing is filled from its own weekday's mean
with paused_days as (
    select distinct
        pauses.client,
        pauses.source,
        days.day
    from {{ ref('stg_config__pauses') }} as pauses
    inner join {{ ref('int_days') }} as days
        on
            pauses.client = days.client
            and days.day between pauses.from_on and pauses.to_on
),

series as (
    select
        series.client,
        series.kpi,
        series.source,
        readings.newest_on
    from {{ ref('int_kpi_series') }} as series
    left join {{ ref('int_stream_readings') }} as readings
        on
            series.client = readings.client
            and series.source = readings.source
            and series.stream = readings.stream
    where
        series.kind = 'flow'
        and series.adds_over_time
        and series.kpi <> 'new_followers'
),

expected as (
    select
        series.client,
        series.kpi,
        series.source,
        days.month,
        days.day,
        days.weekday,
        figures.value,
        coalesce(figures.is_before_opening, false) as is_before_opening
    from series
    inner join {{ ref('int_days') }} as days
        on series.client = days.client
    inner join {{ ref('int_months') }} as months
        on
            days.client = months.client
            and days.month = months.month
    left join paused_days
        on
            series.client = paused_days.client
            and series.source = paused_days.source
            and days.day = paused_days.day
    left join {{ ref('int_kpi_days') }} as figures
        on
            series.client = figures.client
            and series.kpi = figures.kpi
            and series.source = figures.source
            and days.day = figures.day
    where
        paused_days.day is null
        -- of the running month what was given, whatever the calendar says
        and (not months.is_running or days.day <= series.newest_on or figures.is_before_opening)
),

-- days before the account opened say nothing of the days after
weekdays as (
    select
        client,
        kpi,
        source,
        month,
        weekday,
        sum(value order by value) as value,
        count(value) as days
    from expected
    where not is_before_opening
    group by client, kpi, source, month, weekday
),

months as (
    select
        client,
        kpi,
        source,
        month,
        sum(value order by value) / nullif(sum(days), 0) as mean_value
    from weekdays
    group by client, kpi, source, month
)

select
    expected.client,
    expected.kpi,
    expected.source,
    expected.month,
    expected.day,
    expected.value is not null as is_observed,
    round(
        coalesce(expected.value, weekdays.value / nullif(weekdays.days, 0), months.mean_value),
        9
    ) as filled_value
from expected
left join weekdays
    on
        expected.client = weekdays.client
        and expected.kpi = weekdays.kpi
        and expected.source = weekdays.source
        and expected.month = weekdays.month
        and expected.weekday = weekdays.weekday
left join months
    on
        expected.client = months.client
        and expected.kpi = months.kpi
        and expected.source = months.source
        and expected.month = months.month
