select
    client,
    source,
    platform,
    day,
    followers
from {{ source('raw', 'follower_totals_daily') }} as read
where {{ has_come('read', 'day') }}
