select
    client,
    objective_id,
    key_result_id,
    cast(position as bigint) as position,
    title,
    kpi,
    measure,
    scope,
    condition,
    target,
    first_target,
    baseline,
    weight,
    ambition,
    owner,
    definition_version
from {{ source('config', 'key_results') }}
