select
    client,
    source,
    post_id,
    url,
    page_path as path,
    title,
    published_at,
    page_views,
    page_views_90d,
    engagement_seconds,
    search_clicks,
    search_position,
    published_on,
    is_estimated,
    redated_on,
    also_listed_by,
    unseen_host
from {{ ref('int_blog_post_totals') }}
