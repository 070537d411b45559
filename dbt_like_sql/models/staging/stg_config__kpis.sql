select
    client,
    kpi,
    title,
    kind,
    unit,
    better,
    adds_over_time,
    adds_over_sources,
    cast(closing_days as bigint) as closing_days,
    is_own,
    source,
    numerator as numerator_kpi,
    denominator as denominator_kpi
from {{ source('config', 'kpis') }}
