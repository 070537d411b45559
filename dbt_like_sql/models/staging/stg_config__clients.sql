select
    client,
    timezone,
    as_of,
    now as now_at
from {{ source('config', 'clients') }}
