-- how much of each month the client's csv files give of each figure by day, and whether that figure is one of every day
with given as (
    select
        client,
        kpi,
        scope,
        month,
        kind,
        is_own,
        adds_over_time,
        closing_days,
        is_running,
        min(source) as source,
        max(contradicted_by) as contradicted_by,
        cast(count(coalesce(value, numerator)) as bigint) as observed_days,
        -- of the running month the days that have been
        cast(
            case
                when is_running then extract(day from min(as_of)) - 1
                else extract(day from last_day(month))
            end as bigint
        ) as expected_days,
        max(period_start_on) as data_through_on,
        max_by(value, period_start_on) as last_value,
        sum(value order by period_start_on) as value_sum,
        sum(numerator order by period_start_on) as numerator_sum,
        sum(denominator order by period_start_on) as denominator_sum,
        bool_and(denominator is not null) as has_parts
    from {{ ref('int_csv_rows') }}
    where grain = 'day'
    group by client, kpi, scope, month, kind, is_own, adds_over_time, closing_days, is_running
),

-- nobody but the client knows how often an own KPI is written down, unless most of its months have every day
of_every_day as (
    select
        client,
        kpi,
        scope,
        2 * sum(case when observed_days = expected_days then 1 else 0 end) > count(*) as is_given_every_day
    from given
    where not is_running
    group by client, kpi, scope
)

select
    given.client,
    given.kpi,
    given.scope,
    given.month,
    given.source,
    given.contradicted_by,
    given.kind,
    given.is_own,
    given.adds_over_time,
    given.closing_days,
    given.is_running,
    given.observed_days,
    given.expected_days,
    -- a stock is its last reading, however few there are
    given.kind <> 'stock'
    and (not given.is_own or coalesce(of_every_day.is_given_every_day, false)) as is_held_to_shares,
    cast(given.observed_days as double) / nullif(given.expected_days, 0) as observed_share,
    given.data_through_on,
    given.last_value,
    given.value_sum,
    given.numerator_sum,
    given.denominator_sum,
    given.has_parts
from given
left join of_every_day
    on
        given.client = of_every_day.client
        and given.kpi = of_every_day.kpi
        and given.scope = of_every_day.scope
