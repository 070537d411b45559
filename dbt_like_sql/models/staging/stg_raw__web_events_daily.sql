select
    client,
    source,
    day,
    event,
    conversions,
    event_count,
    revenue
from {{ source('raw', 'web_events_daily') }} as read
where {{ had_opened('read', 'day') }}
