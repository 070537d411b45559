-- what web sources tell apart of a figure, and from when it counts: events of conversions, channels of sessions too
with seen_events as (
    select
        client,
        source,
        event,
        min(case when conversions > 0 then day end) as first_day
    from {{ ref('stg_raw__web_events_daily') }}
    group by client, source, event
),

events as (
    select
        coalesce(listed.client, seen.client) as client,
        coalesce(listed.source, seen.source) as source,
        coalesce(listed.event, seen.event) as event,
        -- one that was marked late has no past; one of which nobody knows since when it is there begins when it shows
        case when not coalesce(listed.has_past, false) then coalesce(listed.counted_from_on, seen.first_day) end
            as counted_from_on,
        listed.counted_from_on as marked_on,
        coalesce(listed.has_past, false) as has_past
    from {{ ref('stg_raw__web_key_events') }} as listed
    full outer join seen_events as seen
        on
            listed.client = seen.client
            and listed.source = seen.source
            and listed.event = seen.event
),

-- all events together have a past only as far as each of them has one
whole as (
    select
        client,
        source,
        max(marked_on) as counted_from_on
    from events
    group by client, source
),

seen_channels as (
    select
        client,
        source,
        channel,
        -- a channel that the vendor made later; before it others held its sessions
        case when channel = 'ai_assistants' then min(case when sessions > 0 then day end) end as counted_from_on
    from {{ ref('stg_raw__web_channels_daily') }}
    group by client, source, channel
)

select
    client,
    'conversions' as kpi,
    source,
    'web_events_daily' as stream,
    'all' as part,
    counted_from_on
from whole
union all
-- a rate of any conversion has a past as far as each of them has one
select
    client,
    'conversion_rate' as kpi,
    source,
    'web_conversions_daily' as stream,
    'all' as part,
    counted_from_on
from whole
where counted_from_on is not null
union all
select
    client,
    'conversions' as kpi,
    source,
    'web_events_daily' as stream,
    'event=' || event as part,
    counted_from_on
from events
where
    has_past
    or counted_from_on is not null
union all
select
    client,
    'sessions' as kpi,
    source,
    'web_channels_daily' as stream,
    'channel=' || channel as part,
    counted_from_on
from seen_channels
union all
select
    channels.client,
    'conversions' as kpi,
    channels.source,
    'web_channels_daily' as stream,
    'channel=' || channels.channel as part,
    greatest(channels.counted_from_on, whole.counted_from_on) as counted_from_on
from seen_channels as channels
inner join whole
    on
        channels.client = whole.client
        and channels.source = whole.source
