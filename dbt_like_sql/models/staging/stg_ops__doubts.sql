with

told as (
    select
        client,
        source,
        stream,
        window_start as window_start_on,
        window_end as window_end_on,
        coalesce(cast(quality ->> 'taken_at' as timestamptz), started_at) as started_at,
        finished_at,
        unnest(cast(json_extract(quality, '$.doubts') as json[])) as doubt
    from {{ source('ops', 'loads') }}
    where status = 'loaded'
)

select
    client,
    source,
    stream,
    window_start_on,
    window_end_on,
    started_at,
    finished_at,
    doubt ->> 'code' as code,
    doubt ->> 'moves' as moves,
    cast(doubt ->> 'quantity' as double) as quantity,
    cast(doubt ->> 'of' as double) as of_quantity,
    doubt ->> 'what' as what,
    cast(doubt ->> 'from' as date) as from_on,
    cast(doubt ->> 'to' as date) as to_on,
    cast(json_extract(doubt, '$.kpis') as varchar[]) as kpis
from told
