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

-- a list is read whole, whatever days of it are doubted
read_since as (
    select
        client,
        source,
        stream,
        max(finished_at) as finished_at
    from {{ ref('stg_ops__loads') }}
    group by client, source, stream
),

doubted_days as (
    select
        client,
        source,
        stream,
        finished_at,
        cast(unnest(generate_series(from_on, to_on, interval '1 day')) as date) as day
    from (
        select distinct
            client,
            source,
            stream,
            finished_at,
            from_on,
            to_on
        from doubts
        where
            from_on is not null
            and not is_of_list
    ) as spans
),

days_read_since as (
    select
        doubted.client,
        doubted.source,
        doubted.stream,
        doubted.day,
        max(loads.finished_at) as finished_at
    from (
        select distinct
            client,
            source,
            stream,
            day
        from doubted_days
    ) as doubted
    inner join {{ ref('stg_ops__loads') }} as loads
        on
            doubted.client = loads.client
            and doubted.source = loads.source
            and doubted.stream = loads.stream
            and doubted.day between loads.window_start_on and loads.window_end_on
    group by doubted.client, doubted.source, doubted.stream, doubted.day
),

-- days that were not read again since: of them it still stands
standing_days as (
    select distinct
        doubted_days.client,
        doubted_days.source,
        doubted_days.stream,
        doubted_days.finished_at,
        doubted_days.day
    from doubted_days
    left join days_read_since
        on
            doubted_days.client = days_read_since.client
            and doubted_days.source = days_read_since.source
            and doubted_days.stream = days_read_since.stream
            and doubted_days.day = days_read_since.day
            and doubted_days.finished_at < days_read_since.finished_at
    where days_read_since.client is null
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
left join read_since
    on
        doubts.client = read_since.client
        and doubts.source = read_since.source
        and doubts.stream = read_since.stream
        and doubts.finished_at < read_since.finished_at
where
    read_since.client is null
    and (doubts.from_on is null or doubts.is_of_list)
union
select
    doubts.client,
    doubts.source,
    doubts.stream,
    doubts.code,
    doubts.moves,
    doubts.kpis,
    min(standing_days.day) as from_on,
    max(standing_days.day) as to_on
from doubts
inner join standing_days
    on
        doubts.client = standing_days.client
        and doubts.source = standing_days.source
        and doubts.stream = standing_days.stream
        and doubts.finished_at = standing_days.finished_at
        and standing_days.day between doubts.from_on and doubts.to_on
where not doubts.is_of_list
group by
    doubts.client,
    doubts.source,
    doubts.stream,
    doubts.code,
    doubts.moves,
    doubts.kpis,
    doubts.finished_at,
    doubts.from_on,
    doubts.to_on
