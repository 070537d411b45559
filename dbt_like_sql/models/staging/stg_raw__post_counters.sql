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
    -- hidden likes are not zero; comments that are closed and shares that a platform does not count are no part
    case when likes is not null then likes + coalesce(comments, 0) + coalesce(shares, 0) end as interactions
from {{ source('raw', 'post_counters') }} as read
where {{ has_come('read', 'day') }}
