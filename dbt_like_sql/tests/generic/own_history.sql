{# The newest days of {kpis} are like the same weekdays of the twelve weeks before, by robust z-score: distance from the
   median in 1.4826 median absolute deviations, which is a standard deviation where days are normal; one odd day moves
   neither. The spread is never taken for less than chance (the root of the median) or a twentieth of the median. A
   tracking outage is a drop; counting twice is a rise, which fails only where `rise_at` is given. A change smaller than
   `least_change_pct` of the median is none of the two. At least eight such weekdays must be known. #}
{% test own_history(
    model, kpis, clients, within_days=10, newest_days=3, drop_at=4, rise_at=none, least_change_pct=40
) %}
with series as (
    select
        days.client,
        days.kpi,
        days.scope,
        days.day,
        days.value,
        max(days.day) over (partition by days.client, days.kpi, days.scope) as newest_day
    from {{ model }} as days
    where
        days.origin = 'source'
        and days.scope like 'source=%'
        and days.kpi in ({% for kpi in kpis %}'{{ kpi }}'{% if not loop.last %}, {% endif %}{% endfor %})
),

judged as (
    select
        series.client,
        series.kpi,
        series.scope,
        series.day,
        series.value
    from series
    inner join {{ clients }} as clients
        on series.client = clients.client
    where
        series.newest_day >= clients.as_of - {{ within_days }}
        and series.day > series.newest_day - {{ newest_days }}
),

usual as (
    select
        judged.client,
        judged.kpi,
        judged.scope,
        judged.day,
        judged.value,
        count(*) as weekdays,
        median(before.value) as median_value,
        mad(before.value) as deviation
    from judged
    inner join series as before
        on
            judged.client = before.client
            and judged.kpi = before.kpi
            and judged.scope = before.scope
            and before.day < judged.day
            and before.day >= judged.day - 84
            and dayofweek(before.day) = dayofweek(judged.day)
    group by
        judged.client,
        judged.kpi,
        judged.scope,
        judged.day,
        judged.value
    having count(*) >= 8
),

scored as (
    select
        client,
        kpi,
        scope,
        day,
        value,
        median_value,
        weekdays,
        (value - median_value)
        / greatest(1.4826 * deviation, sqrt(abs(median_value)), 0.05 * abs(median_value), 1.0) as z_score
    from usual
)

select
    client,
    kpi,
    scope,
    day,
    value,
    median_value,
    weekdays,
    round(z_score, 1) as z_score
from scored
where
    abs(value - median_value) >= {{ least_change_pct }} / 100.0 * abs(median_value)
    and (
        z_score <= -{{ drop_at }}
        or {{ 'false' if rise_at is none else 'z_score >= ' ~ rise_at }}
    )
{% endtest %}
