select
    client,
    source,
    day,
    sessions,
    page_views,
    engagement_seconds,
    visitors
from {{ source('raw', 'web_daily') }}
