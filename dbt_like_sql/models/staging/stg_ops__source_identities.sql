select
    client,
    source,
    source_type,
    first_seen_at,
    from_on
from {{ source('ops', 'source_identities') }}
