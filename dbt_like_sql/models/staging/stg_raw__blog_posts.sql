select
    posts.client,
    posts.source,
    posts.post_id,
    posts.url,
    coalesce(hosts.ascii_host, {{ site_host('posts.url') }}) as site_host,
    {{ page_path('posts.url') }} as page_path,
    posts.title,
    posts.published_at,
    posts.published_on
from {{ source('raw', 'blog_posts') }} as posts
left join {{ source('config', 'hosts') }} as hosts
    on
        posts.client = hosts.client
        and {{ site_host('posts.url') }} = hosts.host
