select
    client,
    source,
    cast(position as bigint) as position,
    source_type,
    title,
    category,
    platform,
    zone,
    opened as opened_on,
    start_on,
    blog_path,
    held_by
from {{ source('config', 'sources') }}
