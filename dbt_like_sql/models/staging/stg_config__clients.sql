select
    client,
    name,
    language,
    timezone,
    cast(fiscal_year_start as bigint) as fiscal_year_start,
    currency,
    as_of,
    now as now_at
from {{ source('config', 'clients') }}
