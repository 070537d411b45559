select
    client,
    source,
    day,
    deals_won,
    amount
from {{ source('raw', 'deals_daily') }} as read
where {{ had_opened('read', 'day') }}
