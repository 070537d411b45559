select
    client,
    source,
    day,
    event,
    conversions,
    event_count,
    revenue
from {{ source('raw', 'web_events_daily') }}
