select
    client,
    source,
    platform,
    day,
    -- without its likes a day is not known; platforms with figures by day give the other two as well
    case when likes is not null then likes + coalesce(comments, 0) + coalesce(shares, 0) end as interactions,
    comments is null or shares is null as is_partial
from {{ source('raw', 'interactions_daily') }} as read
where {{ had_opened('read', 'day') }}
