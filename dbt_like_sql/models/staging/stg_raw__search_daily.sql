select
    client,
    source,
    day,
    clicks,
    impressions,
    position_sum
from {{ source('raw', 'search_daily') }} as read
where
    {{ has_come('read', 'day') }}
    and {{ had_opened('read', 'day') }}
