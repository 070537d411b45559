select
    client,
    source,
    platform,
    post_id,
    url,
    published_at
from {{ source('raw', 'social_posts') }}
