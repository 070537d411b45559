-- how far each stream was ever read: a day after the newest one is not yet given, whatever the calendar says
select
    loads.client,
    loads.source,
    loads.stream,
    streams.delivery,
    min(loads.window_start_on) as first_reading_on,
    max(
        case
            -- a list read before noon says all there is to say of the day before
            when streams.delivery = 'listing'
                then cast((loads.started_at at time zone sources.zone) - interval '12 hours' as date)
            else loads.window_end_on
        end
    ) as newest_on,
    max(cast(loads.finished_at at time zone sources.zone as date)) as last_loaded_on,
    bool_or(loads.is_whole) as was_whole
from {{ ref('stg_ops__loads') }} as loads
inner join {{ ref('stg_config__streams') }} as streams
    on
        loads.client = streams.client
        and loads.source = streams.source
        and loads.stream = streams.stream
inner join {{ ref('int_sources') }} as sources
    on
        loads.client = sources.client
        and loads.source = sources.source
group by loads.client, loads.source, loads.stream, streams.delivery
