select
    client,
    source,
    day,
    sessions,
    page_views,
    engagement_seconds,
    visitors
from {{ source('raw', 'web_daily') }} as read
where {{ had_opened('read', 'day') }}
