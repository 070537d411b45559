select
    client,
    kpi,
    scope,
    month,
    value,
    unit,
    kind,
    is_closed,
    is_estimated,
    observed_share,
    note,
    numerator,
    denominator,
    median,
    origin,
    data_through_on as data_through,
    closes_on
from {{ ref('int_kpi_scope_months') }}
