select
    client,
    source,
    platform,
    post_id,
    url,
    published_at,
    text
from {{ source('raw', 'social_posts') }}
