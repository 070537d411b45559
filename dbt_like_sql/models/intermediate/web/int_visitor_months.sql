-- distinct visitors of each month as the source counts them for exactly that month; never a sum, never scaled
with months as (
    select
        series.client,
        series.source,
        series.opened_on,
        series.is_zero_by_absence,
        months.month,
        months.ends_on,
        months.days_in_month,
        months.is_running
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi = 'unique_visitors'
),

-- a month that was asked for and has no row had nobody, unless its days had somebody
visited as (
    select distinct
        client,
        source,
        cast(date_trunc('month', day) as date) as month
    from {{ ref('stg_raw__web_daily') }}
    where sessions > 0 or visitors > 0
),

asked as (
    select
        client,
        source,
        cast(date_trunc('month', day) as date) as month,
        max(day) as asked_through_on
    from {{ ref('int_stream_days') }}
    where
        stream = 'web_monthly'
        and not is_before_opening
    group by client, source, date_trunc('month', day)
),

counted as (
    select
        months.client,
        months.source,
        months.month,
        months.ends_on,
        months.days_in_month,
        months.is_running,
        coalesce(months.opened_on > months.ends_on, false) as is_before_opening,
        case
            when not months.is_zero_by_absence then visitors.visitors
            -- nobody in a month before the account was there is not a count of nobody
            else
                coalesce(
                    nullif(visitors.visitors, 0),
                    case when asked.month is not null and visited.month is null then 0 end
                )
        end as visitors,
        coalesce(visitors.asked_through_on, asked.asked_through_on) as asked_through_on
    from months
    left join {{ ref('stg_raw__web_monthly') }} as visitors
        on
            months.client = visitors.client
            and months.source = visitors.source
            and months.month = visitors.month
    left join asked
        on
            months.client = asked.client
            and months.source = asked.source
            and months.month = asked.month
    left join visited
        on
            months.client = visited.client
            and months.source = visited.source
            and months.month = visited.month
)

select
    counted.client,
    counted.source,
    counted.month,
    case when counted.is_before_opening then 0 else counted.visitors end as visitors,
    coverage.expected_days,
    coverage.observed_days,
    case
        when counted.is_before_opening then 1.0
        when counted.visitors is null then 0.0
        when counted.is_running then coverage.observed_share
        -- asked for before the month was over, it says nothing of the days after
        else least(
            coverage.observed_share,
            cast(counted.asked_through_on - counted.month + 1 as double) / counted.days_in_month
        )
    end as observed_share,
    case
        when counted.is_before_opening then counted.ends_on
        when counted.visitors is not null then counted.asked_through_on
    end as data_through_on
from counted
left join {{ ref('int_weighted_months') }} as coverage
    on
        counted.client = coverage.client
        and counted.source = coverage.source
        and counted.month = coverage.month
        and coverage.stream = 'web_daily'
