-- blog posts as listed now, each once; where no list says what a post is, the pages under the web source's blog_path
with merged as (
    select
        same.client,
        same.kept_source as source,
        same.kept_post_id as post_id,
        string_agg(distinct posts.source, ', ' order by posts.source) filter (
            where posts.is_listed and posts.source <> same.kept_source
        ) as also_listed_by
    from {{ ref('int_blog_same_posts') }} as same
    inner join {{ ref('int_blog_known_posts') }} as posts
        on
            same.client = posts.client
            and same.source = posts.source
            and same.post_id = posts.post_id
    group by same.client, same.kept_source, same.kept_post_id
),

-- what a source that left the file knew first, unless that was a feed's word and this is WordPress's
inherited as (
    select
        same.client,
        same.kept_source as source,
        same.kept_post_id as post_id,
        former.published_at,
        former.published_on,
        row_number() over (
            partition by same.client, same.kept_source, same.kept_post_id
            order by former.first_seen_at, former.source, former.post_id
        ) as place
    from {{ ref('int_blog_same_posts') }} as same
    inner join {{ ref('int_blog_known_posts') }} as former
        on
            same.client = former.client
            and same.source = former.source
            and same.post_id = former.post_id
    inner join {{ ref('int_blog_known_posts') }} as kept
        on
            same.client = kept.client
            and same.kept_source = kept.source
            and same.kept_post_id = kept.post_id
    where
        not former.is_listed
        and former.first_seen_at < kept.first_seen_at
        and not (former.source_type = 'feed' and kept.source_type = 'wordpress')
),

listed as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.url,
        posts.site_host,
        posts.page_path,
        posts.address,
        posts.title,
        coalesce(inherited.published_at, posts.published_at) as published_at,
        coalesce(inherited.published_on, posts.published_on) as published_on,
        posts.given_published_on,
        merged.also_listed_by
    from {{ ref('int_blog_known_posts') }} as posts
    inner join merged
        on
            posts.client = merged.client
            and posts.source = merged.source
            and posts.post_id = merged.post_id
    left join inherited
        on
            posts.client = inherited.client
            and posts.source = inherited.source
            and posts.post_id = inherited.post_id
            and inherited.place = 1
),

viewed as (
    select
        client,
        source,
        site_host,
        page_path,
        first_viewed_on,
        published_on,
        zone
    from {{ ref('int_blog_path_posts') }}
)

select
    client,
    source,
    post_id,
    url,
    site_host,
    page_path,
    title,
    published_at,
    published_on,
    published_on as live_on,
    false as is_estimated,
    address <> '/' and not {{ is_told_by_query('address', 'url') }} as has_own_address,
    case when given_published_on <> published_on then given_published_on end as redated_on,
    also_listed_by
from listed
union all
select
    client,
    source,
    page_path as post_id,
    case when site_host <> '' then 'https://' || site_host || page_path end as url,
    site_host,
    page_path,
    null as title,
    cast(published_on as timestamp) at time zone zone as published_at,
    published_on,
    first_viewed_on as live_on,
    true as is_estimated,
    true as has_own_address,
    cast(null as date) as redated_on,
    cast(null as varchar) as also_listed_by
from viewed
