select
    client,
    source,
    day,
    deals_won,
    amount
from {{ source('raw', 'deals_daily') }}
