-- how much of each month each stream has observed, and whether its days were read again once settled
with streams as (
    select
        streams.client,
        streams.source,
        streams.stream,
        streams.delivery,
        streams.grain,
        streams.settle_days,
        readings.newest_on,
        readings.last_loaded_on
    from {{ ref('stg_config__streams') }} as streams
    left join {{ ref('int_stream_readings') }} as readings
        on
            streams.client = readings.client
            and streams.source = readings.source
            and streams.stream = readings.stream
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

-- the first day of the account that is read now, where another was read before
replaced as (
    select
        client,
        source,
        max(from_on) as from_on
    from {{ ref('stg_ops__source_identities') }}
    group by client, source
),

stream_days as (
    select
        streams.client,
        streams.source,
        streams.stream,
        days.month,
        days.day,
        streams.last_loaded_on as stream_loaded_on,
        paused_days.day is not null as is_paused,
        months.is_running,
        coalesce(days.day <= streams.newest_on or observed.is_before_opening, false) as is_given,
        observed.day is not null as is_observed,
        observed.last_loaded_on,
        coalesce(
            streams.delivery = 'window'
            -- what was read of days before the account opened is not what they rest on, and is not read again
            and not observed.is_before_opening
            -- nor what was read of an account that another one replaced
            and days.day >= coalesce(replaced.from_on, days.day)
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
    left join replaced
        on
            streams.client = replaced.client
            and streams.source = replaced.source
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
        max(stream_loaded_on) as last_loaded_on,
        -- silence is expected in a pause; in the running month only what was given can be expected
        cast(sum(case when is_paused or (is_running and not is_given) then 0 else 1 end) as bigint) as expected_days,
        cast(
            sum(case when is_paused or (is_running and not is_given) or not is_observed then 0 else 1 end) as bigint
        ) as observed_days,
        not bool_and(is_given or is_paused) as is_so_far,
        max(case when is_observed then day end) as data_through_on,
        min(case when is_observed and is_unsettled then last_loaded_on end) as unsettled_since_on
    from stream_days
    group by client, source, stream, month
)

select
    client,
    source,
    stream,
    month,
    expected_days,
    observed_days,
    case
        when expected_days = 0 then 0.0
        else cast(observed_days as double) / expected_days
    end as observed_share,
    data_through_on,
    last_loaded_on,
    is_so_far,
    unsettled_since_on
from stream_months
