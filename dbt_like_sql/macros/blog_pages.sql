{# CTEs up to post_pages: which post each page of the CTE `seen` (client, site_host, page_path) is, and on which days. A
   page is the post at its address; else the one whose other face it is (AMP, a feed, an index file, a second page).
   `addresses`: a CTE in place of the addresses of the posts that are listed now. #}
{% macro post_pages_of(seen, addresses=none) -%}
faces as (
    select
        {{ seen }}.client,
        {{ seen }}.site_host,
        {{ seen }}.page_path,
        {{ path_without_index(seen ~ '.page_path') }} as exact_path,
        {{ path_of_page(seen ~ '.page_path') }} as face_path
    from {{ seen }}
    inner join (
        select distinct client
        from {{ addresses or ref('int_blog_addresses') }}
    ) as blogs
        on {{ seen }}.client = blogs.client
),

candidates as (
    select
        client,
        site_host,
        page_path,
        exact_path as address,
        1 as choice
    from faces
    union all
    select
        client,
        site_host,
        page_path,
        face_path as address,
        2 as choice
    from faces
    where face_path <> exact_path
    union all
    select
        client,
        site_host,
        page_path,
        {{ path_of_text('face_path') }} as address,
        3 as choice
    from faces
    where {{ path_of_text('face_path') }} <> face_path
),

-- a host that one side does not give is no reason to tell them apart
matched as (
    select
        candidates.client,
        candidates.site_host,
        candidates.page_path,
        addresses.source,
        addresses.post_id,
        addresses.from_on,
        addresses.until_on,
        candidates.choice,
        min(candidates.choice) over (
            partition by candidates.client, candidates.site_host, candidates.page_path
        ) as first_choice
    from candidates
    inner join {{ addresses or ref('int_blog_addresses') }} as addresses
        on
            candidates.client = addresses.client
            and candidates.address = addresses.page_path
            and (candidates.site_host = addresses.site_host or candidates.site_host = '' or addresses.site_host = '')
),

post_pages as (
    select
        client,
        site_host,
        page_path,
        source,
        post_id,
        -- on a hostless page a post may stand under several of its hosts
        case when count(from_on) = count(*) then min(from_on) end as from_on,
        case when count(until_on) = count(*) then max(until_on) end as until_on
    from matched
    where choice = first_choice
    group by client, site_host, page_path, source, post_id
)
{%- endmacro %}

{# CTEs up to gone_posts, gone_addresses and all_addresses (these and the addresses of posts that are there), after
   shared_paths: posts that a list of `blogs` (client, source) named and names no more, from when they were published to
   the last day that they stood there. What another post is counted as now, whatever its id, is not gone: one that was
   published by then stands at one of its addresses, or one of its day on another host. #}
{% macro gone_posts_of(blogs) -%}
former_names as (
    select
        history.client,
        history.source,
        history.post_id,
        history.site_host,
        {{ path_of_post('history.page_path', 'history.url', 'shared.client is not null') }} as address,
        history.url,
        history.published_on,
        history.first_seen_at,
        history.last_seen_at
    from {{ ref('int_blog_post_history') }} as history
    inner join {{ blogs }}
        on
            history.client = {{ blogs }}.client
            and history.source = {{ blogs }}.source
    left join {{ ref('int_blog_known_posts') }} as posts
        on
            history.client = posts.client
            and history.source = posts.source
            and history.post_id = posts.post_id
    left join shared_paths as shared
        on
            history.client = shared.client
            and history.site_host = shared.site_host
            and history.page_path = shared.page_path
    where posts.client is null
),

former_posts as (
    select
        former_names.client,
        former_names.source,
        former_names.post_id,
        first(former_names.published_on order by former_names.first_seen_at, former_names.published_on) as live_on,
        cast(
            max(former_names.last_seen_at) at time zone coalesce(any_value(sources.zone), 'UTC') as date
        ) as last_seen_on,
        any_value(sources.source_type) as source_type,
        any_value(sources.position) as position
    from former_names
    left join {{ ref('int_sources') }} as sources
        on
            former_names.client = sources.client
            and former_names.source = sources.source
    group by former_names.client, former_names.source, former_names.post_id
),

still_counted as (
    select distinct
        former_names.client,
        former_names.source,
        former_names.post_id
    from former_names
    inner join former_posts
        on
            former_names.client = former_posts.client
            and former_names.source = former_posts.source
            and former_names.post_id = former_posts.post_id
    inner join {{ ref('int_blog_addresses') }} as addresses
        on
            former_names.client = addresses.client
            and former_names.address = addresses.page_path
    inner join {{ ref('int_blog_posts') }} as posts
        on
            addresses.client = posts.client
            and addresses.source = posts.source
            and addresses.post_id = posts.post_id
            and (
                (former_names.site_host = addresses.site_host and former_posts.last_seen_on >= posts.live_on)
                or former_posts.live_on = posts.live_on
            )
    where former_names.address <> '/'
),

-- two lists may both have named it
gone_names as (
    select
        former_names.client,
        former_names.source,
        former_names.post_id,
        former_names.site_host,
        former_names.address,
        former_posts.live_on,
        former_posts.last_seen_on,
        row_number() over (
            partition by former_names.client, former_names.site_host, former_names.address
            order by
                former_posts.source_type = 'feed',
                former_posts.position,
                former_posts.last_seen_on desc,
                former_names.source,
                former_names.post_id,
                former_names.last_seen_at desc
        ) as place
    from former_names
    inner join former_posts
        on
            former_names.client = former_posts.client
            and former_names.source = former_posts.source
            and former_names.post_id = former_posts.post_id
    left join still_counted
        on
            former_names.client = still_counted.client
            and former_names.source = still_counted.source
            and former_names.post_id = still_counted.post_id
    where
        still_counted.client is null
        and former_names.address <> '/'
        and not {{ is_told_by_query('former_names.address', 'former_names.url') }}
),

gone_addresses as (
    select
        client,
        source,
        post_id,
        site_host,
        address as page_path,
        live_on as from_on,
        last_seen_on as until_on
    from gone_names
    where place = 1
),

gone_posts as (
    select distinct
        client,
        source,
        post_id,
        from_on as live_on,
        until_on as last_seen_on
    from gone_addresses
),

all_addresses as (
    select
        client,
        source,
        post_id,
        site_host,
        page_path,
        from_on,
        until_on
    from {{ ref('int_blog_addresses') }}
    union all
    select
        client,
        source,
        post_id,
        site_host,
        page_path,
        from_on,
        until_on
    from gone_addresses
)
{%- endmacro %}
