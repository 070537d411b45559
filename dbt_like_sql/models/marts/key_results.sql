select
    client,
    objective_id,
    key_result_id,
    position,
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
from {{ ref('stg_config__key_results') }}
