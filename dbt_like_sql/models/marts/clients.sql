select
    client,
    name,
    language,
    timezone,
    fiscal_year_start,
    currency,
    as_of
from {{ ref('stg_config__clients') }}
