-- months of every KPI of every source as its subject gives them, with what there is to say of each figure
{% set columns = [
    'client', 'kpi', 'source', 'month', 'value', 'numerator', 'denominator', 'expected_days',
    'observed_days', 'observed_share', 'is_estimated', 'note_codes', 'data_through_on'
] %}
{% set absent = {
    'numerator': 'cast(null as double)',
    'denominator': 'cast(null as double)',
    'expected_days': 'cast(null as bigint)',
    'observed_days': 'cast(null as bigint)',
    'is_estimated': 'false',
    'note_codes': 'cast(null as ' ~ note_type() ~ '[])',
} %}

with additive as (
    select
        client,
        kpi,
        source,
        month,
        value,
        expected_days,
        observed_days,
        observed_share,
        is_scaled or is_split_over_months or is_partial as is_estimated,
        nullif(
            list_concat(
                case
                    when is_scaled then [{{ note('scaled_up', part='observed_days', whole='expected_days') }}]
                    when kpi = 'blog_posts' and is_split_over_months then [{{ note('dated_by_first_view') }}]
                    when is_split_over_months then [{{ note('split_at_month_end') }}]
                end,
                case when is_partial then [{{ note('counts_hidden') }}] end
            ),
            []
        ) as note_codes,
        data_through_on
    from {{ ref('int_additive_months') }}
),

visitors as (
    select
        client,
        'unique_visitors' as kpi,
        source,
        month,
        cast(visitors as double) as value,
        expected_days,
        observed_days,
        observed_share,
        data_through_on
    from {{ ref('int_visitor_months') }}
),

followers as (
    select
        client,
        'followers' as kpi,
        source,
        month,
        cast(followers as double) as value,
        case when followers is null then 0.0 else 1.0 end as observed_share,
        is_estimated,
        case when method = 'reconstructed' then [{{ note('followers_reconstructed') }}] end as note_codes,
        observed_on as data_through_on
    from {{ ref('int_follower_months') }}
),

new_followers as (
    select
        client,
        'new_followers' as kpi,
        source,
        month,
        cast(new_followers as double) as value,
        case when new_followers is null then 0.0 else 1.0 end as observed_share,
        is_change_estimated as is_estimated,
        observed_on as data_through_on
    from {{ ref('int_follower_months') }}
),

page_views_per_post as (
    select
        client,
        'page_views_per_blog_post' as kpi,
        source,
        month,
        cast(page_views as double) / nullif(posts, 0) as value,
        cast(page_views as double) as numerator,
        cast(posts as double) as denominator,
        expected_days,
        observed_days,
        observed_share,
        data_through_on
    from {{ ref('int_blog_months') }}
),

seconds_per_view as (
    select
        client,
        'seconds_per_blog_post' as kpi,
        source,
        month,
        engagement_seconds / nullif(page_views, 0) as value,
        engagement_seconds as numerator,
        cast(page_views as double) as denominator,
        expected_days,
        observed_days,
        observed_share,
        case when engagement_seconds is null then [{{ note('no_time_on_page') }}] end as note_codes,
        data_through_on
    from {{ ref('int_blog_months') }}
),

positions as (
    select
        client,
        kpi,
        source,
        month,
        position_sum / nullif(impressions, 0) as value,
        position_sum as numerator,
        cast(impressions as double) as denominator,
        expected_days,
        observed_days,
        observed_share,
        data_through_on
    from {{ ref('int_search_months') }}
)

{{ union_all(
    [
        'additive', 'visitors', 'followers', 'new_followers', ref('int_post_ratio_source_months'),
        'page_views_per_post', 'seconds_per_view', 'positions'
    ],
    columns,
    lacking={
        'additive': ['numerator', 'denominator'],
        'visitors': ['numerator', 'denominator', 'is_estimated', 'note_codes'],
        'followers': ['numerator', 'denominator', 'expected_days', 'observed_days'],
        'new_followers': ['numerator', 'denominator', 'expected_days', 'observed_days', 'note_codes'],
        ref('int_post_ratio_source_months') | string: ['expected_days', 'observed_days'],
        'page_views_per_post': ['is_estimated', 'note_codes'],
        'seconds_per_view': ['is_estimated'],
        'positions': ['is_estimated', 'note_codes'],
    },
    absent=absent,
) }}
