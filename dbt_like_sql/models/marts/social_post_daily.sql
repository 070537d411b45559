select
    client,
    platform,
    post_id,
    day,
    interactions,
    is_estimated
from {{ ref('int_social_post_days') }}
where is_first_with_id
