select
    client,
    kpi,
    source,
    stream,
    cast(preference as bigint) as preference
from {{ source('config', 'kpi_streams') }}
