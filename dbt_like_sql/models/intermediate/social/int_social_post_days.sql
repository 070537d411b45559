-- interactions of each post by the day they happened, from differences of its readings
with compared as (
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
        row_number() over earlier as reading_number,
        lag(day) over earlier as previous_day,
        lag(taken_at) over earlier as previous_taken_at,
        lag(day_ends_at) over earlier as previous_day_ends_at,
        lag(case when likes is not null then day end ignore nulls) over earlier as previous_likes_day,
        lead(case when likes is not null then day end ignore nulls) over earlier as next_likes_day,
        lag(case when comments is not null then day end ignore nulls) over earlier as previous_comments_day,
        lead(case when comments is not null then day end ignore nulls) over earlier as next_comments_day,
        lag(case when shares is not null then day end ignore nulls) over earlier as previous_shares_day,
        lead(case when shares is not null then day end ignore nulls) over earlier as next_shares_day,
        -- a counter that was hidden in between goes on from its last known value
        lag(likes ignore nulls) over earlier as previous_likes,
        lag(comments ignore nulls) over earlier as previous_comments,
        lag(shares ignore nulls) over earlier as previous_shares
    from {{ ref('int_social_post_readings') }}
    window earlier as (partition by client, source, post_id order by day)
),

account_readings as (
    select distinct
        loads.client,
        loads.source,
        loads.window_end_on as day,
        loads.started_at as taken_at,
        cast(loads.window_end_on + interval '1 day' as timestamp) at time zone sources.zone as day_ends_at
    from {{ ref('stg_ops__loads') }} as loads
    inner join {{ ref('int_sources') }} as sources
        on
            loads.client = sources.client
            and loads.source = sources.source
    where loads.stream = 'post_counters'
),

-- of a post that was never listed nobody says when it was published; the reading before its first bounds that
unlisted as (
    select
        compared.client,
        compared.source,
        compared.post_id,
        max(account_readings.day) as day,
        max(account_readings.taken_at) as taken_at,
        max(account_readings.day_ends_at) as day_ends_at
    from compared
    inner join account_readings
        on
            compared.client = account_readings.client
            and compared.source = account_readings.source
            and compared.day > account_readings.day
            and compared.taken_at > account_readings.taken_at
    where compared.reading_number = 1
    group by compared.client, compared.source, compared.post_id
),

first_listings as (
    select
        client,
        source,
        min(started_at) as listed_at
    from {{ ref('stg_ops__loads') }}
    where stream = 'social_posts'
    group by client, source
),

-- posts that no list names any more
gone as (
    select
        posts.client,
        posts.source,
        posts.post_id,
        min(posts.published_at) as published_at
    from {{ ref('stg_ops__gone_social_posts') }} as posts
    left join {{ ref('int_social_posts') }} as listed
        on
            posts.client = listed.client
            and posts.source = listed.source
            and posts.post_id = listed.post_id
    where listed.client is null
    group by posts.client, posts.source, posts.post_id
),

-- by the list as it is now, or by the last one that named it: a deletion changes nothing of what was before
published as (
    select
        client,
        source,
        post_id,
        published_at,
        published_on,
        is_counted_from_start
    from {{ ref('int_social_posts') }}
    union all
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
),

