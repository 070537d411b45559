-- which post each known one is counted as: one address is one post, whatever lists it and under whichever id
with names as (
    select
        names.client,
        names.source,
        names.post_id,
        names.site_host,
        names.address,
        bool_or(names.is_current) as is_current,
        bool_or(posts.is_listed) as is_listed,
        min(posts.choice) as choice
    from {{ ref('int_blog_post_names') }} as names
    inner join {{ ref('int_blog_known_posts') }} as posts
        on
            names.client = posts.client
            and names.source = posts.source
            and names.post_id = posts.post_id
    where names.address <> '/'
    group by names.client, names.source, names.post_id, names.site_host, names.address
),

-- a source's own ids keep apart what stood at one address after the other; two sources may know it by another name
related as (
    select
        mine.client,
        mine.choice,
        -- what stands at an address now before what stood there: another post may have it since
        coalesce(
            min(theirs.choice) filter (
                where mine.is_current and theirs.is_current and mine.is_listed and theirs.choice < mine.choice
            ),
            min(theirs.choice)
        ) as first_choice
    from names as mine
    inner join names as theirs
        on
            mine.client = theirs.client
            and mine.site_host = theirs.site_host
            and mine.address = theirs.address
    where
        (mine.is_current and theirs.is_current)
        or (mine.source <> theirs.source and (mine.is_current or theirs.is_current))
    group by mine.client, mine.choice
)

select
    posts.client,
    posts.source,
    posts.post_id,
    kept.source as kept_source,
    kept.post_id as kept_post_id
from {{ ref('int_blog_known_posts') }} as posts
left join related
    on
        posts.client = related.client
        and posts.choice = related.choice
left join related as onward
    on
        related.client = onward.client
        and related.first_choice = onward.choice
inner join {{ ref('int_blog_known_posts') }} as kept
    on
        posts.client = kept.client
        and coalesce(onward.first_choice, posts.choice) = kept.choice
where kept.is_listed
