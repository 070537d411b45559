-- months of what the client's csv files give by day: own KPIs as declared, history of built-in ones by shares of days
with daily_ranked as (
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
    from {{ ref('int_csv_rows') }}
    where grain = 'day'
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
        sum(daily.value order by daily.period_start_on) as value_sum,
        max(case when daily.age = 1 then daily.value end) as last_value,
        sum(daily.numerator order by daily.period_start_on) as numerator_sum,
        sum(daily.denominator order by daily.period_start_on) as denominator_sum,
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
        -- in the order of days, so that the same rows give the same sum to the last bit
        sum(days.filled_value order by days.day) as value
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
)

select
    sums.client,
    sums.kpi,
    sums.scope,
    sums.month,
    sums.source,
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
    sums.data_through_on
from daily_sums as sums
left join daily_filled as filled
    on
        sums.client = filled.client
        and sums.kpi = filled.kpi
        and sums.scope = filled.scope
        and sums.month = filled.month
