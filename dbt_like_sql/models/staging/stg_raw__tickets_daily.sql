select
    client,
    source,
    day,
    tickets,
    answered,
    response_hours
from {{ source('raw', 'tickets_daily') }}
