select
    history.client,
    history.source,
    history.post_id,
    history.url,
    coalesce(hosts.ascii_host, {{ site_host('history.url') }}) as site_host,
    {{ page_path('history.url') }} as page_path,
    history.published_at,
    history.published_on,
    history.first_seen_at,
    history.last_seen_at
from {{ source('ops', 'blog_post_history') }} as history
left join {{ source('config', 'hosts') }} as hosts
    on
        history.client = hosts.client
        and {{ site_host('history.url') }} = hosts.host
