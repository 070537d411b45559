select
    client,
    source,
    post_id,
    published_at,
    gone_at
from {{ source('ops', 'gone_social_posts') }}
