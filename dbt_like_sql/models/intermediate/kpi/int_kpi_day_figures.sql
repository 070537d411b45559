-- figures that add up over days, by the stream that gives them, as it gives them: a day without a row is no zero here
{% set columns = [
    'client', 'kpi', 'source', 'stream', 'day', 'value', 'is_estimated', 'is_split_over_months', 'is_partial'
] %}
{% set absent = {'is_estimated': 'false', 'is_split_over_months': 'false', 'is_partial': 'false'} %}
{% set counted = [
    ('sessions', 'web_daily', 'sessions'),
    ('page_views', 'web_daily', 'page_views'),
    ('search_clicks', 'search_daily', 'clicks'),
    ('search_impressions', 'search_daily', 'impressions'),
    ('new_contacts', 'contacts_daily', 'new_contacts'),
    ('deals_won', 'deals_daily', 'deals_won'),
    ('deals_won_amount', 'deals_daily', 'amount'),
    ('tickets', 'tickets_daily', 'tickets'),
    ('newsletter_clicks', 'newsletters_daily', 'clicks'),
    ('ad_cost', 'ad_cost_daily', 'cost'),
] %}

-- a column of a report by day, as it stands there
with counts as (
    {%- for kpi, stream, column in counted %}
        select
            client,
            '{{ kpi }}' as kpi,
            source,
            '{{ stream }}' as stream,
            day,
            cast({{ column }} as double) as value
        from {{ ref('stg_raw__' ~ stream) }}
        {{ '' if loop.last else 'union all' }}
    {%- endfor %}
),

interactions_given as (
    select
        client,
        'interactions' as kpi,
        source,
        'interactions_daily' as stream,
        day,
        cast(interactions as double) as value,
        is_partial as is_estimated,
        is_partial
    from {{ ref('stg_raw__interactions_daily') }}
),

interactions_counted as (
    select
        client,
        'interactions' as kpi,
        source,
        'post_counters' as stream,
        day,
        -- a day on which no post shows its likes was not observed
        case when not bool_and(are_likes_unknown) then round(sum(interactions), 9) end as value,
        bool_or(is_estimated) as is_estimated,
        bool_or(is_split_over_months) as is_split_over_months,
        bool_or(is_partial) as is_partial
    from {{ ref('int_social_post_days') }}
    group by client, source, day
),

social_posts as (
    select
        client,
        'social_posts' as kpi,
        source,
        'social_posts' as stream,
        client_published_on as day,
        cast(count(*) as double) as value
    from {{ ref('int_social_posts') }}
    group by client, source, client_published_on
),

blog_posts as (
    select
        client,
        'blog_posts' as kpi,
        source,
        case when is_estimated then 'web_pages_daily' else 'blog_posts' end as stream,
        published_on as day,
        cast(count(*) as double) as value,
        bool_or(is_estimated) as is_estimated,
        bool_or(is_estimated) as is_split_over_months
    from {{ ref('int_blog_posts') }}
    where published_on is not null
    group by client, source, published_on, is_estimated
),

conversions as (
    select
        client,
        'conversions' as kpi,
        source,
        'web_events_daily' as stream,
        day,
        sum(conversions order by conversions) as value
    from {{ ref('stg_raw__web_events_daily') }}
    group by client, source, day
),

events as (
    select
        client,
        {{ part_kpi("'conversions'", "'event=' || event") }} as kpi,
        source,
        'web_events_daily' as stream,
        day,
        conversions as value
    from {{ ref('stg_raw__web_events_daily') }}
),

-- several of a vendor's channels may be one of ours
channels as (
    select
        client,
        {{ part_kpi("'sessions'", "'channel=' || channel") }} as kpi,
        source,
        'web_channels_daily' as stream,
        day,
        cast(sum(sessions) as double) as value
    from {{ ref('stg_raw__web_channels_daily') }}
    group by client, source, day, channel
    union all
    select
        client,
        {{ part_kpi("'conversions'", "'channel=' || channel") }} as kpi,
        source,
        'web_channels_daily' as stream,
        day,
        sum(conversions order by conversions) as value
    from {{ ref('stg_raw__web_channels_daily') }}
    group by client, source, day, channel
)

{{ union_all(
    ['conversions', 'events', 'channels', 'counts', 'interactions_given', 'interactions_counted', 'social_posts', 'blog_posts'],
    columns,
    lacking={
        'conversions': ['is_estimated', 'is_split_over_months', 'is_partial'],
        'events': ['is_estimated', 'is_split_over_months', 'is_partial'],
        'channels': ['is_estimated', 'is_split_over_months', 'is_partial'],
        'counts': ['is_estimated', 'is_split_over_months', 'is_partial'],
        'interactions_given': ['is_split_over_months'],
        'social_posts': ['is_estimated', 'is_split_over_months', 'is_partial'],
        'blog_posts': ['is_partial'],
    },
    absent=absent,
) }}
