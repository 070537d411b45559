select
    client,
    kpi,
    title,
    kind,
    unit,
    better,
    adds_over_time,
    adds_over_sources,
    closing_days,
    is_own,
    source
from {{ ref('stg_config__kpis') }}
