select
    client,
    source,
    stream,
    window_start as window_start_on,
    window_end as window_end_on,
    started_at,
    finished_at
from {{ source('ops', 'loads') }}
where status = 'loaded'
