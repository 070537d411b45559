select
    client,
    kpi,
    scope,
    day,
    value,
    is_estimated,
    origin,
    method
from {{ ref('int_kpi_scope_days') }}
