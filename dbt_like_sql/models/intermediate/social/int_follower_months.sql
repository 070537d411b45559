-- followers at each month's end: the last observation at or before it, unless that is too old
with month_ends as (
    select
        series.client,
        series.source,
        series.opened_on,
        months.month,
        months.ends_on,
        -- once it is open, the nobody of the day before says nothing any more
        case
            when series.opened_on <= least(months.ends_on, sources.today_on) then series.opened_on
        end as counts_from_on,
        least(months.ends_on, sources.today_on) as looked_at_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_sources') }} as sources
        on
            series.client = sources.client
            and series.source = sources.source
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi = 'followers'
),

ranked as (
    select
        month_ends.client,
        month_ends.source,
        month_ends.month,
        observations.day,
        observations.followers,
        observations.method,
        observations.is_estimated,
        row_number() over (
            partition by month_ends.client, month_ends.source, month_ends.month
            order by observations.day desc
        ) as age
    from month_ends
    inner join {{ ref('int_follower_days') }} as observations
        on
            month_ends.client = observations.client
            and month_ends.source = observations.source
            and month_ends.ends_on >= observations.day
            and observations.day >= month_ends.looked_at_on - {{ var('follower_max_age_days') }}
            and observations.day >= coalesce(month_ends.counts_from_on, observations.day)
),

stocks as (
    select
        month_ends.client,
        month_ends.source,
        month_ends.month,
        ranked.followers,
        ranked.method,
        ranked.is_estimated,
        ranked.day as observed_on,
        case when month_ends.opened_on >= month_ends.month then 0 end as followers_before_opening
    from month_ends
    left join ranked
        on
            month_ends.client = ranked.client
            and month_ends.source = ranked.source
            and month_ends.month = ranked.month
            and ranked.age = 1
)

select
    client,
    source,
    month,
    followers,
    followers - coalesce(lag(followers) over by_month, followers_before_opening) as new_followers,
    method,
    coalesce(is_estimated, false) as is_estimated,
    coalesce(is_estimated or lag(is_estimated) over by_month, false) as is_change_estimated,
    observed_on
from stocks
window by_month as (partition by client, source order by month)
