-- every post that a list names and the publication known of it first; the last lists of sources that left the file too
with kinds as (
    select distinct
        client,
        source,
        source_type
    from {{ ref('stg_ops__source_identities') }}
),

{{ shared_paths() }},

listed as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.url,
        posts.site_host,
        posts.page_path,
        {{ path_of_post('posts.page_path', 'posts.url', 'shared.client is not null') }} as address,
        posts.title,
        posts.published_at,
        posts.published_on,
        sources.source is not null as is_listed,
        coalesce(sources.source_type, kinds.source_type, '') as source_type,
        sources.position
    from {{ ref('stg_raw__blog_posts') }} as posts
    left join {{ ref('int_sources') }} as sources
        on
            posts.client = sources.client
            and posts.source = sources.source
            and sources.category = 'blog'
    left join kinds
        on
            posts.client = kinds.client
            and posts.source = kinds.source
    left join shared_paths as shared
        on
            posts.client = shared.client
            and posts.site_host = shared.site_host
            and posts.page_path = shared.page_path
),

firsts as (
    select
        client,
        source,
        post_id,
        published_at,
        published_on,
        first_seen_at,
        row_number() over (
            partition by client, source, post_id order by first_seen_at, published_at
        ) as place
    from {{ ref('int_blog_post_history') }}
)

select
    listed.client,
    listed.source,
    listed.post_id,
    listed.url,
    listed.site_host,
    listed.page_path,
    listed.address,
    listed.title,
    coalesce(firsts.published_at, listed.published_at) as published_at,
    coalesce(firsts.published_on, listed.published_on) as published_on,
    listed.published_on as given_published_on,
    firsts.first_seen_at,
    listed.is_listed,
    listed.source_type,
    -- of two that are one post the one that more is known of: WordPress before a feed, then the file's order
    row_number() over (
        partition by listed.client
        order by
            not listed.is_listed,
            listed.source_type = 'feed',
            listed.position,
            listed.source,
            coalesce(firsts.published_at, listed.published_at),
            listed.post_id
    ) as choice
from listed
left join firsts
    on
        listed.client = firsts.client
        and listed.source = firsts.source
        and listed.post_id = firsts.post_id
        and firsts.place = 1
