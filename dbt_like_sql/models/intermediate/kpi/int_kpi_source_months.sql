-- every KPI of every source in every month of the client's calendar, also where there is no value
{% set columns = [
    'client', 'kpi', 'source', 'month', 'value', 'numerator', 'denominator', 'expected_days',
    'observed_days', 'observed_share', 'is_estimated', 'remark', 'data_through_on'
] %}

with additive as (
    select
        client,
        kpi,
        source,
        month,
        value,
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        expected_days,
        observed_days,
        observed_share,
        is_scaled or is_split_over_months or is_partial as is_estimated,
        nullif(
            concat_ws(
                '; ',
                case
                    when is_scaled then 'scaled up from ' || observed_days || ' of ' || expected_days || ' days'
                    when is_split_over_months then 'split by elapsed time over a gap at a month end'
                end,
                case when is_partial then 'without counts that the platform hides or left out' end
            ),
            ''
        ) as remark,
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
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        expected_days,
        observed_days,
        observed_share,
        false as is_estimated,
        cast(null as varchar) as remark,
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
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        cast(null as bigint) as expected_days,
        cast(null as bigint) as observed_days,
        case when followers is null then 0.0 else 1.0 end as observed_share,
        is_estimated,
        case when method = 'reconstructed' then 'followers reconstructed from daily gains' end as remark,
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
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        cast(null as bigint) as expected_days,
        cast(null as bigint) as observed_days,
        case when new_followers is null then 0.0 else 1.0 end as observed_share,
        is_change_estimated as is_estimated,
        cast(null as varchar) as remark,
        observed_on as data_through_on
    from {{ ref('int_follower_months') }}
),

post_ratios as (
    select
        series.client,
        series.kpi,
        series.source,
        months.month,
        ratios.interactions_28d / nullif(ratios.known_posts, 0) as value,
        coalesce(ratios.interactions_28d, 0.0) as numerator,
        cast(coalesce(ratios.known_posts, 0) as double) as denominator,
        cast(null as bigint) as expected_days,
        cast(null as bigint) as observed_days,
        case
            when listings.last_loaded_on is null then 0.0
            when coalesce(ratios.matured_posts, 0) = 0 then 1.0
            else cast(ratios.known_posts as double) / ratios.matured_posts
        end as observed_share,
        coalesce(ratios.is_estimated, false) as is_estimated,
        case
            when ratios.matured_posts > ratios.known_posts
                then ratios.known_posts || ' of ' || ratios.matured_posts || ' posts were counted in time'
            when ratios.maturing_posts > 0
                then ratios.maturing_posts || ' posts younger than 28 days left out'
            when ratios.is_estimated then 'split by elapsed days over a gap at 28 days'
        end as remark,
        counters.data_through_on
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    left join {{ ref('int_stream_months') }} as listings
        on
            series.client = listings.client
            and series.source = listings.source
            and months.month = listings.month
            and listings.stream = 'social_posts'
    left join {{ ref('int_stream_months') }} as counters
        on
            series.client = counters.client
            and series.source = counters.source
            and months.month = counters.month
            and counters.stream = 'post_counters'
    left join {{ ref('int_post_ratio_months') }} as ratios
        on
            series.client = ratios.client
            and series.scope = ratios.scope
            and months.month = ratios.month
    where series.kpi = 'interactions_per_post'
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
        false as is_estimated,
        cast(null as varchar) as remark,
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
        false as is_estimated,
        case when engagement_seconds is null then 'the web source gives no time on page' end as remark,
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
        false as is_estimated,
        cast(null as varchar) as remark,
        data_through_on
    from {{ ref('int_search_months') }}
),

figures as (
    {{ union_all([
        'additive', 'visitors', 'followers', 'new_followers', 'post_ratios', 'page_views_per_post', 'seconds_per_view',
        'positions'
    ], columns) }}
),

