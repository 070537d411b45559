-- subscribers by the day they stand for: the nearest reading to its end, or a month's end that the vendor keeps
with observations as (
    select
        snapshots.client,
        snapshots.source,
        snapshots.day,
        snapshots.subscribers,
        1 as choice,
        abs(
            extract(epoch from snapshots.taken_at)
            - extract(epoch from cast(snapshots.day + interval '1 day' as timestamp) at time zone sources.zone)
        ) as seconds_off,
        snapshots.taken_at
    from {{ ref('stg_raw__subscriber_snapshots') }} as snapshots
    inner join {{ ref('int_sources') }} as sources
        on
            snapshots.client = sources.client
            and snapshots.source = sources.source
    union all
    select
        client,
        source,
        cast(month + interval '1 month' - interval '1 day' as date) as day,
        subscribers,
        2 as choice,
        0.0 as seconds_off,
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
    order by choice asc, seconds_off asc, taken_at desc
) = 1
