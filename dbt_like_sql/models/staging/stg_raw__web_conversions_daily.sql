select
    client,
    source,
    day,
    visits,
    converted_visits
from {{ source('raw', 'web_conversions_daily') }} as read
where {{ had_opened('read', 'day') }}