-- what can't be scaled has no value below 60 %; before an account opened a ratio has nothing on either side
judged as (
    select
        series.client,
        series.kpi,
        series.source,
        series.platform,
        series.scope,
        series.kind,
        series.adds_over_sources,
        months.month,
        months.is_running,
        closings.closes_on,
        closings.is_closed,
        coalesce(series.opened_on > months.ends_on, false) as is_before_opening,
        case
            when
                series.opened_on is null
                and series.is_zero_by_absence
                and beginnings.begins_on > months.ends_on
                then beginnings.begins_on
        end as begins_on,
        series.opened_on is null
        and series.is_zero_by_absence
        and streams.delivery = 'window'
        and beginnings.begins_on is null
        and closings.is_closed as is_unseen,
        figures.value,
        figures.numerator,
        figures.denominator,
        figures.expected_days,
        figures.observed_days,
        coalesce(figures.observed_share, 0.0) as observed_share,
        coalesce(figures.is_estimated, false) as is_estimated,
        figures.remark,
        figures.data_through_on,
        series.kind <> 'ratio'
        and series.kpi <> 'unique_visitors' as is_judged_already,
        months.is_running
        and figures.data_through_on is not null as is_so_far
    from {{ ref('int_kpi_series') }} as series
    inner join {{ ref('int_months') }} as months
        on series.client = months.client
    left join figures
        on
            series.client = figures.client
            and series.kpi = figures.kpi
            and series.source = figures.source
            and months.month = figures.month
    left join {{ ref('int_kpi_closings') }} as closings
        on
            series.client = closings.client
            and series.kpi = closings.kpi
            and series.source = closings.source
            and months.month = closings.month
    left join {{ ref('stg_config__streams') }} as streams
        on
            series.client = streams.client
            and series.source = streams.source
            and series.stream = streams.stream
    left join {{ ref('int_source_beginnings') }} as beginnings
        on
            series.client = beginnings.client
            and series.source = beginnings.source
            -- what snapshots tell begins with them, however long the account has been there
            and streams.delivery = 'window'
),

valued as (
    select
        client,
        kpi,
        source,
        platform,
        scope,
        kind,
        adds_over_sources,
        month,
        is_running,
        closes_on,
        is_closed,
        is_before_opening,
        begins_on,
        is_unseen,
        is_judged_already or is_so_far or observed_share >= {{ var('least_share') }} as has_value,
        value,
        numerator,
        denominator,
        expected_days,
        observed_days,
        observed_share,
        is_estimated or (
            not is_judged_already
            and not is_running
            and observed_share < {{ var('full_share') }}
        ) as is_estimated,
        remark,
        data_through_on
    from judged
)

select
    client,
    kpi,
    source,
    platform,
    scope,
    kind,
    adds_over_sources,
    month,
    is_running,
    closes_on,
    coalesce(is_closed and not is_running, false) as is_closed,
    case
        when is_before_opening and kind = 'ratio' then null
        when is_before_opening then 0.0
        when has_value then value
    end as value,
    case
        when is_before_opening and kind = 'ratio' then 0.0
        when has_value then numerator
    end as numerator,
    case
        when is_before_opening and kind = 'ratio' then 0.0
        when has_value then denominator
    end as denominator,
    case when is_before_opening then 1.0 else observed_share end as observed_share,
    -- a ratio of nothing to nothing is known, though it has no value
    case
        when is_before_opening then true
        when not has_value then false
        when kind = 'ratio' then numerator is not null and denominator is not null
        else value is not null
    end as is_present,
    case
        when is_before_opening then false
        when has_value and (value is not null or numerator is not null) then is_estimated
        else false
    end as is_estimated,
    case
        when is_before_opening then 'not yet opened'
        when expected_days = 0 and not is_running then 'paused'
        when has_value and value is not null
            then coalesce(
                remark,
                case
                    when is_estimated and observed_days is not null
                        then observed_days || ' of ' || expected_days || ' days observed'
                end
            )
        when has_value and kind = 'ratio' and numerator is not null then coalesce(remark, 'nothing to divide by')
        when begins_on is not null then 'no data before ' || begins_on
        when is_unseen then 'no data on any day read'
        when observed_days is not null then observed_days || ' of ' || expected_days || ' days observed'
        else coalesce(remark, 'not observed')
    end as remark,
    data_through_on
from valued
