select
    client,
    source,
    platform,
    post_id,
    taken_at,
    day,
    likes,
    comments,
    shares,
    case
        when coalesce(likes, comments, shares) is not null
            then coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0)
    end as interactions
from {{ source('raw', 'post_counters') }}
