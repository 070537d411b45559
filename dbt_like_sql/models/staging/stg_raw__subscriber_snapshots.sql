select
    client,
    source,
    taken_at,
    day,
    subscribers
from {{ source('raw', 'subscriber_snapshots') }}
