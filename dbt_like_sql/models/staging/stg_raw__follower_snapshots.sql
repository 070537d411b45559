select
    client,
    source,
    platform,
    taken_at,
    day,
    followers
from {{ source('raw', 'follower_snapshots') }} as read
where {{ has_come('read', 'day') }}
