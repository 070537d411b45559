select
    client,
    source,
    post_id,
    url,
    {{ site_host('url') }} as site_host,
    {{ page_path('url') }} as page_path,
    title,
    published_at,
    published_on
from {{ source('raw', 'blog_posts') }}
