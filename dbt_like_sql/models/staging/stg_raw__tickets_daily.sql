select
    client,
    source,
    day,
    tickets,
    answered,
    response_hours
from {{ source('raw', 'tickets_daily') }} as read
where {{ had_opened('read', 'day') }}
