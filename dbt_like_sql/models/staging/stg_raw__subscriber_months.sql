select
    client,
    source,
    month,
    subscribers
from {{ source('raw', 'subscriber_months') }}
