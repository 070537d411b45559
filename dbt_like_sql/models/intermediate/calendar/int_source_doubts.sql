-- what sources say against their figures, where no later read of the same days says otherwise
with doubts as (
    select
        doubts.client,
        doubts.source,
        doubts.stream,
        doubts.code,
        doubts.moves,
        doubts.kpis,
        doubts.finished_at,
        streams.delivery = 'listing' as is_of_list,
        -- a list says it of all that it holds, a reading of its own day
        coalesce(doubts.from_on, case when streams.delivery = 'snapshot' then doubts.window_start_on end) as from_on,
        coalesce(doubts.to_on, case when streams.delivery = 'snapshot' then doubts.window_end_on end) as to_on
    from {{ ref('stg_ops__doubts') }} as doubts
    inner join {{ ref('stg_config__streams') }} as streams
        on
            doubts.client = streams.client
            and doubts.source = streams.source
            and doubts.stream = streams.stream
),

overruled as (
    select distinct
        doubts.client,
        doubts.source,
        doubts.stream,
        doubts.code,
        doubts.finished_at,
        doubts.from_on,
        doubts.to_on
    from doubts
    inner join {{ ref('stg_ops__loads') }} as later
        on
            doubts.client = later.client
            and doubts.source = later.source
            and doubts.stream = later.stream
            and doubts.finished_at < later.finished_at
            and (
                doubts.from_on is null
                -- a list is read whole, whatever days of it are doubted
                or doubts.is_of_list
                or (doubts.from_on >= later.window_start_on and doubts.to_on <= later.window_end_on)
            )
)

select distinct
    doubts.client,
    doubts.source,
    doubts.stream,
    doubts.code,
    doubts.moves,
    doubts.kpis,
    doubts.from_on,
    doubts.to_on
from doubts
left join overruled
    on
        doubts.client = overruled.client
        and doubts.source = overruled.source
        and doubts.stream = overruled.stream
        and doubts.code = overruled.code
        and doubts.finished_at = overruled.finished_at
        and doubts.from_on is not distinct from overruled.from_on
        and doubts.to_on is not distinct from overruled.to_on
where overruled.client is null
