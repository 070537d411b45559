select
    client,
    source,
    platform,
    day,
    change as new_followers
from {{ source('raw', 'follower_changes_daily') }} as read
where {{ has_come('read', 'day') }}
