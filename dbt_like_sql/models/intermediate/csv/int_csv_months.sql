-- months from the client's csv files: own KPIs as declared, and history for built-in ones
{% set month_columns = [
    'client', 'source', 'kpi', 'scope', 'month', 'kind', 'is_own', 'closing_days', 'value',
    'numerator', 'denominator', 'observed_share', 'is_scaled', 'is_contradicted', 'note_codes', 'data_through_on'
] %}
{% set absent = {
    'numerator': 'cast(null as double)',
    'denominator': 'cast(null as double)',
    'observed_share': '1.0',
    'is_scaled': 'false',
    'is_contradicted': 'false',
    'note_codes': 'cast(null as ' ~ note_type() ~ '[])',
} %}

-- days that make up a month answer for it too
with summed as (
    select
        days.client,
        days.kpi,
        days.scope,
        days.month,
        days.source,
        days.value
    from {{ ref('int_csv_day_months') }} as days
    inner join {{ ref('stg_config__kpis') }} as kpis
        on
            days.client = kpis.client
            and days.kpi = kpis.kpi
    where
        (days.kind = 'stock' and days.data_through_on = last_day(days.month))
        or (days.kind = 'flow' and days.is_whole and kpis.adds_over_time)
),

checked as (
    select
        given.*,
        case
            when given.contradicted_by is not null then given.contradicted_by
            when abs(given.value - summed.value) > {{ var('same_answer') }} * abs(given.value) then summed.source
        end as other_source
    from {{ ref('int_csv_rows') }} as given
    left join summed
        on
            given.client = summed.client
            and given.kpi = summed.kpi
            and given.scope = summed.scope
            and given.month = summed.month
    where given.grain = 'month'
),

by_month as (
    select
        client,
        source,
        kpi,
        scope,
        month,
        kind,
        is_own,
        closing_days,
        case
            when other_source is not null then null
            when denominator is not null then numerator / nullif(denominator, 0)
            else value
        end as value,
        case when other_source is null and denominator is not null then numerator end as numerator,
        case when other_source is null then denominator end as denominator,
        other_source is not null as is_contradicted,
        case
            when other_source is not null
                then [
                    {{ note('rows_differ') }},
                    {{ note('rows_differ', "'source=' || other_source") }}
                ]
        end as note_codes,
        last_day(month) as data_through_on,
        1 as choice
    from checked
),

by_day as (
    select
        client,
        source,
        kpi,
        scope,
        month,
        kind,
        is_own,
        closing_days,
        value,
        numerator,
        denominator,
        observed_share,
        is_scaled,
        is_contradicted,
        note_codes,
        data_through_on,
        2 as choice
    from {{ ref('int_csv_day_months') }}
),

given as (
    {{ union_all(
        ['by_month', 'by_day'],
        month_columns + ['choice'],
        lacking={'by_month': ['observed_share', 'is_scaled']},
        absent=absent,
    ) }}
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
            or note_codes is not null
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
        and later.value is not null
        and earlier.value is not null
        and given_change.client is null
),

months as (
    {{ union_all(
        ['chosen', 'new_followers'],
        month_columns,
        lacking={'new_followers': ['numerator', 'denominator', 'observed_share', 'is_scaled', 'is_contradicted', 'note_codes']},
        absent=absent,
    ) }}
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
    months.value,
    months.numerator,
    months.denominator,
    months.observed_share,
    months.is_scaled,
    months.is_contradicted,
    months.note_codes,
    -- what is given for the running month is what had come in by the day before it was read
    least(
        months.data_through_on,
        cast(least(coalesce(loads.last_loaded_on, clients.as_of), clients.as_of) - interval '1 day' as date)
    ) as data_through_on
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
