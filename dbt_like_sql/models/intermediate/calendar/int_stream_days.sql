-- days that were observed, stream by stream: what was not read is not here, and so is never zero
with loads as (
    select
        loads.client,
        loads.source,
        loads.stream,
        streams.delivery,
        loads.window_start_on,
        loads.window_end_on,
        -- a day without a row is zero only once the account is known to be there: by the file, or by what it has shown
        case when streams.is_zero_by_absence and sources.opened_on is null then beginnings.begins_on end as begins_on,
        streams.is_zero_by_absence
        and sources.opened_on is null
        and beginnings.begins_on is null as is_unseen,
        cast(loads.finished_at at time zone sources.zone as date) as loaded_on
    from {{ ref('stg_ops__loads') }} as loads
    inner join {{ ref('stg_config__streams') }} as streams
        on
            loads.client = streams.client
            and loads.source = streams.source
            and loads.stream = streams.stream
    inner join {{ ref('int_sources') }} as sources
        on
            loads.client = sources.client
            and loads.source = sources.source
    left join {{ ref('int_source_beginnings') }} as beginnings
        on
            loads.client = beginnings.client
            and loads.source = beginnings.source
),

-- days of which the source says that it has no report, or leaves a part of it out; an amount that can't be given takes
-- no count of the same rows with it
without_report as (
    select distinct
        doubts.client,
        doubts.source,
        doubts.stream,
        days.day
    from {{ ref('int_source_doubts') }} as doubts
    inner join {{ ref('int_days') }} as days
        on
            doubts.client = days.client
            and days.day between doubts.from_on and doubts.to_on
    where
        doubts.moves = 'no_value'
        and doubts.code <> 'other_currency'
),

-- a window's days
windowed as (
    select
        loads.client,
        loads.source,
        loads.stream,
        days.day,
        max(loads.loaded_on) as last_loaded_on
    from loads
    inner join {{ ref('int_days') }} as days
        on
            loads.client = days.client
            and days.day between loads.window_start_on and loads.window_end_on
            and (loads.begins_on is null or loads.begins_on <= days.day)
    left join without_report
        on
            loads.client = without_report.client
            and loads.source = without_report.source
            and loads.stream = without_report.stream
            and days.day = without_report.day
    where
        loads.delivery = 'window'
        and not loads.is_unseen
        and without_report.day is null
    group by loads.client, loads.source, loads.stream, days.day
),

-- a list that only ever showed the newest posts says nothing of the months before its oldest one and its first reading;
-- where another list of the client's is whole, it may be of the same posts, and tells
cut_lists as (
    select
        readings.client,
        readings.source,
        readings.stream,
        cast(
            date_trunc('month', least(min(posts.published_on), min(readings.first_reading_on))) as date
        ) as tells_from_on
    from {{ ref('int_stream_readings') }} as readings
    inner join {{ ref('stg_raw__blog_posts') }} as posts
        on
            readings.client = posts.client
            and readings.source = posts.source
    inner join {{ ref('int_sources') }} as sources
        on
            readings.client = sources.client
            and readings.source = sources.source
    left join {{ ref('int_stream_readings') }} as others
        on
            readings.client = others.client
            and readings.stream = others.stream
            and others.was_whole
    where
        readings.stream = 'blog_posts'
        and sources.opened_on is null
        and others.client is null
    group by readings.client, readings.source, readings.stream
),

-- a list tells of all days up to its own; differences of snapshots of all days between the first and the last
told as (
    select
        readings.client,
        readings.source,
        readings.stream,
        days.day,
        readings.last_loaded_on
    from {{ ref('int_stream_readings') }} as readings
    inner join {{ ref('int_days') }} as days
        on
            readings.client = days.client
            and readings.newest_on >= days.day
            and (
                readings.delivery = 'listing'
                or (readings.delivery = 'snapshot' and readings.first_reading_on < days.day)
            )
    left join cut_lists
        on
            readings.client = cut_lists.client
            and readings.source = cut_lists.source
            and readings.stream = cut_lists.stream
    where coalesce(cut_lists.tells_from_on <= days.day, true)
),

unopened as (
    select
        streams.client,
        streams.source,
        streams.stream,
        days.day
    from {{ ref('stg_config__streams') }} as streams
    inner join {{ ref('int_sources') }} as sources
        on
            streams.client = sources.client
            and streams.source = sources.source
    inner join {{ ref('int_days') }} as days
        on
            sources.client = days.client
            and sources.opened_on > days.day
),

observed as (
    select
        client,
        source,
        stream,
        day,
        last_loaded_on,
        false as is_before_opening
    from windowed
    union all
    select
        client,
        source,
        stream,
        day,
        last_loaded_on,
        false as is_before_opening
    from told
    union all
    select
        client,
        source,
        stream,
        day,
        null as last_loaded_on,
        true as is_before_opening
    from unopened
)

select
    client,
    source,
    stream,
    day,
    max(last_loaded_on) as last_loaded_on,
    bool_or(is_before_opening) as is_before_opening
from observed
group by client, source, stream, day
