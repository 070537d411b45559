-- every address and publication that a list ever gave a post, under the id it has now: where ids are addresses, a
-- changed slug is another id, which comes when the other is gone and has its publication to the second
with spans as (
    select
        history.client,
        history.source,
        history.post_id,
        min(history.published_at) as published_at,
        min(history.first_seen_at) as first_seen_at,
        max(history.last_seen_at) as last_seen_at
    from {{ ref('stg_ops__blog_post_history') }} as history
    left join {{ ref('int_sources') }} as sources
        on
            history.client = sources.client
            and history.source = sources.source
    group by history.client, history.source, history.post_id
    having
        min(history.published_at) = max(history.published_at)
        -- midnight is a day without a time, which several posts may have
        and cast(min(history.published_at) at time zone 'UTC' as time) <> time '00:00:00'
        and cast(min(history.published_at at time zone coalesce(sources.zone, 'UTC')) as time) <> time '00:00:00'
),

placed as (
    select
        client,
        source,
        post_id,
        published_at,
        coalesce(
            lag(last_seen_at) over (partition by client, source, published_at order by first_seen_at, post_id)
            < first_seen_at,
            true
        ) as came_after_the_others,
        last_value(post_id) over (
            partition by client, source, published_at
            order by first_seen_at, post_id
            rows between unbounded preceding and unbounded following
        ) as post_id_now
    from spans
),

renamed as (
    select
        placed.client,
        placed.source,
        placed.post_id,
        placed.post_id_now,
        bool_and(placed.came_after_the_others) over (
            partition by placed.client, placed.source, placed.published_at
        ) as is_one_post
    from placed
)

select
    history.client,
    history.source,
    coalesce(renamed.post_id_now, history.post_id) as post_id,
    history.url,
    history.site_host,
    history.page_path,
    history.published_at,
    max(history.published_on) as published_on,
    min(history.first_seen_at) as first_seen_at,
    max(history.last_seen_at) as last_seen_at
from {{ ref('stg_ops__blog_post_history') }} as history
left join renamed
    on
        history.client = renamed.client
        and history.source = renamed.source
        and history.post_id = renamed.post_id
        and renamed.is_one_post
group by
    history.client,
    history.source,
    coalesce(renamed.post_id_now, history.post_id),
    history.url,
    history.site_host,
    history.page_path,
    history.published_at
