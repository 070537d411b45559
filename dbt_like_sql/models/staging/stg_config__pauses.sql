select distinct
    client,
    source,
    from_on,
    to_on
from {{ source('config', 'pauses') }}
