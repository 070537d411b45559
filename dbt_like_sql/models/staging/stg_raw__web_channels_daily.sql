select
    client,
    source,
    day,
    label,
    channel,
    sessions,
    conversions
from {{ source('raw', 'web_channels_daily') }}
