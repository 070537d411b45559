-- posts as listed now, with the days they were published on and whether counting began at their publication
with first_listings as (
    select
        client,
        source,
        min(started_at) as listed_at
    from {{ ref('stg_ops__loads') }}
    where stream = 'social_posts'
    group by client, source
)

select
    posts.client,
    posts.source,
    posts.platform,
    posts.post_id,
    posts.url,
    left(posts.text, {{ var('caption_characters') }}) as caption,
    posts.published_at,
    cast(posts.published_at at time zone sources.zone as date) as published_on,
    cast(posts.published_at at time zone sources.client_zone as date) as client_published_on,
    cast(posts.published_at at time zone sources.zone as date)
    + cast({{ var('maturing_days') }} - 1 as integer) as matures_on,
    coalesce(posts.published_at > first_listings.listed_at, false) as is_counted_from_start,
    -- its counters after the newest reading are not given yet, however old it is by now
    cast(posts.published_at at time zone sources.zone as date)
    + cast({{ var('maturing_days') }} - 1 as integer)
    > least(sources.through_on, coalesce(counters.newest_on, sources.through_on)) as is_maturing
from {{ ref('stg_raw__social_posts') }} as posts
inner join {{ ref('int_sources') }} as sources
    on
        posts.client = sources.client
        and posts.source = sources.source
        and sources.category = 'social'
left join {{ ref('int_stream_readings') }} as counters
    on
        posts.client = counters.client
        and posts.source = counters.source
        and counters.stream = 'post_counters'
left join first_listings
    on
        posts.client = first_listings.client
        and posts.source = first_listings.source
