-- months from the client's csv files: own KPIs as declared, and history for built-in ones
{% set month_columns = [
    'client', 'source', 'kpi', 'scope', 'month', 'kind', 'is_own', 'closing_days', 'value',
    'numerator', 'denominator', 'observed_share', 'is_scaled', 'data_through_on'
] %}
{% set absent = {
    'numerator': 'cast(null as double)',
    'denominator': 'cast(null as double)',
    'observed_share': '1.0',
    'is_scaled': 'false',
} %}

with by_month as (
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
        last_day(month) as data_through_on,
        1 as choice
    from {{ ref('int_csv_rows') }}
    where grain = 'month'
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
        and given_change.client is null
),

months as (
    {{ union_all(
        ['chosen', 'new_followers'],
        month_columns,
        lacking={'new_followers': ['numerator', 'denominator', 'observed_share', 'is_scaled']},
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
