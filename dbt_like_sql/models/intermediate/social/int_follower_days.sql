-- followers at the end of each day: measured before the platform's own totals before reconstructed
with snapshots_ranked as (
    select
        snapshots.client,
        snapshots.source,
        snapshots.day,
        snapshots.followers,
        row_number() over (
            partition by snapshots.client, snapshots.source, snapshots.day
            order by
                abs(
                    extract(epoch from snapshots.taken_at)
                    - extract(epoch from cast(snapshots.day + interval '1 day' as timestamp) at time zone sources.zone)
                ),
                snapshots.taken_at desc
        ) as nearness
    from {{ ref('stg_raw__follower_snapshots') }} as snapshots
    inner join {{ ref('int_sources') }} as sources
        on
            snapshots.client = sources.client
            and snapshots.source = sources.source
),

snapshots as (
    select
        client,
        source,
        day,
        followers
    from snapshots_ranked
    where nearness = 1
),

-- net gains of every day up to the last snapshot; a day that was not read is a hole, unless it is not given yet
changes as (
    select
        streams.client,
        streams.source,
        days.day,
        case
            when changes.new_followers is not null then changes.new_followers
            when observed.day is not null and streams.is_zero_by_absence then 0
        end as new_followers,
        -- a total says little of the days before gains that were not given for so long
        coalesce(
            days.day > readings.newest_on
            and days.day <= readings.newest_on + {{ var('follower_max_age_days') }},
            false
        ) as is_not_yet_given,
        snapshots.followers,
        case when snapshots.day is not null then days.day end as snapshot_day
    from {{ ref('stg_config__streams') }} as streams
    inner join {{ ref('int_days') }} as days
        on streams.client = days.client
    left join {{ ref('int_stream_readings') }} as readings
        on
            streams.client = readings.client
            and streams.source = readings.source
            and streams.stream = readings.stream
    left join {{ ref('int_stream_days') }} as observed
        on
            streams.client = observed.client
            and streams.source = observed.source
            and streams.stream = observed.stream
            and days.day = observed.day
    left join {{ ref('stg_raw__follower_changes_daily') }} as changes
        on
            streams.client = changes.client
            and streams.source = changes.source
            and days.day = changes.day
            and observed.day is not null
    left join snapshots
        on
            streams.client = snapshots.client
            and streams.source = snapshots.source
            and days.day = snapshots.day
    where streams.stream = 'follower_changes_daily'
),

sums as (
    select
        client,
        source,
        day,
        followers,
        sum(coalesce(new_followers, 0)) over so_far as gained,
        sum(case when new_followers is null and not is_not_yet_given then 1 else 0 end) over so_far as holes,
        sum(case when new_followers is null and is_not_yet_given then 1 else 0 end) over so_far as open_days,
        new_followers is not null as is_known,
        count(new_followers) over so_far as known_days,
        min(snapshot_day) over (
            partition by client, source
            order by day
            rows between 1 following and unbounded following
        ) as next_snapshot_day
    from changes
    window so_far as (partition by client, source order by day rows between unbounded preceding and current row)
),

drawn as (
    select
        sums.client,
        sums.source,
        sums.day,
        later.followers - (later.gained - sums.gained) as followers,
        later.open_days > sums.open_days as is_estimated,
        later.day as drawn_from_day
    from sums
    inner join sums as later
        on
            sums.client = later.client
            and sums.source = later.source
            and sums.next_snapshot_day = later.day
    where
        later.holes = sums.holes
        and (sums.is_known or later.known_days > sums.known_days)
),

-- gains that would have begun below nobody do not belong to this total, nor does any day before
reconstructed as (
    select
        client,
        source,
        day,
        followers,
        is_estimated
    from (
        select
            client,
            source,
            day,
            followers,
            is_estimated,
            min(followers) over (
                partition by client, source, drawn_from_day
                order by day desc
                rows between unbounded preceding and current row
            ) as fewest_since
        from drawn
    ) as checked
    where fewest_since >= 0
),

observations as (
    select
        sources.client,
        sources.source,
        days.day,
        0 as followers,
        'measured' as method,
        false as is_estimated,
        1 as choice
    from {{ ref('int_sources') }} as sources
    inner join {{ ref('int_days') }} as days
        on
            sources.client = days.client
            and sources.opened_on > days.day
    where sources.category = 'social'
    union all
    select
        client,
        source,
        day,
        followers,
        'measured' as method,
        false as is_estimated,
        2 as choice
    from snapshots
    union all
    select
        totals.client,
        totals.source,
        totals.day,
        totals.followers,
        'measured' as method,
        false as is_estimated,
        3 as choice
    from {{ ref('stg_raw__follower_totals_daily') }} as totals
    inner join {{ ref('int_sources') }} as sources
        on
            totals.client = sources.client
            and totals.source = sources.source
    union all
    select
        client,
        source,
        day,
        followers,
        'reconstructed' as method,
        is_estimated,
        4 as choice
    from reconstructed
),

chosen as (
    select
        client,
        source,
        day,
        followers,
        method,
        is_estimated,
        row_number() over (partition by client, source, day order by choice) as rank
    from observations
)

select
    client,
    source,
    day,
    cast(followers as bigint) as followers,
    method,
    is_estimated
from chosen
where rank = 1
