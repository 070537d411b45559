select
    client,
    source,
    stream,
    window_start as window_start_on,
    window_end as window_end_on,
    -- of a reading that was parsed anew, when its replies were had
    coalesce(cast(quality ->> 'taken_at' as timestamptz), started_at) as started_at,
    finished_at
from {{ source('ops', 'loads') }}
where status = 'loaded'
