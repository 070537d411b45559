-- subscribers by the day they stand for: the nearest reading to its end, or a month's end that the vendor keeps
with observations as (
    select
        client,
        source,
        day,
        subscribers,
        1 as choice,
        taken_at
    from {{ ref('stg_raw__subscriber_snapshots') }}
    union all
    select
        client,
        source,
        cast(month + interval '1 month' - interval '1 day' as date) as day,
        subscribers,
        2 as choice,
        cast(null as timestamptz) as taken_at
    from {{ ref('stg_raw__subscriber_months') }}
)

select
    client,
    source,
    day,
    subscribers
from observations
qualify row_number() over (
    partition by client, source, day
    order by choice asc, taken_at desc
) = 1
