select
    client,
    source,
    stream,
    delivery,
    grain,
    zero_by_absence as is_zero_by_absence,
    cast(lag_days as bigint) as lag_days,
    cast(settle_days as bigint) as settle_days,
    history_from
from {{ source('config', 'streams') }}
