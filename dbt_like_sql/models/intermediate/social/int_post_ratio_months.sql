-- interactions within 28 days of posting over the posts of a month, by scope; a median cannot be made from medians
with posts as (
    select
        client,
        source,
        platform,
        post_id,
        cast(date_trunc('month', client_published_on) as date) as month,
        interactions_28d,
        is_28d_estimated,
        is_maturing
    from {{ ref('int_social_post_totals') }}
),

scoped as (
    select
        client,
        'source=' || source as scope,
        month,
        interactions_28d,
        is_28d_estimated,
        is_maturing
    from posts
    union all
    select
        client,
        'platform=' || platform as scope,
        month,
        interactions_28d,
        is_28d_estimated,
        is_maturing
    from posts
    union all
    select
        client,
        'all' as scope,
        month,
        interactions_28d,
        is_28d_estimated,
        is_maturing
    from posts
)

select
    client,
    scope,
    month,
    round(sum(case when not is_maturing then interactions_28d end), 6) as interactions_28d,
    cast(sum(case when not is_maturing and interactions_28d is not null then 1 else 0 end) as bigint) as known_posts,
    cast(sum(case when not is_maturing then 1 else 0 end) as bigint) as matured_posts,
    cast(sum(case when is_maturing then 1 else 0 end) as bigint) as maturing_posts,
    median(case when not is_maturing then interactions_28d end) as median_interactions_28d,
    bool_or(is_28d_estimated and not is_maturing) as is_estimated
from scoped
group by client, scope, month
