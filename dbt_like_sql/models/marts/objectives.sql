select
    client,
    objective_id,
    position,
    title,
    team,
    owner,
    period_start_on,
    period_end_on
from {{ ref('stg_config__objectives') }}
