select
    client,
    source,
    month,
    asked_through as asked_through_on,
    visitors
from {{ source('raw', 'web_monthly') }} as read
where {{ has_come('read', 'month') }}
