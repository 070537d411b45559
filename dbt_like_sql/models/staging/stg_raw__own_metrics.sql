select
    client,
    source,
    kpi,
    scope,
    grain,
    period_start as period_start_on,
    value,
    numerator,
    denominator
from {{ source('raw', 'own_metrics') }}
