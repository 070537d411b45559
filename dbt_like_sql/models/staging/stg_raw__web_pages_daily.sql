select
    client,
    source,
    day,
    host,
    path,
    {{ site_host('host') }} as site_host,
    {{ page_path('path') }} as page_path,
    page_views,
    engagement_seconds
from {{ source('raw', 'web_pages_daily') }}
