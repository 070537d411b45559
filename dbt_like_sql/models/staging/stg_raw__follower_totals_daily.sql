select
    client,
    source,
    platform,
    day,
    followers
from {{ source('raw', 'follower_totals_daily') }}
