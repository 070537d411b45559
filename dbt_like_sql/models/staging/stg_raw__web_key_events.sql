select
    client,
    source,
    event,
    event_id,
    counting,
    created_at,
    has_past,
    counted_from as counted_from_on
from {{ source('raw', 'web_key_events') }}
