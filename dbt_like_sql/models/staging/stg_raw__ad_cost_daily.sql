select
    client,
    source,
    platform,
    day,
    cost,
    account_cost,
    account_currency,
    impressions,
    clicks
from {{ source('raw', 'ad_cost_daily') }} as read
where {{ had_opened('read', 'day') }}
