{# The newest days of {kpis} are like the same weekdays before them. A day is odd where it lies beyond the last four and
   the last twelve of them, farther than the days of the twelve weeks before lay from theirs (on the scale of ratios,
   each side for itself) and farther than chance (the root of the count). A drop fails from `drop_at` such distances, or two
   days running from `lasting_drop_at`: a tracking outage. A rise fails only where `rise_at` is given: counting twice. A
   change smaller than `least_change_pct` is neither. Of a day that its source still settles no more is expected than what
   is usually there at its age, as earlier nights saw it ({seen}); until they have, no more than half. #}
{% test own_history(
    model, kpis, clients, seen, streams, within_days=10, newest_days=3, drop_at=3, lasting_drop_at=2, rise_at=none,
    lasting_rise_at=none, least_change_pct=40
) %}
with series as (
    select
        days.client,
        days.kpi,
        days.scope,
        days.day,
        days.value,
        clients.as_of,
        max(days.day) over (partition by days.client, days.kpi, days.scope) as newest_day
    from {{ model }} as days
    inner join {{ clients }} as clients
        on days.client = clients.client
    where
        days.origin = 'source'
        and days.scope like 'source=%'
        and days.day >= clients.as_of - {{ within_days }} - 125
        and days.kpi in ({% for kpi in kpis %}'{{ kpi }}'{% if not loop.last %}, {% endif %}{% endfor %})
),

usual as (
    select
        client,
        kpi,
        scope,
        day,
        value,
        as_of,
        newest_day,
        median(value) over last_month as last_month,
        median(value) over last_quarter as last_quarter,
        count(*) over last_quarter as weekdays
    from series
    where newest_day >= as_of - {{ within_days }}
    window
        last_month as (
            partition by client, kpi, scope, dayofweek(day)
            order by day
            range between interval 28 day preceding and interval 7 day preceding
        ),
        last_quarter as (
            partition by client, kpi, scope, dayofweek(day)
            order by day
            range between interval 84 day preceding and interval 7 day preceding
        )
),

distances as (
    select
        *,
        ln((greatest(value, 0) + 0.5) / (greatest(last_month, 0) + 0.5)) as distance
    from usual
),

-- each a standard deviation where days are normal: by their middle, or by the twentieth part that lies farthest
spreads as (
    select
        *,
        greatest(
            1.4826 * median(abs(distance)) over quarter, -quantile_cont(distance, 0.05) over quarter / 1.645, 0.05
        ) as spread_below,
        greatest(
            1.4826 * median(abs(distance)) over quarter, quantile_cont(distance, 0.95) over quarter / 1.645, 0.05
        ) as spread_above,
        count(distance) over quarter as days_before
    from distances
    window quarter as (
        partition by client, kpi, scope
        order by day
        range between interval 84 day preceding and interval 7 day preceding
    )
),

newest as (
    select *
    from spreads
    where
        day > newest_day - {{ newest_days }} - 1
        and weekdays >= 8
        and days_before >= 40
),

unsettled as (
    select
        seen.client,
        seen.kpi,
        'source=' || seen.source as scope,
        seen.day,
        seen.age_days,
        seen.value,
        streams.settle_days
    from {{ seen }} as seen
    inner join {{ streams }} as streams
        on
            seen.client = streams.client
            and seen.source = streams.source
            and seen.stream = streams.stream
),

shares as (
    select
        early.client,
        early.kpi,
        early.scope,
        early.age_days,
        count(*) as nights,
        quantile_cont(least(early.value / settled.value, 1.0), 0.1) as least_share
    from unsettled as early
    inner join unsettled as settled
        on
            early.client = settled.client
            and early.kpi = settled.kpi
            and early.scope = settled.scope
            and early.day = settled.day
    where
        early.age_days <= early.settle_days
        and settled.age_days > settled.settle_days
        and settled.value > 0
    group by
        early.client,
        early.kpi,
        early.scope,
        early.age_days
),

-- at what age each of the newest days was last seen
ages as (
    select
        client,
        kpi,
        scope,
        day,
        max(age_days) as age_days
    from unsettled
    group by
        client,
        kpi,
        scope,
        day
    having max(age_days) <= min(settle_days)
),

expected as (
    select
        newest.client,
        newest.kpi,
        newest.scope,
        newest.day,
        newest.newest_day,
        newest.value,
        newest.spread_below,
        newest.spread_above,
        least(newest.last_month, newest.last_quarter) * case
            when ages.day is null then 1.0
            when shares.nights >= 7 then shares.least_share
            else 0.5
        end as least_expected,
        -- a late source may be early for once
        greatest(newest.last_month, newest.last_quarter) as most_expected
    from newest
    left join ages
        on
            newest.client = ages.client
            and newest.kpi = ages.kpi
            and newest.scope = ages.scope
            and newest.day = ages.day
    left join shares
        on
            ages.client = shares.client
            and ages.kpi = shares.kpi
            and ages.scope = shares.scope
            and ages.age_days = shares.age_days
),

scored as (
    select
        *,
        case
            when value > least_expected * (1 - {{ least_change_pct }} / 100.0) then 0.0
            else least(
                ln((least_expected + 0.5) / (greatest(value, 0) + 0.5)) / spread_below,
                (least_expected - value) / sqrt(greatest(least_expected, 1.0))
            )
        end as drop_by,
        case
            when value < most_expected * (1 + {{ least_change_pct }} / 100.0) then 0.0
            else least(
                ln((value + 0.5) / (most_expected + 0.5)) / spread_above,
                (value - most_expected) / sqrt(greatest(most_expected, 1.0))
            )
        end as rise_by
    from expected
),

followed as (
    select
        *,
        coalesce(least(drop_by, lag(drop_by) over eve), 0.0) as lasting_drop_by,
        coalesce(least(rise_by, lag(rise_by) over eve), 0.0) as lasting_rise_by,
        coalesce(day - lag(day) over eve = 1, false) as has_eve
    from scored
    window eve as (partition by client, kpi, scope order by day)
)

select
    client,
    kpi,
    scope,
    day,
    value,
    case when drop_by > 0 then least_expected else most_expected end as expected,
    round(case when drop_by > 0 then -drop_by else rise_by end, 1) as z_score
from followed
where
    day > newest_day - {{ newest_days }}
    and (
        drop_by >= {{ drop_at }}
        or (has_eve and lasting_drop_by >= {{ lasting_drop_at }})
        or {{ 'false' if rise_at is none else 'rise_by >= ' ~ rise_at }}
        or {{ 'false' if lasting_rise_at is none else '(has_eve and lasting_rise_by >= ' ~ lasting_rise_at ~ ')' }}
    )
{% endtest %}
