-- which post each address of a blog is, and on which days: what another post took over was the former's before
with claims as (
    select
        names.client,
        same.kept_source as source,
        same.kept_post_id as post_id,
        names.site_host,
        names.address as page_path,
        bool_or(names.is_current) as is_current,
        min(names.first_seen_at) as first_seen_at,
        max(names.last_seen_at) as last_seen_at
    from {{ ref('int_blog_post_names') }} as names
    inner join {{ ref('int_blog_same_posts') }} as same
        on
            names.client = same.client
            and names.source = same.source
            and names.post_id = same.post_id
    where not {{ is_told_by_query('names.address', 'names.url') }} and names.address <> '/'
    group by names.client, same.kept_source, same.kept_post_id, names.site_host, names.address
    union all
    select
        client,
        source,
        post_id,
        site_host,
        page_path,
        true as is_current,
        cast(null as timestamptz) as first_seen_at,
        cast(null as timestamptz) as last_seen_at
    from {{ ref('int_blog_posts') }}
    where is_estimated
),

-- a post has its first address since it is live, and each later one since it was first seen there
taken as (
    select
        claims.client,
        claims.source,
        claims.post_id,
        claims.site_host,
        claims.page_path,
        claims.is_current,
        claims.last_seen_at,
        cast(claims.last_seen_at at time zone coalesce(sources.zone, 'UTC') as date) as last_seen_on,
        case
            when
                claims.first_seen_at > min(claims.first_seen_at) over (
                    partition by claims.client, claims.source, claims.post_id
                )
                then greatest(
                    cast(claims.first_seen_at at time zone coalesce(sources.zone, 'UTC') as date), posts.live_on
                )
            else posts.live_on
        end as taken_on
    from claims
    inner join {{ ref('int_blog_posts') }} as posts
        on
            claims.client = posts.client
            and claims.source = posts.source
            and claims.post_id = posts.post_id
    left join {{ ref('int_sources') }} as sources
        on
            claims.client = sources.client
            and claims.source = sources.source
),

-- whatever day a post is dated, it did not stand where another was still seen to stand
ordered as (
    select
        client,
        source,
        post_id,
        site_host,
        page_path,
        is_current,
        greatest(taken_on, lag(case when not is_current then last_seen_on end) over at_address) as taken_on,
        row_number() over at_address as place
    from taken
    window at_address as (
        partition by client, site_host, page_path
        order by is_current, last_seen_at, taken_on, source, post_id
    )
)

select
    ordered.client,
    ordered.source,
    ordered.post_id,
    ordered.site_host,
    ordered.page_path,
    ordered.is_current,
    case when ordered.place > 1 then ordered.taken_on end as from_on,
    cast(next.taken_on - 1 as date) as until_on
from ordered
left join ordered as next
    on
        ordered.client = next.client
        and ordered.site_host = next.site_host
        and ordered.page_path = next.page_path
        and ordered.place + 1 = next.place
