-- days of every KPI of which a day means something, in every scope
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['client', 'kpi', 'day'],
    pre_hook="{{ forget_changed(kpi_days(), ['client', 'kpi', 'day']) }}"
) }}

with days as (
    {{ kpi_days() }}
),

changed_days as (
    select
        client,
        kpi,
        day,
        fingerprint
    from days
    where {{ is_changed(['client', 'kpi', 'day']) }}
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
    where not {{ is_part('series.kpi') }}
    union all
    select
        series.client,
        series.kpi,
        {{ part_of('series.kpi') }} as scope,
        series.source,
        series.kind,
        series.adds_over_sources
    from {{ ref('int_kpi_series') }} as series
    where
        series.counted_by is null
        and {{ is_part('series.kpi') }}
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
    where
        series.counted_by is null
        and not {{ is_part('series.kpi') }}
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
        {{ kpi_of('days.kpi') }} as kpi,
        scoped.scope,
        days.day,
        case
            when min(members.sources) = 1 then max(days.value)
            when min(scoped.kind) = 'ratio'
                then
                    sum(days.numerator order by days.numerator)
                    / nullif(sum(days.denominator order by days.denominator), 0)
            else sum(days.value order by days.value)
        end as value,
        bool_or(days.is_estimated) as is_estimated,
        -- reconstructed as soon as one part of it is
        max(days.method) as method,
        changed_days.fingerprint
    from {{ ref('int_kpi_source_days') }} as days
    inner join changed_days
        on
            days.client = changed_days.client
            and {{ kpi_of('days.kpi') }} = changed_days.kpi
            and days.day = changed_days.day
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
    group by days.client, days.kpi, scoped.scope, days.day, changed_days.fingerprint
    having count(*) = min(members.sources)
),

history_months as (
    select distinct
        client,
        kpi,
        scope,
        date_trunc('month', day) as month
    from {{ ref('int_csv_days') }}
)

select
    own_days.client,
    own_days.kpi,
    own_days.scope,
    own_days.day,
    round(own_days.value, 9) as value,
    own_days.is_estimated,
    'source' as origin,
    own_days.method,
    own_days.fingerprint
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
    history_days.client,
    history_days.kpi,
    history_days.scope,
    history_days.day,
    round(history_days.value, 9) as value,
    false as is_estimated,
    case when history_days.is_own then 'source' else 'history' end as origin,
    cast(null as varchar) as method,
    changed_days.fingerprint
from {{ ref('int_csv_days') }} as history_days
inner join changed_days
    on
        history_days.client = changed_days.client
        and history_days.kpi = changed_days.kpi
        and history_days.day = changed_days.day
