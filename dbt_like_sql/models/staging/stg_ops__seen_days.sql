with

told as (
    select
        loads.client,
        loads.source,
        loads.stream,
        loads.finished_at,
        unnest(cast(json_extract(loads.quality, '$.seen') as json[])) as seen
    from {{ source('ops', 'loads') }} as loads
    inner join {{ source('config', 'clients') }} as clients
        on loads.client = clients.client
    where
        loads.status = 'loaded'
        and loads.started_at >= clients.now - interval '{{ var("seen_nights") }} days'
),

typed as (
    select
        client,
        source,
        stream,
        finished_at,
        seen ->> 'kpi' as kpi,
        cast(seen ->> 'day' as date) as day,
        cast(seen ->> 'age' as bigint) as age_days,
        cast(seen ->> 'value' as double) as value
    from told
)

-- the last reading of a night counts
select
    client,
    source,
    stream,
    kpi,
    day,
    age_days,
    max_by(value, finished_at) as value
from typed
group by
    client,
    source,
    stream,
    kpi,
    day,
    age_days
