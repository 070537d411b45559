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

with

-- a channel that took from referral from a day on, with what it held of that month
splits as (
    select
        parts.client,
        parts.source,
        cast(date_trunc('month', parts.counted_from_on) as date) as month,
        parts.counted_from_on,
        sum(days.value order by days.day) as sessions
    from {{ ref('int_web_parts') }} as parts
    left join {{ ref('int_kpi_days') }} as days
        on
            parts.client = days.client
            and parts.source = days.source
            and days.kpi = {{ part_kpi("'sessions'", 'parts.part') }}
            and date_trunc('month', days.day) = date_trunc('month', parts.counted_from_on)
    where
        parts.kpi = 'sessions'
        and parts.part = 'channel=ai_assistants'
    group by parts.client, parts.source, parts.counted_from_on
),

-- what the channels of a month do not add up to: rows withheld, or sessions that no channel holds
gaps as (
    select
        client,
        source,
        month,
        cast(sum(case when is_channel then value end) as bigint) as by_channel,
        cast(sum(case when not is_channel then value end) as bigint) as whole
    from (
        select
            months.client,
            months.source,
            months.month,
            {{ is_part('months.kpi') }} as is_channel,
            -- before a channel began the others held its sessions
            case
                when splits.month is null then months.value
                when splits.month = months.month then splits.sessions
            end as value,
            case when splits.month is null then months.observed_days end as observed_days
        from {{ ref('int_additive_months') }} as months
        left join splits
            on
                months.client = splits.client
                and months.source = splits.source
                and months.month <= splits.month
                and months.kpi = {{ part_kpi("'sessions'", "'channel=ai_assistants'") }}
        where {{ kpi_of('months.kpi') }} = 'sessions'
    ) as counted
    group by client, source, month
    having
        min(observed_days) = max(observed_days)
        and bool_or(is_channel)
        and abs(sum(case when is_channel then value else -value end)) >= 0.5
),

additive as (
    select
        months.client,
        months.kpi,
        months.source,
        months.month,
        months.value,
        months.expected_days,
        months.observed_days,
        months.observed_share,
        months.is_scaled or months.is_split_over_months or months.is_partial as is_estimated,
        nullif(
            list_concat(
                case
                    when months.is_scaled
                        then [{{ note(
                            'scaled_up', "'source=' || months.source",
                            part='months.observed_days',
                            whole='months.expected_days'
                        ) }}]
                    when months.kpi = 'blog_posts' and months.is_split_over_months
                        then [{{ note('dated_by_first_view', "'source=' || months.source") }}]
                    when months.is_split_over_months
                        then [{{ note('split_at_month_end', "'source=' || months.source") }}]
                end,
                case when months.is_partial then [{{ note('counts_hidden', "'source=' || months.source") }}] end,
                case
                    when gaps.whole is not null
                        then [{{ note(
                            'channels_differ', "'source=' || months.source", part='gaps.by_channel', whole='gaps.whole'
                        ) }}]
                end,
                case
                    when splits.counted_from_on is not null
                        then [{{ note('channel_split', "'source=' || months.source", day='splits.counted_from_on') }}]
                end
            ),
            []
        ) as note_codes,
        months.data_through_on
    from {{ ref('int_additive_months') }} as months
    left join gaps
        on
            months.client = gaps.client
            and months.source = gaps.source
            and months.month = gaps.month
            and {{ kpi_of('months.kpi') }} = 'sessions'
    left join splits
        on
            months.client = splits.client
            and months.source = splits.source
            and months.month = splits.month
            and {{ part_of('months.kpi') }} = 'channel=referral'
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
),

subscriber_month_ends as (
    select
        series.client,
        series.kpi,
        series.source,
        months.month,
        months.ends_on,
        least(months.ends_on, sources.today_on) as looked_at_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_sources') }} as sources
        on
            series.client = sources.client
            and series.source = sources.source
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    where series.kpi = 'newsletter_subscribers'
),

-- at each month's end the last observation at or before it, unless that is too old
subscribers as (
    select
        month_ends.client,
        month_ends.kpi,
        month_ends.source,
        month_ends.month,
        cast(arg_max(observations.subscribers, observations.day) as double) as value,
        case when count(observations.subscribers) = 0 then 0.0 else 1.0 end as observed_share,
        max(observations.day) as data_through_on
    from subscriber_month_ends as month_ends
    left join {{ ref('int_subscriber_days') }} as observations
        on
            month_ends.client = observations.client
            and month_ends.source = observations.source
            and month_ends.ends_on >= observations.day
            and observations.day >= month_ends.looked_at_on - {{ var('follower_max_age_days') }}
    group by month_ends.client, month_ends.kpi, month_ends.source, month_ends.month
),

ratios as (
    select
        client,
        kpi,
        source,
        month,
        numerator / nullif(denominator, 0) as value,
        numerator,
        denominator,
        expected_days,
        observed_days,
        observed_share,
        data_through_on
    from {{ ref('int_ratio_months') }}
)

{{ union_all(
    [
        'additive', 'visitors', 'followers', 'new_followers', ref('int_post_ratio_source_months'),
        'page_views_per_post', 'seconds_per_view', 'positions', 'ratios', 'subscribers'
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
        'ratios': ['is_estimated', 'note_codes'],
        'subscribers': ['numerator', 'denominator', 'expected_days', 'observed_days', 'is_estimated', 'note_codes'],
    },
    absent=absent,
) }}
