-- the calendar of each client: from the first month anybody asks for to the end of the running one
with firsts as (
    select
        client,
        start_on as day
    from {{ ref('stg_config__sources') }}
    union all
    select
        client,
        history_from as day
    from {{ ref('stg_config__streams') }}
    union all
    select
        client,
        period_start_on as day
    from {{ ref('stg_raw__own_metrics') }}
),

spans as (
    select
        clients.client,
        -- a slip of the pen in a csv file must not make a calendar of a thousand years
        cast(
            date_trunc(
                'month',
                greatest(
                    least(min(clients.as_of), min(firsts.day)),
                    min(clients.as_of) - interval '1 year' * {{ var('calendar_years') }}
                )
            ) as date
        ) as first_day,
        last_day(min(clients.as_of)) as last_day
    from {{ ref('stg_config__clients') }} as clients
    left join firsts
        on clients.client = firsts.client
    group by clients.client
),

days as (
    select
        client,
        cast(unnest(generate_series(first_day, last_day, interval '1 day')) as date) as day
    from spans
)

select
    client,
    day,
    cast(date_trunc('month', day) as date) as month,
    cast(extract(isodow from day) as bigint) as weekday
from days
