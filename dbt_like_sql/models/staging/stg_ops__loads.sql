select
    loads.client,
    loads.source,
    loads.stream,
    loads.window_start as window_start_on,
    -- no day is read before it has come
    least(loads.window_end, coalesce(clients.as_of, loads.window_end)) as window_end_on,
    -- of a reading that was parsed anew, when its replies were had
    coalesce(cast(loads.quality ->> 'taken_at' as timestamptz), loads.started_at) as started_at,
    loads.finished_at,
    -- a feed says of itself that it shows only the newest
    coalesce(loads.quality ->> 'is_whole' <> 'false', true) as is_whole
from {{ source('ops', 'loads') }} as loads
left join {{ source('config', 'clients') }} as clients
    on loads.client = clients.client
where
    loads.status = 'loaded'
    -- money that was read in another currency than the client's of now is read again, and none of it till then
    and coalesce(json_extract_string(loads.quality, '$.counts.currency') = clients.currency, true)
    and {{ has_come('loads', 'window_start') }}
