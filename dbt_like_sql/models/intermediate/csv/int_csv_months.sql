-- months from the client's csv files: own KPIs as declared, and history for built-in ones
{% set row_columns = [
    'client', 'source', 'kpi', 'scope', 'grain', 'period_start_on', 'value', 'numerator',
    'denominator'
] %}
{% set month_columns = [
    'client', 'source', 'kpi', 'scope', 'month', 'kind', 'is_own', 'closing_days', 'value',
    'numerator', 'denominator', 'observed_share', 'is_scaled', 'data_through_on'
] %}

with given_rows as (
    select
        client,
        source,
        kpi,
        scope,
        grain,
        period_start_on,
        value,
        numerator,
        denominator
    from {{ ref('stg_raw__own_metrics') }}
),

-- a ratio declared as one figure of its file over another
divided as (
    select
        kpis.client,
        kpis.source,
        kpis.kpi,
        tops.scope,
        tops.grain,
        tops.period_start_on,
        cast(null as double) as value,
        tops.value as numerator,
        bottoms.value as denominator
    from {{ ref('stg_config__kpis') }} as kpis
    inner join given_rows as tops
        on
            kpis.client = tops.client
            and kpis.source = tops.source
            and kpis.numerator_kpi = tops.kpi
    inner join given_rows as bottoms
        on
            tops.client = bottoms.client
            and tops.source = bottoms.source
            and tops.scope = bottoms.scope
            and tops.grain = bottoms.grain
            and tops.period_start_on = bottoms.period_start_on
            and kpis.denominator_kpi = bottoms.kpi
    left join given_rows as itself
        on
            tops.client = itself.client
            and tops.source = itself.source
            and tops.scope = itself.scope
            and tops.grain = itself.grain
            and tops.period_start_on = itself.period_start_on
            and kpis.kpi = itself.kpi
    where
        kpis.kind = 'ratio'
        and itself.client is null
),

all_rows as (
    {{ union_all(['given_rows', 'divided'], row_columns) }}
),

metrics as (
    select
        metrics.client,
        metrics.source,
        metrics.kpi,
        metrics.scope,
        metrics.grain,
        metrics.period_start_on,
        cast(date_trunc('month', metrics.period_start_on) as date) as month,
        metrics.value,
        metrics.numerator,
        metrics.denominator,
        kpis.kind,
        kpis.is_own,
        kpis.adds_over_time,
        kpis.closing_days,
        date_trunc('month', metrics.period_start_on) = date_trunc('month', clients.as_of) as is_running,
        clients.as_of,
        -- the same month in two files: one of them, always the same
        dense_rank() over (
            partition by
                metrics.client,
                metrics.kpi,
                metrics.scope,
                metrics.grain,
                date_trunc('month', metrics.period_start_on)
            order by metrics.source
        ) as file_rank
    from all_rows as metrics
    inner join {{ ref('int_sources') }} as sources
        on
            metrics.client = sources.client
            and metrics.source = sources.source
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            metrics.client = kpis.client
            and metrics.kpi = kpis.kpi
            and (not kpis.is_own or metrics.source = kpis.source)
    inner join {{ ref('stg_config__clients') }} as clients
        on metrics.client = clients.client
    where
        coalesce(metrics.value, metrics.numerator) is not null
        -- a file may hold days to come: today's night knows nothing after yesterday
        and (metrics.grain = 'month' or metrics.period_start_on < clients.as_of)
),

monthly as (
    select
        client,
        source,
        kpi,
        scope,
        month,
        kind,
        is_own,
        closing_days,
        case when denominator is not null then numerator / nullif(denominator, 0) else value end as value,
        case when denominator is not null then numerator end as numerator,
        denominator,
        1.0 as observed_share,
        false as is_scaled,
        last_day(month) as data_through_on,
        1 as choice
    from metrics
    where
        grain = 'month'
        and file_rank = 1
),

daily_ranked as (
    select
        client,
        source,
        kpi,
        scope,
        month,
        period_start_on,
        kind,
        is_own,
        adds_over_time,
        closing_days,
        is_running,
        as_of,
        value,
        numerator,
        denominator,
        row_number() over (partition by client, kpi, scope, month order by period_start_on desc) as age
    from metrics
    where
        grain = 'day'
        and file_rank = 1
),

daily_sums as (
    select
        daily.client,
        daily.source,
        daily.kpi,
        daily.scope,
        daily.month,
        daily.kind,
        daily.is_own,
        daily.adds_over_time,
        daily.closing_days,
        daily.is_running,
        sum(daily.value) as value_sum,
        max(case when daily.age = 1 then daily.value end) as last_value,
        sum(daily.numerator) as numerator_sum,
        sum(daily.denominator) as denominator_sum,
        bool_and(daily.denominator is not null) as has_parts,
        -- of the running month the days that have been
        cast(count(*) as double) / case
            when daily.is_running then extract(day from daily.as_of) - 1
            else extract(day from last_day(daily.month))
        end as observed_share,
        max(daily.period_start_on) as data_through_on
    from daily_ranked as daily
    group by
        daily.client,
        daily.source,
        daily.kpi,
        daily.scope,
        daily.month,
        daily.kind,
        daily.is_own,
        daily.adds_over_time,
        daily.closing_days,
        daily.is_running,
        daily.as_of
),

