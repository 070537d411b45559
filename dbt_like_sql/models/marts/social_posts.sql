select
    client,
    platform,
    post_id,
    url,
    caption,
    published_at,
    likes,
    comments,
    shares,
    interactions,
    interactions_28d,
    is_maturing,
    source,
    client_published_on as published_on
from {{ ref('int_social_post_totals') }}
where is_first_with_id
