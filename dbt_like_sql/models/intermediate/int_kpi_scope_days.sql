-- days of every KPI of which a day means something, in every scope
with source_days as (
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
        cast(coalesce(traffic.visitors, 0) as double) as value,
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
        and (traffic.client is not null or streams.is_zero_by_absence or observed.is_before_opening)
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
),

scoped as (
    select
        series.client,
        series.kpi,
        series.scope,
        series.source,
        series.kind,
        series.adds_over_sources
    from {{ ref('int_kpi_series') }} as series
    union all
    select
        series.client,
        series.kpi,
        'platform=' || series.platform as scope,
        series.source,
        series.kind,
        series.adds_over_sources
    from {{ ref('int_kpi_series') }} as series
    where series.platform is not null
    union all
    select
        series.client,
        series.kpi,
        'all' as scope,
        series.source,
        series.kind,
        series.adds_over_sources
    from {{ ref('int_kpi_series') }} as series
),

members as (
    select
        client,
        kpi,
        scope,
        count(*) as sources
    from scoped
    group by client, kpi, scope
    having count(*) = 1 or bool_and(adds_over_sources or kind = 'ratio')
),

-- a day counts for a scope only when all of its sources have it
own_days as (
    select
        days.client,
        days.kpi,
        scoped.scope,
        days.day,
        case
            when min(members.sources) = 1 then max(days.value)
            when min(scoped.kind) = 'ratio' then sum(days.numerator) / nullif(sum(days.denominator), 0)
            else sum(days.value)
        end as value,
        bool_or(days.is_estimated) as is_estimated,
        -- reconstructed as soon as one part of it is
        max(days.method) as method
    from source_days as days
    inner join scoped
        on
            days.client = scoped.client
            and days.kpi = scoped.kpi
            and days.source = scoped.source
    inner join members
        on
            scoped.client = members.client
            and scoped.kpi = members.kpi
            and scoped.scope = members.scope
    where days.value is not null
    group by days.client, days.kpi, scoped.scope, days.day
    having count(*) = min(members.sources)
),

csv_days as (
    select
        metrics.client,
        metrics.kpi,
        metrics.scope,
        metrics.period_start_on as day,
        coalesce(metrics.numerator / nullif(metrics.denominator, 0), metrics.value) as value,
        kpis.is_own,
        row_number() over (
            partition by metrics.client, metrics.kpi, metrics.scope, metrics.period_start_on
            order by metrics.source
        ) as rank
    from {{ ref('stg_raw__own_metrics') }} as metrics
    inner join {{ ref('int_sources') }} as sources
        on
            metrics.client = sources.client
            and metrics.source = sources.source
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            metrics.client = kpis.client
            and metrics.kpi = kpis.kpi
            and (not kpis.is_own or metrics.source = kpis.source)
    where metrics.grain = 'day'
),

-- days of csv history stand only in months that are history's
history_days as (
    select
        csv_days.client,
        csv_days.kpi,
        csv_days.scope,
        csv_days.day,
        csv_days.value,
        csv_days.is_own
    from csv_days
    left join {{ ref('int_kpi_scope_months') }} as months
        on
            csv_days.client = months.client
            and csv_days.kpi = months.kpi
            and csv_days.scope = months.scope
            and date_trunc('month', csv_days.day) = months.month
            and months.origin = 'history'
    where
        csv_days.rank = 1
        and csv_days.value is not null
        and (csv_days.is_own or months.client is not null)
),

history_months as (
    select distinct
        client,
        kpi,
        scope,
        date_trunc('month', day) as month
    from history_days
)

select
    own_days.client,
    own_days.kpi,
    own_days.scope,
    own_days.day,
    round(own_days.value, 9) as value,
    own_days.is_estimated,
    'source' as origin,
    own_days.method
from own_days
left join history_months
    on
        own_days.client = history_months.client
        and own_days.kpi = history_months.kpi
        and own_days.scope = history_months.scope
        and date_trunc('month', own_days.day) = history_months.month
where history_months.client is null
union all
select
    client,
    kpi,
    scope,
    day,
    round(value, 9) as value,
    false as is_estimated,
    case when is_own then 'source' else 'history' end as origin,
    cast(null as varchar) as method
from history_days
