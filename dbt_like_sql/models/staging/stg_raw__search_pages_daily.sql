select
    client,
    source,
    day,
    page,
    {{ site_host('page') }} as site_host,
    {{ page_path('page') }} as page_path,
    clicks,
    impressions,
    position_sum
from {{ source('raw', 'search_pages_daily') }}