-- history of a built-in figure by day is held to the same shares of days; nobody but the client knows how often an own
-- KPI is written down
daily_filled as (
    select
        days.client,
        days.kpi,
        days.scope,
        days.month,
        sum(days.filled_value) as value
    from (
        select
            sums.client,
            sums.kpi,
            sums.scope,
            sums.month,
            calendar.day,
            coalesce(
                daily.value,
                avg(daily.value) over (partition by sums.client, sums.kpi, sums.scope, sums.month, calendar.weekday),
                avg(daily.value) over (partition by sums.client, sums.kpi, sums.scope, sums.month)
            ) as filled_value
        from daily_sums as sums
        inner join {{ ref('int_days') }} as calendar
            on
                sums.client = calendar.client
                and sums.month = calendar.month
        left join daily_ranked as daily
            on
                sums.client = daily.client
                and sums.kpi = daily.kpi
                and sums.scope = daily.scope
                and calendar.day = daily.period_start_on
        where
            not sums.is_own
            and sums.adds_over_time
    ) as days
    group by days.client, days.kpi, days.scope, days.month
),

daily as (
    select
        sums.client,
        sums.source,
        sums.kpi,
        sums.scope,
        sums.month,
        sums.kind,
        sums.is_own,
        sums.closing_days,
        case
            when sums.kind = 'stock' then sums.last_value
            when sums.kind = 'ratio' and sums.has_parts then sums.numerator_sum / nullif(sums.denominator_sum, 0)
            when sums.kind = 'ratio' then sums.last_value
            when sums.is_own then sums.value_sum
            when not sums.adds_over_time then null
            when sums.is_running then sums.value_sum
            when sums.observed_share >= {{ var('full_share') }} then sums.value_sum
            when sums.observed_share >= {{ var('least_share') }} then filled.value
        end as value,
        case when sums.kind = 'ratio' and sums.has_parts then sums.numerator_sum end as numerator,
        case when sums.kind = 'ratio' and sums.has_parts then sums.denominator_sum end as denominator,
        case
            when sums.kind = 'flow' and not sums.is_own then sums.observed_share
            else 1.0
        end as observed_share,
        sums.kind = 'flow'
        and not sums.is_own
        and not sums.is_running
        and sums.observed_share < {{ var('full_share') }} as is_scaled,
        sums.data_through_on,
        2 as choice
    from daily_sums as sums
    left join daily_filled as filled
        on
            sums.client = filled.client
            and sums.kpi = filled.kpi
            and sums.scope = filled.scope
            and sums.month = filled.month
),

given as (
    {{ union_all(['monthly', 'daily'], month_columns + ['choice']) }}
),

chosen as (
    select {{ month_columns | join(', ') }}
    from (
        select
            {{ month_columns | join(', ') }},
            row_number() over (partition by client, kpi, scope, month order by choice) as rank
        from given
        where
            value is not null
            or numerator is not null
    ) as ranked
    where rank = 1
),

-- new followers of a month are the difference of two counts by the same hand
new_followers as (
    select
        later.client,
        later.source,
        'new_followers' as kpi,
        later.scope,
        later.month,
        'flow' as kind,
        false as is_own,
        later.closing_days,
        later.value - earlier.value as value,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        1.0 as observed_share,
        false as is_scaled,
        later.data_through_on
    from chosen as later
    inner join chosen as earlier
        on
            later.client = earlier.client
            and later.kpi = earlier.kpi
            and later.scope = earlier.scope
            and later.month = cast(earlier.month + interval '1 month' as date)
    left join chosen as given_change
        on
            later.client = given_change.client
            and later.scope = given_change.scope
            and later.month = given_change.month
            and given_change.kpi = 'new_followers'
    where
        later.kpi = 'followers'
        and given_change.client is null
),

months as (
    {{ union_all(['chosen', 'new_followers'], month_columns) }}
)

select
    months.client,
    months.kpi,
    months.scope,
    months.month,
    months.source,
    months.kind,
    months.is_own,
    calendar.is_running,
    cast(calendar.ends_on + months.closing_days * interval '1 day' as date) as closes_on,
    coalesce(
        not calendar.is_running
        and loads.last_loaded_on >= cast(calendar.ends_on + months.closing_days * interval '1 day' as date),
        false
    ) as is_closed,
    round(months.value, 6) as value,
    months.numerator,
    months.denominator,
    months.observed_share,
    months.is_scaled,
    -- what is given for the running month is what had come in by yesterday
    least(months.data_through_on, cast(clients.as_of - interval '1 day' as date)) as data_through_on
from months
inner join {{ ref('int_months') }} as calendar
    on
        months.client = calendar.client
        and months.month = calendar.month
inner join {{ ref('stg_config__clients') }} as clients
    on months.client = clients.client
left join {{ ref('int_stream_months') }} as loads
    on
        months.client = loads.client
        and months.source = loads.source
        and months.month = loads.month
        and loads.stream = 'own_metrics'
