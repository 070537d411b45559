-- how much of each month the client's csv files give of each figure by day, and whether that figure is one of every day
with paused_days as (
    select distinct
        pauses.client,
        pauses.source,
        days.month,
        days.day
    from {{ ref('stg_config__pauses') }} as pauses
    inner join {{ ref('int_days') }} as days
        on
            pauses.client = days.client
            and days.day between pauses.from_on and pauses.to_on
),

-- silence is expected in a pause
paused_months as (
    select
        paused_days.client,
        paused_days.source,
        paused_days.month,
        count(*) as days
    from paused_days
    inner join {{ ref('stg_config__clients') }} as clients
        on
            paused_days.client = clients.client
            and paused_days.day < clients.as_of
    group by paused_days.client, paused_days.source, paused_days.month
),

by_month as (
    select
        given.client,
        given.kpi,
        given.scope,
        given.month,
        given.kind,
        given.is_own,
        given.adds_over_time,
        given.closing_days,
        given.is_running,
        min(given.source) as source,
        max(given.contradicted_by) as contradicted_by,
        cast(
            count(case when paused_days.day is null then coalesce(given.value, given.numerator) end) as bigint
        ) as given_days,
        -- of the running month the days that have been
        cast(
            case
                when given.is_running then extract(day from min(given.as_of)) - 1
                else extract(day from last_day(given.month))
            end as bigint
        ) as days_so_far,
        max(given.period_start_on) as data_through_on,
        max_by(given.value, given.period_start_on) as last_value,
        sum(given.value order by given.period_start_on) as value_sum,
        sum(given.numerator order by given.period_start_on) as numerator_sum,
        sum(given.denominator order by given.period_start_on) as denominator_sum,
        bool_and(given.denominator is not null) as has_parts
    from {{ ref('int_csv_rows') }} as given
    left join paused_days
        on
            given.client = paused_days.client
            and given.source = paused_days.source
            and given.period_start_on = paused_days.day
    where given.grain = 'day'
    group by
        given.client,
        given.kpi,
        given.scope,
        given.month,
        given.kind,
        given.is_own,
        given.adds_over_time,
        given.closing_days,
        given.is_running
),

-- days before the source opened are known to be nothing
unopened_months as (
    select
        by_month.client,
        by_month.kpi,
        by_month.scope,
        by_month.month,
        count(*) as days
    from by_month
    inner join {{ ref('int_sources') }} as sources
        on
            by_month.client = sources.client
            and by_month.source = sources.source
    inner join {{ ref('int_days') }} as days
        on
            by_month.client = days.client
            and by_month.month = days.month
            and days.day < least(sources.opened_on, sources.as_of)
    left join paused_days
        on
            by_month.client = paused_days.client
            and by_month.source = paused_days.source
            and days.day = paused_days.day
    left join {{ ref('int_csv_rows') }} as given
        on
            by_month.client = given.client
            and by_month.kpi = given.kpi
            and by_month.scope = given.scope
            and days.day = given.period_start_on
            and given.grain = 'day'
    where
        sources.opened_on is not null
        and paused_days.day is null
        and given.client is null
    group by by_month.client, by_month.kpi, by_month.scope, by_month.month
),

given as (
    select
        by_month.*,
        cast(by_month.given_days + coalesce(unopened_months.days, 0) as bigint) as observed_days,
        cast(by_month.days_so_far - coalesce(paused_months.days, 0) as bigint) as expected_days,
        -- days after the newest one given are not given yet, until the month is closed
        by_month.is_running
        or (
            last_day(by_month.month) > max(by_month.data_through_on)
                over (
                    partition by by_month.client, by_month.kpi, by_month.scope
                )
            and not coalesce(
                loads.last_loaded_on
                >= cast(last_day(by_month.month) + by_month.closing_days * interval '1 day' as date),
                false
            )
        ) as is_so_far
    from by_month
    left join {{ ref('int_stream_months') }} as loads
        on
            by_month.client = loads.client
            and by_month.source = loads.source
            and by_month.month = loads.month
            and loads.stream = 'own_metrics'
    left join unopened_months
        on
            by_month.client = unopened_months.client
            and by_month.kpi = unopened_months.kpi
            and by_month.scope = unopened_months.scope
            and by_month.month = unopened_months.month
    left join paused_months
        on
            by_month.client = paused_months.client
            and by_month.source = paused_months.source
            and by_month.month = paused_months.month
),

-- nobody but the client knows how often an own KPI is written down, unless most of its months have every day
of_every_day as (
    select
        client,
        kpi,
        scope,
        2 * sum(case when observed_days = expected_days then 1 else 0 end) > count(*) as is_given_every_day
    from given
    where not is_so_far
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
    given.is_so_far,
    given.observed_days,
    given.expected_days,
    -- a stock is its last reading, however few there are
    given.kind <> 'stock'
    and (not given.is_own or coalesce(of_every_day.is_given_every_day, false)) as is_held_to_shares,
    -- what is given of a pause that is the whole month lacks nothing
    case
        when given.expected_days > 0 then cast(given.observed_days as double) / given.expected_days
        when given.days_so_far > 0 then 1.0
    end as observed_share,
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
