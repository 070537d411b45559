-- each listed post's running totals, and what it had received when it was 28 days old
with readings as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        posts.published_on,
        posts.matures_on,
        posts.is_counted_from_start,
        readings.day,
        readings.likes,
        readings.comments,
        readings.shares,
        -- what the post showed before and shows again is lacking here, not none: such a reading tells no total
        case
            when
                readings.comments is null
                and min(case when readings.comments is not null then readings.day end) over of_post < readings.day
                and max(case when readings.comments is not null then readings.day end) over of_post > readings.day
                then null
            when
                readings.shares is null
                and min(case when readings.shares is not null then readings.day end) over of_post < readings.day
                and max(case when readings.shares is not null then readings.day end) over of_post > readings.day
                then null
            else readings.interactions
        end as interactions
    from {{ ref('int_social_posts') }} as posts
    inner join {{ ref('int_social_post_readings') }} as readings
        on
            posts.client = readings.client
            and posts.source = readings.source
            and posts.post_id = readings.post_id
    where coalesce(readings.likes, readings.comments, readings.shares, readings.interactions) is not null
    window of_post as (partition by posts.client, posts.source, posts.post_id)
),

newest as (
    select
        client,
        source,
        post_id,
        max(day) as day
    from readings
    group by client, source, post_id
),

latest as (
    select
        readings.client,
        readings.source,
        readings.post_id,
        readings.likes,
        readings.comments,
        readings.shares,
        readings.interactions
    from readings
    inner join newest
        on
            readings.client = newest.client
            and readings.source = newest.source
            and readings.post_id = newest.post_id
            and readings.day = newest.day
),

around as (
    select
        client,
        source,
        post_id,
        max(case when day <= matures_on then day end) as day_before,
        min(case when day >= matures_on then day end) as day_after
    from readings
    -- a reading that hides the likes, or lacks what was shown before and after, tells no total
    where interactions is not null
    group by client, source, post_id
),

matured as (
    select
        around.client,
        around.source,
        around.post_id,
        around.day_before,
        around.day_after,
        max(case when readings.day = around.day_before then readings.interactions end) as interactions_before,
        max(case when readings.day = around.day_after then readings.interactions end) as interactions_after
    from around
    inner join readings
        on
            around.client = readings.client
            and around.source = readings.source
            and around.post_id = readings.post_id
    group by around.client, around.source, around.post_id, around.day_before, around.day_after
)

select
    posts.client,
    posts.source,
    posts.platform,
    posts.post_id,
    posts.url,
    posts.caption,
    posts.published_at,
    posts.client_published_on,
    latest.likes,
    latest.comments,
    latest.shares,
    latest.interactions,
    round(
        case
            when matured.day_after = posts.matures_on then cast(matured.interactions_after as double)
            -- nothing came between the two readings around it, however far apart they are
            when matured.interactions_before = matured.interactions_after
                then cast(matured.interactions_after as double)
            -- one read long after says too little of the first days to be split
            when matured.day_after > posts.matures_on + {{ var('maturing_days') }} then null
            -- between two readings by elapsed days
            when matured.day_before is not null and matured.day_after is not null
                then
                    matured.interactions_before
                    + (matured.interactions_after - matured.interactions_before)
                    * cast(posts.matures_on - matured.day_before as double)
                    / (matured.day_after - matured.day_before)
            when matured.day_after is not null and posts.is_counted_from_start
                then
                    matured.interactions_after
                    * cast({{ var('maturing_days') }} as double)
                    / (matured.day_after - posts.published_on + 1)
            -- so far; a matured post without a reading since is not known
            when posts.is_maturing then cast(matured.interactions_before as double)
        end,
        6
    ) as interactions_28d,
    -- what came between two readings is split by elapsed days, unless nothing did
    not posts.is_maturing
    and coalesce(
        matured.day_after > posts.matures_on
        and matured.day_after <= posts.matures_on + {{ var('maturing_days') }}
        and matured.interactions_after <> coalesce(
            matured.interactions_before, case when posts.is_counted_from_start then 0 end
        ),
        false
    ) as is_28d_estimated,
    posts.is_maturing,
    -- servers of one platform number their posts each for itself, and one account may be read by two sources
    posts.source
    = min(posts.source) over (partition by posts.client, posts.platform, posts.post_id) as is_first_with_id
from {{ ref('int_social_posts') }} as posts
left join latest
    on
        posts.client = latest.client
        and posts.source = latest.source
        and posts.post_id = latest.post_id
left join matured
    on
        posts.client = matured.client
        and posts.source = matured.source
        and posts.post_id = matured.post_id
