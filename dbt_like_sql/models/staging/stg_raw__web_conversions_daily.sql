select
    client,
    source,
    day,
    visits,
    converted_visits
from {{ source('raw', 'web_conversions_daily') }}
