-- posts that no list names any more: when they were published, and whether counting began at their publication
with first_listings as (
    select
        client,
        source,
        min(started_at) as listed_at
    from {{ ref('stg_ops__loads') }}
    where stream = 'social_posts'
    group by client, source
),

gone as (
    select
        client,
        source,
        post_id,
        min(published_at) as published_at
    from {{ ref('stg_ops__gone_social_posts') }}
    group by client, source, post_id
)

select
    gone.client,
    gone.source,
    gone.post_id,
    gone.published_at,
    cast(gone.published_at at time zone sources.zone as date) as published_on,
    coalesce(gone.published_at > first_listings.listed_at, false) as is_counted_from_start
from gone
inner join {{ ref('int_sources') }} as sources
    on
        gone.client = sources.client
        and gone.source = sources.source
left join first_listings
    on
        gone.client = first_listings.client
        and gone.source = first_listings.source
left join {{ ref('stg_raw__social_posts') }} as listed
    on
        gone.client = listed.client
        and gone.source = listed.source
        and gone.post_id = listed.post_id
where listed.client is null
