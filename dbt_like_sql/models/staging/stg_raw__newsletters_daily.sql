select
    client,
    source,
    day,
    campaigns,
    delivered,
    clicks,
    unique_clicks
from {{ source('raw', 'newsletters_daily') }}
