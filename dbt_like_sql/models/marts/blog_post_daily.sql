select
    client,
    source,
    post_id,
    day,
    page_views,
    engagement_seconds
from {{ ref('int_blog_post_days') }}
