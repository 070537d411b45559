-- distinct visitors of each month as the source counts them for exactly that month; never a sum, never scaled
with months as (
    select
        series.client,
        series.source,
        series.opened_on,
        months.month,
        months.ends_on,
        months.days_in_month,
        months.is_running
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi = 'unique_visitors'
)

select
    months.client,
    months.source,
    months.month,
    case when months.opened_on > months.ends_on then 0 else visitors.visitors end as visitors,
    coverage.expected_days,
    coverage.observed_days,
    case
        when months.opened_on > months.ends_on then 1.0
        when visitors.visitors is null then 0.0
        when months.is_running then coverage.observed_share
        -- asked for before the month was over, it says nothing of the days after
        else least(
            coverage.observed_share,
            cast(visitors.asked_through_on - months.month + 1 as double) / months.days_in_month
        )
    end as observed_share,
    case when months.opened_on > months.ends_on then months.ends_on else visitors.asked_through_on end
        as data_through_on
from months
left join {{ ref('stg_raw__web_monthly') }} as visitors
    on
        months.client = visitors.client
        and months.source = visitors.source
        and months.month = visitors.month
left join {{ ref('int_weighted_months') }} as coverage
    on
        months.client = coverage.client
        and months.source = coverage.source
        and months.month = coverage.month
        and coverage.stream = 'web_daily'
