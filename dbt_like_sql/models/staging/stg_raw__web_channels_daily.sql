select
    client,
    source,
    day,
    label,
    channel,
    sessions,
    conversions
from {{ source('raw', 'web_channels_daily') }} as read
where {{ had_opened('read', 'day') }}
