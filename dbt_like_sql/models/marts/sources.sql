select
    client,
    source,
    source_type,
    title,
    category,
    platform,
    zone,
    opened_on,
    start_on
from {{ ref('stg_config__sources') }}
