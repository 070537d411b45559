select
    client,
    source,
    month,
    asked_through as asked_through_on,
    visitors
from {{ source('raw', 'web_monthly') }}
