-- every address of every known post, of now and of before
with {{ shared_paths() }},

former as (
    select
        history.client,
        history.source,
        history.post_id,
        history.url,
        history.site_host,
        {{ path_of_post('history.page_path', 'history.url', 'shared.client is not null') }} as address,
        history.first_seen_at,
        history.last_seen_at
    from {{ ref('int_blog_post_history') }} as history
    left join shared_paths as shared
        on
            history.client = shared.client
            and history.site_host = shared.site_host
            and history.page_path = shared.page_path
),

named as (
    select
        client,
        source,
        post_id,
        url,
        site_host,
        address,
        true as is_current,
        cast(null as timestamptz) as first_seen_at,
        cast(null as timestamptz) as last_seen_at
    from {{ ref('int_blog_known_posts') }}
    union all
    select
        former.client,
        former.source,
        former.post_id,
        former.url,
        former.site_host,
        former.address,
        false as is_current,
        former.first_seen_at,
        former.last_seen_at
    from former
    inner join {{ ref('int_blog_known_posts') }} as posts
        on
            former.client = posts.client
            and former.source = posts.source
            and former.post_id = posts.post_id
)

select
    client,
    source,
    post_id,
    url,
    site_host,
    address,
    bool_or(is_current) as is_current,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from named
group by client, source, post_id, url, site_host, address
