-- first day on which anything shows that the account was there: before it nothing counted is not known to be zero
with evidence as (
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__web_daily') }}
    where
        visitors > 0
        or sessions > 0
        or page_views > 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__web_pages_daily') }}
    where page_views > 0
    union all
    -- somewhere in the month: no earlier than its last day is sure
    select
        client,
        source,
        asked_through_on as seen_on
    from {{ ref('stg_raw__web_monthly') }}
    where visitors > 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__search_daily') }}
    where impressions > 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__search_pages_daily') }}
    where impressions > 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__interactions_daily') }}
    where interactions <> 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__follower_changes_daily') }}
    where new_followers <> 0
    union all
    select
        client,
        source,
        day as seen_on
    from {{ ref('stg_raw__follower_snapshots') }}
    {%- for table, count in [
        ('contacts_daily', 'new_contacts'), ('deals_daily', 'deals_won'), ('tickets_daily', 'tickets'),
        ('newsletters_daily', 'campaigns'), ('subscriber_snapshots', 'subscribers'), ('ad_cost_daily', 'cost')
    ] %}
        union all
        select
            client,
            source,
            day as seen_on
        from {{ ref('stg_raw__' ~ table) }}
        where {{ count }} > 0
    {%- endfor %}
    union all
    select
        client,
        source,
        month as seen_on
    from {{ ref('stg_raw__subscriber_months') }}
    where subscribers > 0
    union all
    select
        posts.client,
        posts.source,
        cast(posts.published_at at time zone sources.zone as date) as seen_on
    from {{ ref('stg_raw__social_posts') }} as posts
    inner join {{ ref('int_sources') }} as sources
        on
            posts.client = sources.client
            and posts.source = sources.source
)

select
    client,
    source,
    min(seen_on) as begins_on
from evidence
group by client, source
