select
    client,
    objective_id,
    cast(position as bigint) as position,
    title,
    team,
    owner,
    period_start as period_start_on,
    period_end as period_end_on
from {{ source('config', 'objectives') }}
