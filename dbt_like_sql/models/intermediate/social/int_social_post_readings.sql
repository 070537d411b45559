-- one reading of each post's counters a day: the one nearest the end of that day in the source's zone
with ranked as (
    select
        counters.client,
        counters.source,
        counters.platform,
        counters.post_id,
        counters.day,
        counters.taken_at,
        cast(counters.day + interval '1 day' as timestamp) at time zone sources.zone as day_ends_at,
        counters.likes,
        counters.comments,
        counters.shares,
        counters.interactions,
        row_number() over (
            partition by counters.client, counters.source, counters.post_id, counters.day
            order by
                abs(
                    extract(epoch from counters.taken_at)
                    - extract(epoch from cast(counters.day + interval '1 day' as timestamp) at time zone sources.zone)
                ),
                counters.taken_at desc
        ) as nearness
    from {{ ref('stg_raw__post_counters') }} as counters
    inner join {{ ref('int_sources') }} as sources
        on
            counters.client = sources.client
            and counters.source = sources.source
)

select
    client,
    source,
    platform,
    post_id,
    day,
    taken_at,
    day_ends_at,
    likes,
    comments,
    shares,
    interactions
from ranked
where nearness = 1
