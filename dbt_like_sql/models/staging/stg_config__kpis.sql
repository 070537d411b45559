select
    client,
    kpi,
    kind,
    unit,
    adds_over_time,
    adds_over_sources,
    cast(closing_days as bigint) as closing_days,
    is_own,
    source
from {{ source('config', 'kpis') }}
