select
    client,
    source,
    day,
    campaigns,
    delivered,
    clicks,
    unique_clicks
from {{ source('raw', 'newsletters_daily') }} as read
where {{ had_opened('read', 'day') }}