begun as (
    select
        compared.client,
        compared.source,
        compared.platform,
        compared.post_id,
        compared.day,
        compared.taken_at,
        compared.day_ends_at,
        -- from zero for a post whose first reading is known to hold all it ever received
        compared.likes - coalesce(
            compared.previous_likes, case when compared.reading_number = 1 then 0 end
        ) as likes,
        compared.comments - coalesce(
            compared.previous_comments, case when compared.reading_number = 1 then 0 end
        ) as comments,
        compared.shares - coalesce(
            compared.previous_shares, case when compared.reading_number = 1 then 0 end
        ) as shares,
        compared.likes is null
        or compared.previous_likes_day < compared.previous_day
        {%- for counter in ['comments', 'shares'] %}
            or (
                compared.{{ counter }} is null
                and compared.next_{{ counter }}_day > compared.previous_{{ counter }}_day
            )
            or (
                compared.{{ counter }} is not null
                and compared.previous_{{ counter }}_day < compared.previous_day
            )
        {%- endfor %} as is_after_hiding,
        -- likes that were hidden in between are the month's if it shows them before and after
        case
            when compared.likes is null
                then
                    compared.previous_likes is null
                    or compared.next_likes_day is null
                    or date_trunc('month', compared.next_likes_day) <> date_trunc('month', compared.day)
            when compared.reading_number > 1
                then
                    compared.previous_likes is null
                    or (
                        compared.previous_likes_day < compared.previous_day
                        and date_trunc('month', compared.previous_likes_day + 1) <> date_trunc('month', compared.day)
                    )
            else false
        end
        -- comments and shares that are closed, or that the platform does not count, are no part; a gap in them is
        {%- for counter in ['comments', 'shares'] %}
            or coalesce(
                case
                    when compared.{{ counter }} is null
                        then
                            compared.previous_{{ counter }}_day is not null
                            and date_trunc('month', compared.next_{{ counter }}_day)
                            <> date_trunc('month', compared.day)
                    else
                        compared.previous_{{ counter }}_day < compared.previous_day
                        and date_trunc('month', compared.previous_{{ counter }}_day + 1)
                        <> date_trunc('month', compared.day)
                end,
                false
            )
        {%- endfor %} as is_partial,
        case
            when compared.reading_number > 1 then compared.previous_taken_at
            when published.is_counted_from_start then published.published_at
            when published.post_id is null then unlisted.taken_at
        end as begins_taken_at,
        case
            when compared.reading_number > 1 then compared.previous_day_ends_at
            when published.is_counted_from_start then published.published_at
            when published.post_id is null then unlisted.day_ends_at
        end as begins_at,
        case
            when compared.reading_number > 1 then compared.previous_day + 1
            when published.is_counted_from_start then published.published_on
            when published.post_id is null then unlisted.day + 1
        end as begins_on
    from compared
    left join published
        on
            compared.client = published.client
            and compared.source = published.source
            and compared.post_id = published.post_id
    left join unlisted
        on
            compared.client = unlisted.client
            and compared.source = unlisted.source
            and compared.post_id = unlisted.post_id
),

received as (
    select
        client,
        source,
        platform,
        post_id,
        begins_on,
        begins_at,
        -- nothing happens to a post before the day it is published on
        greatest(day, begins_on) as ends_on,
        day_ends_at as ends_at,
        coalesce(likes, 0) + coalesce(comments, 0) + coalesce(shares, 0) as interactions,
        is_partial,
        is_partial or coalesce(is_after_hiding, false) as is_estimated,
        is_partial and likes is null as are_likes_unknown,
        begins_on < day
        and extract(epoch from taken_at) - extract(epoch from begins_taken_at)
        > 3600 * {{ var('snapshot_gap_hours') }} as is_gap,
        date_trunc('month', begins_on) <> date_trunc('month', greatest(day, begins_on)) as is_over_month_end
    from begun
    where
        begins_on is not null
        and coalesce(likes, comments, shares) is not null
),

spread as (
    select
        received.client,
        received.source,
        received.platform,
        received.post_id,
        days.day,
        -- by elapsed time: a day is 23 or 25 hours long where clocks change, and shorter where the post begins in it
        received.interactions
        * (
            extract(
                epoch from least(
                    cast(days.day + interval '1 day' as timestamp) at time zone sources.zone, received.ends_at
                )
            )
            - extract(
                epoch from greatest(cast(days.day as timestamp) at time zone sources.zone, received.begins_at)
            )
        )
        / (extract(epoch from received.ends_at) - extract(epoch from received.begins_at)) as interactions,
        true as is_estimated,
        received.is_over_month_end as is_split_over_months,
        received.is_partial,
        received.are_likes_unknown
    from received
    inner join {{ ref('int_sources') }} as sources
        on
            received.client = sources.client
            and received.source = sources.source
    inner join {{ ref('int_days') }} as days
        on
            received.client = days.client
            and days.day between received.begins_on and received.ends_on
    where received.is_gap
),

placed as (
    select
        client,
        source,
        platform,
        post_id,
        day,
        interactions,
        is_estimated,
        is_split_over_months,
        is_partial,
        are_likes_unknown
    from spread
    union all
    select
        client,
        source,
        platform,
        post_id,
        ends_on as day,
        interactions,
        is_estimated,
        false as is_split_over_months,
        is_partial,
        are_likes_unknown
    from received
    where not is_gap
)

select
    client,
    source,
    platform,
    post_id,
    day,
    -- finer than a month is rounded to, so that a split adds up again
    round(cast(sum(interactions) as double), 9) as interactions,
    bool_or(is_estimated) as is_estimated,
    bool_or(is_split_over_months) as is_split_over_months,
    bool_or(is_partial) as is_partial,
    bool_and(are_likes_unknown) as are_likes_unknown,
    source = min(source) over (partition by client, platform, post_id) as is_first_with_id
from placed
group by client, source, platform, post_id, day
