-- months of what the client's csv files give by day: by shares of days where a figure is given every day, else as it is
with scaled as (
    select
        client,
        kpi,
        scope,
        month,
        source
    from {{ ref('int_csv_day_shares') }}
    where
        is_held_to_shares
        and adds_over_time
        and not is_so_far
        and observed_share >= {{ var('least_share') }}
        and observed_share < {{ var('full_share') }}
),

days as (
    select
        scaled.client,
        scaled.kpi,
        scaled.scope,
        scaled.month,
        calendar.day,
        calendar.weekday,
        given.value
    from scaled
    inner join {{ ref('int_days') }} as calendar
        on
            scaled.client = calendar.client
            and scaled.month = calendar.month
    left join {{ ref('int_csv_rows') }} as given
        on
            scaled.client = given.client
            and scaled.kpi = given.kpi
            and scaled.scope = given.scope
            and calendar.day = given.period_start_on
            and given.grain = 'day'
    left join {{ ref('int_sources') }} as sources
        on
            scaled.client = sources.client
            and scaled.source = sources.source
    -- a day of a pause, or before the source opened, lacks nothing
    where
        given.value is not null
        or (
            calendar.day >= coalesce(sources.opened_on, calendar.day)
            and not exists (
                select 1
                from {{ ref('stg_config__pauses') }} as pauses
                where
                    scaled.client = pauses.client
                    and scaled.source = pauses.source
                    and calendar.day between pauses.from_on and pauses.to_on
            )
        )
),

-- sums in the order of days, so that the same rows give the same figure to the last bit
weekdays as (
    select
        client,
        kpi,
        scope,
        month,
        weekday,
        sum(value order by day) as value,
        count(value) as given_days,
        count(*) - count(value) as missing_days
    from days
    group by client, kpi, scope, month, weekday
),

months as (
    select
        client,
        kpi,
        scope,
        month,
        sum(value order by day) as value,
        count(value) as given_days
    from days
    group by client, kpi, scope, month
),

filled as (
    select
        months.client,
        months.kpi,
        months.scope,
        months.month,
        months.value + sum(
            weekdays.missing_days
            * coalesce(weekdays.value / nullif(weekdays.given_days, 0), months.value / months.given_days)
            order by weekdays.weekday
        ) as value
    from months
    inner join weekdays
        on
            months.client = weekdays.client
            and months.kpi = weekdays.kpi
            and months.scope = weekdays.scope
            and months.month = weekdays.month
    group by months.client, months.kpi, months.scope, months.month, months.value
),

judged as (
    select
        shares.*,
        shares.is_held_to_shares
        and not shares.is_so_far
        and shares.observed_share < {{ var('least_share') }} as is_too_little,
        shares.is_held_to_shares
        and not shares.is_so_far
        and shares.observed_share < {{ var('full_share') }} as is_scaled,
        shares.kind = 'ratio' and shares.has_parts as is_divided,
        filled.value as filled_value
    from {{ ref('int_csv_day_shares') }} as shares
    left join filled
        on
            shares.client = filled.client
            and shares.kpi = filled.kpi
            and shares.scope = filled.scope
            and shares.month = filled.month
)

select
    client,
    kpi,
    scope,
    month,
    source,
    kind,
    is_own,
    closing_days,
    case
        when contradicted_by is not null or is_too_little then null
        when is_divided then numerator_sum / nullif(denominator_sum, 0)
        when kind = 'stock' or (kind = 'ratio' and is_own) then last_value
        -- neither visitors nor rates of days make a month's
        when not is_own and not adds_over_time then null
        else coalesce(filled_value, value_sum)
    end as value,
    case when is_divided and contradicted_by is null and not is_too_little then numerator_sum end as numerator,
    case when is_divided and contradicted_by is null and not is_too_little then denominator_sum end as denominator,
    case when is_held_to_shares then coalesce(observed_share, 0.0) else 1.0 end as observed_share,
    is_scaled,
    case
        when contradicted_by is not null
            then [
                {{ note('rows_differ') }},
                {{ note('rows_differ', "'source=' || contradicted_by") }}
            ]
        when is_too_little or (is_scaled and kind = 'ratio')
            then [{{ note('days_observed', part='observed_days', whole='expected_days') }}]
        when is_scaled then [{{ note('scaled_up', part='observed_days', whole='expected_days') }}]
    end as note_codes,
    contradicted_by is not null as is_contradicted,
    observed_days = expected_days as is_whole,
    data_through_on
from judged
