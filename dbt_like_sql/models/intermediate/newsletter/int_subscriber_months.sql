-- subscribers at each month's end: the last observation at or before it, unless that is too old
with month_ends as (
    select
        series.client,
        series.source,
        months.month,
        months.ends_on,
        least(months.ends_on, sources.today_on) as looked_at_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_sources') }} as sources
        on
            series.client = sources.client
            and series.source = sources.source
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi = 'newsletter_subscribers'
)

select
    month_ends.client,
    month_ends.source,
    month_ends.month,
    arg_max(observations.subscribers, observations.day) as subscribers,
    max(observations.day) as observed_on
from month_ends
left join {{ ref('int_subscriber_days') }} as observations
    on
        month_ends.client = observations.client
        and month_ends.source = observations.source
        and month_ends.ends_on >= observations.day
        and observations.day >= month_ends.looked_at_on - {{ var('follower_max_age_days') }}
group by month_ends.client, month_ends.source, month_ends.month
