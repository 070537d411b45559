-- how much of each month each stream has observed, and whether its days were read again once settled
with streams as (
    select
        streams.client,
        streams.source,
        streams.stream,
        streams.delivery,
        streams.grain,
        streams.settle_days,
        -- the newest day that could be there: the source's own yesterday less its lag
        case
            when streams.delivery = 'window'
                then cast(sources.today_on - interval '1 day' * (1 + streams.lag_days) as date)
            else sources.through_on
        end as newest_on
    from {{ ref('stg_config__streams') }} as streams
    inner join {{ ref('int_sources') }} as sources
        on
            streams.client = sources.client
            and streams.source = sources.source
),

last_loads as (
    select
        loads.client,
        loads.source,
        loads.stream,
        max(cast(loads.finished_at at time zone sources.zone as date)) as last_loaded_on
    from {{ ref('stg_ops__loads') }} as loads
    inner join {{ ref('int_sources') }} as sources
        on
            loads.client = sources.client
            and loads.source = sources.source
    group by loads.client, loads.source, loads.stream
),

paused_days as (
    select distinct
        pauses.client,
        pauses.source,
        days.day
    from {{ ref('stg_config__pauses') }} as pauses
    inner join {{ ref('int_days') }} as days
        on
            pauses.client = days.client
            and days.day between pauses.from_on and pauses.to_on
),

stream_days as (
    select
        streams.client,
        streams.source,
        streams.stream,
        days.month,
        days.day,
        -- in the running month only days that have been can be expected; silence is expected in a pause
        paused_days.day is null and (not months.is_running or days.day <= streams.newest_on) as is_expected,
        observed.day is not null as is_observed,
        observed.last_loaded_on,
        coalesce(
            streams.delivery = 'window'
            -- what was read of days before the account opened is not what they rest on, and is not read again
            and not observed.is_before_opening
            and (
                streams.grain = 'month'
                or observed.last_loaded_on < days.day + interval '1 day' * (1 + streams.settle_days)
            ),
            false
        ) as is_unsettled
    from streams
    inner join {{ ref('int_days') }} as days
        on streams.client = days.client
    inner join {{ ref('int_months') }} as months
        on
            days.client = months.client
            and days.month = months.month
    left join {{ ref('int_stream_days') }} as observed
        on
            streams.client = observed.client
            and streams.source = observed.source
            and streams.stream = observed.stream
            and days.day = observed.day
    left join paused_days
        on
            streams.client = paused_days.client
            and streams.source = paused_days.source
            and days.day = paused_days.day
),

stream_months as (
    select
        client,
        source,
        stream,
        month,
        cast(sum(case when is_expected then 1 else 0 end) as bigint) as expected_days,
        cast(sum(case when is_expected and is_observed then 1 else 0 end) as bigint) as observed_days,
        max(case when is_observed then day end) as data_through_on,
        min(case when is_observed and is_unsettled then last_loaded_on end) as unsettled_since_on
    from stream_days
    group by client, source, stream, month
)

select
    stream_months.client,
    stream_months.source,
    stream_months.stream,
    stream_months.month,
    stream_months.expected_days,
    stream_months.observed_days,
    case
        when stream_months.expected_days = 0 then 0.0
        else cast(stream_months.observed_days as double) / stream_months.expected_days
    end as observed_share,
    stream_months.data_through_on,
    last_loads.last_loaded_on,
    stream_months.unsettled_since_on
from stream_months
left join last_loads
    on
        stream_months.client = last_loads.client
        and stream_months.source = last_loads.source
        and stream_months.stream = last_loads.stream
